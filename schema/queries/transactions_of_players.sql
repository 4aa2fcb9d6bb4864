-- The transactions of the players in $players, of whatever day.
SELECT event_date, player_id, banner_tag, txid, event_id, created_at, currency, amount, is_verified
FROM counted_deposits
WHERE player_id IN (SELECT unnest($players::TEXT[]));
