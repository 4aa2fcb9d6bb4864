"""One pass: read the log, decode, transform, store, publish."""
