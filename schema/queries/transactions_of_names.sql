-- Transactions of the players in `names`.
SELECT DISTINCT txid FROM counted_deposits
WHERE txid IS NOT NULL AND player_id IN (SELECT name FROM names);
