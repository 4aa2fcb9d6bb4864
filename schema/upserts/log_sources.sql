-- In: found_logs (source, place). A log keeps the place where it was read first.
INSERT OR IGNORE INTO log_sources SELECT source, place, $now FROM found_logs;
