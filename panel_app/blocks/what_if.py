"""What counts beside what would count by another rule, as bars that are a table."""

from __future__ import annotations

from typing import Any

import polars as pl

from panel_app import words
from panel_app.address import Address
from panel_app.blocks.accounting import types_choice
from panel_app.blocks.markup import link, name, text

FIRST_RULE = "per_event"
RULES = {
    FIRST_RULE: ("Every event", "If every event counted, however often a player comes"),
    "per_day_and_banner": (
        "Once a day and banner",
        "If a player counted once a day for each banner, and not for the first alone",
    ),
    "first_ever": ("First ever", "If only the first event of a type counted that a player ever made"),
    "per_day": ("As it counts", "A player counts once a day, for the banner that came first"),
}
"""What each rule is called, and what it says, in the order of the screen."""
_HEADINGS = {"Counts": "counts", "Would count": "would-count", "Difference": "", "Change": "wide-only"}
_ROWS = 100


def rules_choice(address: Address, rule: str) -> str:
    """Draw the rules to choose from."""
    ways = "".join(
        link(address.with_options(rule="" if one == FIRST_RULE else one), text(label), current=one == rule)
        for one, (label, _) in RULES.items()
    )
    return f'<div class="segments" role="group" aria-label="Rule">{ways}</div>'


def head(address: Address, days: pl.DataFrame, rule: str, event_type: str) -> str:
    """Draw the question, and what the answer comes to. `days` are the rows of `wh.what_if(..., per="day")`."""
    return (
        f'<h2>What if something else counted?</h2><div class="filters questions">{rules_choice(address, rule)}'
        f'{types_choice(address, event_type)}</div><p class="sentence">{_answer(days, rule, event_type)}</p>'
    )


def _answer(days: pl.DataFrame, rule: str, event_type: str) -> str:
    meaning = text(RULES[rule][1])
    if rule == "per_day":
        return f"{meaning}. {_proof(days)}"
    counts, would = (int(days.filter(event_type=event_type)[column].sum()) for column in ("count", "what_if"))
    if counts == would:
        return f"{meaning}, it would be the same <b>{words.counted(counts, event_type)}</b>."
    more = "more" if would > counts else "fewer"
    return (
        f"{meaning}, <b>{words.counted(would, event_type)}</b> would count in place of {words.number(counts)}: "
        f"{words.number(abs(would - counts))} {more}{_relative(counts, would, ' ({})')}."
    )


def _proof(days: pl.DataFrame) -> str:
    """Say whether the records give the figures that are stored, whatever the type."""
    figures = words.counted(days.height, "figure")
    differing = days.filter(pl.col("difference") != 0).height
    if differing:
        return (
            f'<span class="down"><b>{words.number(differing)} of {figures}</b> of these days, by day, type and banner, are not '
            "what the records give.</span> <code>pixels rebuild --check</code> says which tables differ."
        )
    return (
        f"Counted anew from the records, <b>{figures}</b> of these days, by day, type and banner, "
        f"{'is as it is' if days.height == 1 else 'are as they are'} stored."
    )


def banners_twice(rows: pl.DataFrame, by: str, heading: str) -> str:
    """Draw a line a value of the dimension, the most on top."""
    most_first = [pl.max_horizontal("count", "what_if").neg(), pl.col(by)]
    drawn = [(name(row[by]), row) for row in rows.sort(most_first, nulls_last=True).head(_ROWS).to_dicts()]
    more = f'<p class="note">The largest {_ROWS} of {words.number(rows.height)}.</p>' if rows.height > _ROWS else ""
    return _table(drawn, heading, "banner") + more


def days_twice(rows: pl.DataFrame) -> str:
    """Draw a line a day, the last on top."""
    drawn = [(words.day(row["event_date"]), row) for row in rows.sort("event_date", descending=True).to_dicts()]
    return _table(drawn, "Day", "")


def _table(rows: list[tuple[str, dict[str, Any]]], heading: str, css: str) -> str:
    """Draw lines of what they are called (markup), with both counts as bars and as numbers."""
    if not rows:
        return '<p class="nothing">None of this type on these days.</p>'
    most = max(max(row["count"], row["what_if"]) for _, row in rows)
    body = "".join(_row(called, row, most, css) for called, row in rows)
    headings = f'<th scope="col">{text(heading)}</th><td class="wide-only"></td>' + "".join(
        f'<th scope="col" class="{css}">{label}</th>' for label, css in _HEADINGS.items()
    )
    return (
        '<div class="sized"><div class="scrolls tall" tabindex="0"><table class="twice"><thead><tr>'
        f"{headings}</tr></thead><tbody>{body}</tbody></table></div></div>"
    )


def _row(called: str, row: dict[str, Any], most: int, css: str) -> str:
    counts, would = row["count"], row["what_if"]
    bars = "".join(f'<div style="width:{value / most * 100:.1f}%"></div>' for value in (counts, would))
    return (
        f'<tr><td role="rowheader" class="{css}">{called}</td><td class="pair wide-only">{bars}</td>'
        f'<td class="counts">{words.number(counts)}</td><td class="would-count">{words.number(would)}</td>'
        f'<td class="difference">{_signed(would - counts)}</td><td class="wide-only">{_relative(counts, would)}</td></tr>'
    )


def _signed(difference: int) -> str:
    return f"+{words.number(difference)}" if difference > 0 else words.number(difference)


def _relative(counts: int, would: int, form: str = "{}") -> str:
    """Write by how much it differs; where nothing counts, or nothing differs, there is nothing to say."""
    if not counts or counts == would:
        return ""
    return form.format(words.as_text(f"{(would - counts) / counts * 100:+,.1f} %"))
