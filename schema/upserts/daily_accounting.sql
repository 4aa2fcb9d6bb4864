-- What became of every record of a day, type and banner. In: accounts, how the numbers of each outcome change.
MERGE INTO daily_accounting AS d
USING accounts AS n
ON d.event_date = n.event_date AND d.event_type = n.event_type AND d.banner_tag = n.banner_tag
WHEN MATCHED THEN UPDATE SET
    received = d.received + n.received,
    counted = d.counted + n.counted,
    same_player_again = d.same_player_again + n.same_player_again,
    credited_to_another_banner = d.credited_to_another_banner + n.credited_to_another_banner,
    same_event_again = d.same_event_again + n.same_event_again,
    bots = d.bots + n.bots
WHEN NOT MATCHED THEN INSERT VALUES (
    n.event_date, n.event_type, n.banner_tag, n.received, n.counted, n.same_player_again, n.credited_to_another_banner,
    n.same_event_again, n.bots
);
