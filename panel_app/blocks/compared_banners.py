"""Banners compared: what can be concluded in a sentence, and each one's intervals in a row that is chart and table."""

from __future__ import annotations

import re
from typing import Any

import polars as pl

from panel_app import words
from panel_app.address import Address
from panel_app.blocks.markup import link, name, text
from pixels.banner_verdict import cautions, conclusion
from pixels.compared_banners import MEASURES
from pixels.reports.words import END_ISOLATE, ISOLATE

FIRST_MEASURE = "registration_rate"
_MEASURES = {
    FIRST_MEASURE: ("Visit to registration", "New visitors", "Registered"),
    "deposit_rate": ("Registration to FTD", "Registered", "Deposited"),
}
"""What each is called, and what it divides."""
_ROWS = 100
Scale = tuple[float, float]
_NAMED = re.compile(f"({ISOLATE}.*?{END_ISOLATE})", re.DOTALL)


def measures_choice(address: Address, measure: str) -> str:
    """Draw the rates to choose from."""
    ways = "".join(
        link(
            address.with_options(measure="" if one == FIRST_MEASURE else one), _MEASURES[one][0], current=one == measure
        )
        for one in MEASURES
    )
    return f'<div class="filters questions"><div class="segments" role="group" aria-label="Rate">{ways}</div></div>'


def verdict(compared: pl.DataFrame, measure: str) -> str:
    """Draw what can be concluded, and below it what cannot."""
    told = " ".join(_said(one) for one in cautions(compared, measure))
    return f'<p class="sentence">{_said(conclusion(compared, measure))}</p>' + (
        f'<p class="note">{told}</p>' if told else ""
    )


def _said(sentence: str) -> str:
    """Write a sentence with its numbers as the reader writes them, and its names as they are."""
    return "".join(
        f"<b>{name(part[1:-1])}</b>" if part.startswith(ISOLATE) else text(words.as_text(part))
        for part in _NAMED.split(sentence)
    )


def intervals(compared: pl.DataFrame, heading: str, measure: str) -> str:
    """Draw a row a value, the most probable to be the best on top: both its intervals on one scale, and the same as numbers."""
    rows = compared.filter(pl.col("entries") > 0).head(_ROWS).to_dicts()
    if not rows:
        return ""
    scale = _scale(rows)
    body = "".join(_row(row, compared.columns[0], scale) for row in rows)
    number = compared.filter(pl.col("entries") > 0).height
    more = f"<span>The first {_ROWS} of {words.number(number)}.</span>" if number > _ROWS else ""
    return (
        '<div class="sized"><div class="scrolls tall" tabindex="0"><table class="intervals"><thead><tr>'
        f"{_headings(heading, measure, scale)}</tr></thead><tbody>{body}</tbody></table></div></div>"
        '<p class="keys note"><span class="key likely">where the own rate is likely to be (95 %), given all of them</span>'
        f'<span class="key counts">what its own counts alone leave open (Wilson, 95 %)</span>{more}</p>'
    )


def _scale(rows: list[dict[str, Any]]) -> Scale:
    """Return the rates at which the scale of all rows begins and ends."""
    ends = [row[f"{of}_{end}"] for row in rows for of in ("rate", "expected") for end in ("lower", "upper")]
    known = [end for end in ends if end is not None]
    return min(known), max(known)


def _headings(heading: str, measure: str, scale: Scale) -> str:
    _, whole, part = _MEASURES[measure]
    ends = "".join(f"<span>{words.percent(end)}</span>" for end in scale)
    return (
        f'<th scope="col">{text(heading)}</th><th scope="col" class="interval"><div class="scale">{ends}</div></th>'
        '<th scope="col">Likely rate</th><th scope="col">Best?</th><th scope="col" class="wide-only">Choosing it costs</th>'
        f'<th scope="col" class="wide-only">Observed</th><th scope="col" class="wide-only">{part}</th>'
        f'<th scope="col" class="wide-only">{whole}</th>'
    )


def _row(row: dict[str, Any], by: str, scale: Scale) -> str:
    likely, best, costs, drawn = words.NONE, words.NONE, words.NONE, ""
    if row["expected_rate"] is not None:
        between = f"{words.percent(row['expected_lower'])} to {words.percent(row['expected_upper'])}"
        likely = f'{words.percent(row["expected_rate"])} <span class="muted wide-only">({between})</span>'
        best, costs = _chance(row["probability_best"]), _points(row["expected_loss"])
        drawn = _line("likely", row["expected_lower"], row["expected_upper"], row["expected_rate"], scale)
    own = _line("counts", row["rate_lower"], row["rate_upper"], row["rate"], scale)
    css = "wide-only chance" if row["few"] else "wide-only"
    return (
        f'<tr><td role="rowheader" class="banner">{name(row[by])}</td><td class="interval" aria-hidden="true">{drawn}{own}</td>'
        f'<td class="likely-rate">{likely}</td><td class="best">{best}</td><td class="wide-only costs">{costs}</td>'
        f'<td class="{css}">{words.percent(row["rate"])}</td><td class="wide-only">{words.number(row["converted"])}</td>'
        f'<td class="wide-only">{words.number(row["entries"])}</td></tr>'
    )


def _line(css: str, lower: float, upper: float, at: float, scale: Scale) -> str:
    """Draw an interval, and the rate in it, as parts of the scale."""
    begin, end = scale
    left, width, point = (value / (end - begin) * 100 for value in (lower - begin, upper - lower, at - begin))
    return f'<div class="{css}"><div style="left:{left:.1f}%;width:{width:.1f}%"></div><i style="left:{point:.1f}%"></i></div>'


def _chance(probability: float) -> str:
    if probability > 0.99:
        return "&gt; 99 %"
    return words.as_text(f"{probability * 100:.0f} %") if probability >= 0.01 else "&lt; 1 %"


def _points(loss: float) -> str:
    """Write a difference of rates in percentage points."""
    return words.as_text(f"{loss * 100:.1f} points")
