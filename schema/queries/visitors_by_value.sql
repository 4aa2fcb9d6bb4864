-- How many ids visited from $start to $end, both included, under each of $values, which are those of $tags one by one; the value
-- can be NULL. Counted here, since the pairs of visitors and banners are nearly as many as the visits.
SELECT v.value, count(DISTINCT c.player_id) AS unique_visitors
FROM counted_events AS c
JOIN (SELECT unnest($tags::TEXT[]) AS banner_tag, unnest($values::TEXT[]) AS value) AS v USING (banner_tag)
WHERE c.event_type = 'visit' AND c.event_date BETWEEN $start AND $end
GROUP BY v.value;
