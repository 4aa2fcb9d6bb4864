-- The rows of an archive file, in an order that depends on nothing but them. In: due (place, row_id).
SELECT $day::DATE AS event_date, *
FROM (
    SELECT id, player_id, event_type, banner_tag, metadata, source_ip, user_agent, created_at FROM events
    WHERE created_at BETWEEN $first AND $last AND rowid IN (SELECT row_id FROM due WHERE place = 'events')
    UNION ALL
    SELECT id, player_id, event_type, banner_tag, metadata, source_ip, user_agent, created_at FROM repeated_records
    WHERE created_at BETWEEN $first AND $last AND rowid IN (SELECT row_id FROM due WHERE place = 'repeated_records')
)
ORDER BY ALL;
