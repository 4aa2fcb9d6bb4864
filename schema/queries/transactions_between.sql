-- The transactions of deposits from $start to $end, both included; $banners NULL: of all banners.
SELECT event_date, player_id, banner_tag, txid, event_id, created_at, currency, amount
FROM counted_deposits
WHERE event_date BETWEEN $start AND $end
  AND ($banners::TEXT[] IS NULL OR banner_tag IN (SELECT unnest($banners::TEXT[])));
