"""The parts of a page: each takes what is to be shown and returns it drawn. What strangers named is escaped here."""
