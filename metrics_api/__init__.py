"""REST over `pixels`."""
