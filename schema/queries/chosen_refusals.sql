-- The next $limit refusals behind a position, of the reasons and instants that were chosen, and where their log lies.
SELECT
    r.source, r."partition", r."offset", r.reason, r.detail, r.payload, r.rejected_at, r.count,
    s.place
FROM rejected_events AS r
LEFT JOIN log_sources AS s USING (source)
WHERE (r.source, r."partition", r."offset") > ($source, $partition, $offset)
  AND r.rejected_at BETWEEN $first AND $last
  AND (len($reasons::TEXT[]) = 0 OR r.reason IN (SELECT unnest($reasons::TEXT[])))
  AND (
      len($ids::TEXT[]) = 0
      OR concat_ws('/', r.source, r."partition", r."offset") IN (SELECT unnest($ids::TEXT[]))
  )
ORDER BY r.source, r."partition", r."offset"
LIMIT $limit;
