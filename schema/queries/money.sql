-- money
-- Transactions and their amounts by banner and currency, from $start to $end, both included; $banners NULL: of all banners.
-- With $per_day by day too, else event_date is null. Sums of decimals are exact, and 38 digits hold any number of amounts.
SELECT CASE WHEN $per_day THEN event_date END AS event_date, banner_tag, currency, is_verified, count(*) AS transactions, sum(amount) AS amount
FROM counted_deposits
WHERE event_date BETWEEN $start AND $end
  AND ($banners::TEXT[] IS NULL OR banner_tag IN (SELECT unnest($banners::TEXT[])))
GROUP BY ALL;
