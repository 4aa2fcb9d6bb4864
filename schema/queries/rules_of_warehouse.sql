-- The settings that a warehouse was made with, and that its figures follow from.
SELECT time_zone, count_bots FROM warehouse;
