"""The read side's speed; see `python -m benchmarks.read --help`."""
