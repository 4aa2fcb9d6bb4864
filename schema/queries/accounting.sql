-- What became of the records of each day, type and banner, from $start to $end, both included; NULL: of all types, of all banners.
SELECT
    event_date, event_type, banner_tag,
    received, counted, same_player_again, credited_to_another_banner, same_event_again, bots
FROM daily_accounting
WHERE event_date BETWEEN $start AND $end
  AND ($event_type::TEXT IS NULL OR event_type = $event_type)
  AND ($banners::TEXT[] IS NULL OR banner_tag IN (SELECT unnest($banners::TEXT[])))
ORDER BY event_date, event_type, banner_tag;
