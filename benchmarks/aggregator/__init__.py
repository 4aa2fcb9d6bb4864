"""The aggregator's speed; see `__main__`."""
