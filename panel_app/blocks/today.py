"""Today so far: a day that is not over stands by itself, and is never compared with whole ones."""

from __future__ import annotations

from panel_app import words
from panel_app.blocks.markup import text
from panel_app.figures import Figures

_WORDS = {"visit": "unique visitors", "registration": "registrations", "deposit": "depositors"}


def today_so_far(figures: Figures) -> str:
    """Draw the counts of the running day; they move with every pass that counts something."""
    counts = dict(figures.today_so_far.select("event_type", "count").iter_rows())
    shown = "".join(
        f'<span><b class="today-{text(event_type)}">{words.number(counts.get(event_type, 0))}</b> {label}</span>'
        for event_type, label in _WORDS.items()
    )
    return f'<div class="today"><span class="muted">Today so far</span>{shown}</div>'
