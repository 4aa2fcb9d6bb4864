"""How much more or less than before, in a word and an arrow."""

from __future__ import annotations

from decimal import Decimal

from panel_app import words
from panel_app.blocks.markup import text
from panel_app.measures import Compared
from panel_app.situation import Situation

_ARROWS = {"up": "▲ ", "down": "▼ ", "level": "", "none": ""}


def changed(direction: str, amount: str) -> str:
    """Draw a change; its direction is told by an arrow, and not by the colour alone."""
    return f'<span class="{direction}">{_ARROWS[direction]}{text(amount)}</span>'


def count_change(beside: Compared, where: Situation) -> str:
    """Draw the change of a count in percent, or why there is none."""
    if beside.before is None:
        return changed("none", why_none(where))
    return changed(*words.change(beside.now.part, beside.before.part))


def amount_change(now: Decimal, before: Decimal) -> str:
    """Draw the change of an amount in percent."""
    if now == before:
        return changed("level", "no change")
    way = "up" if now > before else "down"
    return changed(way, words.percent(abs(float((now - before) / before)))) if before else changed(way, "from 0")


def points_change(beside: Compared) -> str:
    """Draw the change of a rate in percentage points; none where one of them is not known, or says little."""
    now, before = beside.now, beside.before
    if now.value is None or before is None or before.value is None:
        return changed("none", "nothing to compare")
    if now.is_chance or before.is_chance:
        return changed("none", "too few to compare")
    return changed(*words.change_in_points(now.value, before.value))


def why_none(where: Situation) -> str:
    """Say why a count is compared with nothing."""
    if where.against == "none":
        return "not compared"
    return "today is not over" if where.running_day is not None else "no whole data before"
