"""Pages: they render a state and pass on what a person chooses."""
