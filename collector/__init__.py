"""HTTP request in, durable event out. See CONTRIBUTING.md for the way of an event."""
