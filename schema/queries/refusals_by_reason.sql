-- Refusals by reason, from $start to $end, both included; no $reasons: for any. The most first.
SELECT reason, sum(count)::BIGINT AS count FROM daily_refusals
WHERE event_date BETWEEN $start AND $end
  AND (len($reasons::TEXT[]) = 0 OR reason IN (SELECT unnest($reasons::TEXT[])))
GROUP BY reason
ORDER BY count DESC, reason;
