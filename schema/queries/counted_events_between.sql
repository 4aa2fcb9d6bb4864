-- The counted events from $start to $end, both included; NULL: of all types, of all banners.
SELECT event_date, event_type, player_id, banner_tag, event_id, created_at
FROM counted_events
WHERE event_date BETWEEN $start AND $end
  AND ($event_type::TEXT IS NULL OR event_type = $event_type)
  AND ($banners::TEXT[] IS NULL OR banner_tag IN (SELECT unnest($banners::TEXT[])));
