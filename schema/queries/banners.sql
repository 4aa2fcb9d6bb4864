-- Sums of daily counts by banner, from $start to $end, both included.
SELECT
    banner_tag,
    coalesce(sum(count) FILTER (event_type = 'visit'), 0)::BIGINT AS visits,
    coalesce(sum(count) FILTER (event_type = 'registration'), 0)::BIGINT AS registrations,
    coalesce(sum(count) FILTER (event_type = 'deposit'), 0)::BIGINT AS deposits
FROM event_summary
WHERE event_date BETWEEN $start AND $end
GROUP BY banner_tag
ORDER BY deposits DESC, registrations DESC, visits DESC, banner_tag;
