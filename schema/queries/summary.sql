-- Daily counts by type and banner, from $start to $end, both included; $banners NULL: of all banners.
SELECT event_date, event_type, banner_tag, count
FROM event_summary
WHERE event_date BETWEEN $start AND $end
  AND ($banners::TEXT[] IS NULL OR banner_tag IN (SELECT unnest($banners::TEXT[])))
ORDER BY event_date, event_type, banner_tag;
