-- The transactions of whatever day whose txid is one of $txids.
SELECT event_date, player_id, banner_tag, txid, event_id, created_at, currency, amount
FROM counted_deposits
WHERE txid IN (SELECT unnest($txids::TEXT[]));
