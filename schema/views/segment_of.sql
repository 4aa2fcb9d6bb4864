-- The segment of a person, by whether there was a registration and by how many days ago the last deposit was, null without one.
CREATE MACRO segment_of(is_registered, days_since_deposit, lapsed_after) AS CASE
    WHEN days_since_deposit >= lapsed_after THEN 'lapsed'
    WHEN days_since_deposit IS NOT NULL THEN 'depositor'
    WHEN is_registered THEN 'registered'
    ELSE 'visitor'
END;
