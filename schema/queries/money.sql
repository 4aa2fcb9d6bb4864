-- money
-- Transactions and their amounts by currency, from $start to $end, both included; $banners NULL: of all banners.
-- Sums of decimals are exact, and 38 digits hold any number of amounts.
SELECT
    currency,
    count(*) AS transactions,
    sum(amount) AS amount,
    count(*) FILTER (is_verified) AS signed_transactions,
    CASE WHEN currency IS NOT NULL THEN coalesce(sum(amount) FILTER (is_verified), 0) END::DECIMAL(38, 4) AS signed_amount,
    count(*) FILTER (NOT is_verified) AS unverified_transactions,
    CASE WHEN currency IS NOT NULL THEN coalesce(sum(amount) FILTER (NOT is_verified), 0) END::DECIMAL(38, 4) AS unverified_amount
FROM counted_deposits
WHERE event_date BETWEEN $start AND $end
  AND ($banners::TEXT[] IS NULL OR banner_tag IN (SELECT unnest($banners::TEXT[])))
GROUP BY currency
ORDER BY currency NULLS LAST;
