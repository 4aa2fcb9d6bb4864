"""The dashboard: state without widgets, and pages that only render it."""
