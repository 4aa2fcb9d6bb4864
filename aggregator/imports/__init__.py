"""History in: files of events, or of requests, into the warehouse; importing a file twice changes nothing.

opening      a file as a stream of bytes, unpacked, and which format it has
lines        what a line or row is: an event, refused, or skipped
ndjson, comma_separated, parquet, access_log   one format each: a file to lines
columns      the names that a table's columns may have
identity     ids for what has none
judging      decide what becomes of each line: what the collector would have made of it, then the rules of the log
report       what was read, stored, refused and why
run          the import itself
"""
