"""What stands in the place of figures while there are none."""

from __future__ import annotations

from dataclasses import replace

from panel_app import words
from panel_app.blocks.markup import link, text
from panel_app.page import Shown
from panel_app.periods import ALL


def loading() -> str:
    """Draw bars where the figures will be, as high as these: nothing jumps when they come."""
    cards = '<div class="card bar-card"></div>' * 5
    return (
        '<div role="status" aria-label="Reading the figures" class="sized placeholder"><p class="sentence"><span class="skeleton"'
        f' style="width:60%">&nbsp;</span></p><div class="cards cards-5">{cards}</div>'
        '<div class="bar-panels"><div></div><div></div></div></div>'
    )


def nothing_here(shown: Shown) -> str:
    """Say that these days, or these filters, hold nothing, and lead to what does."""
    address, where = shown.address, shown.situation
    days = words.on_days(where.period)
    if address.where:
        ways = link(replace(address, where=()), "Clear the filters", css="button")
        return f'<div class="nothing"><h2>No events {text(days)} with these filters</h2><p>{ways}</p></div>'
    has = f"There is data for {words.days(where.data)}." if where.data else ""
    ways = link(replace(address, days=ALL), "Show all days", css="button")
    return f'<div class="nothing"><h2>No events {text(days)}</h2><p>{text(has)}</p><p>{ways}</p></div>'
