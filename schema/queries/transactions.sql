-- transactions
-- The same, each transaction by itself with the event that stands for it.
SELECT event_date, banner_tag, event_id, created_at, currency, is_verified, 1::BIGINT AS transactions, amount
FROM counted_deposits
WHERE event_date BETWEEN $start AND $end
  AND ($banners::TEXT[] IS NULL OR banner_tag IN (SELECT unnest($banners::TEXT[])));
