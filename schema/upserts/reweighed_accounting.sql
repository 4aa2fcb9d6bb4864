-- Takes repeats out of the accounting, as if they had never come, so that they can come again.
-- In: reweighed (event_date and the columns of an event).
UPDATE daily_accounting AS d SET received = d.received - r.records, same_event_again = d.same_event_again - r.records
FROM (SELECT event_date, event_type, banner_tag, count(*) AS records FROM reweighed GROUP BY ALL) AS r
WHERE d.event_date = r.event_date AND d.event_type = r.event_type AND d.banner_tag = r.banner_tag;
