"""Reports, as the command line makes them."""
