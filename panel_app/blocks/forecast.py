"""How many of each cohort have deposited, and how many are expected to, as bars that are a table."""

from __future__ import annotations

from typing import Any

import polars as pl

from panel_app import words
from panel_app.address import Address
from panel_app.blocks.markup import link, skeleton, text

WINDOWS = ("7d", "14d", "30d")
FIRST_WINDOW = "14d"
_HEADINGS = {
    "Players": "",
    "Deposited so far": "",
    "Still have time": "wide-only",
    "Expected": "",
    "Nine of ten cases": "wide-only",
}


def forecast_section(
    forecast: pl.DataFrame | None, curve: pl.DataFrame | None, address: Address, slow: str = ""
) -> str:
    """Draw `wh.forecast` of first deposits, and what `wh.time_to_convert` says at the end of the time; None: not known yet."""
    within = address.option("within", FIRST_WINDOW)
    windows = "".join(
        link(address.with_options(within="" if one == FIRST_WINDOW else one), _days(one), current=one == within)
        for one in WINDOWS
    )
    heading = (
        '<h2>How many will still deposit</h2><div class="filters questions"><span class="muted">Within</span>'
        f'<div class="segments" role="group" aria-label="Within">{windows}</div></div>'
    )
    if forecast is None or curve is None:
        return heading + skeleton("100%")
    told = f'<p class="slow">{text(slow)}</p>' if slow else ""
    return (
        heading + _answer(curve, _days(within)) + told + _table(forecast, address.option("per", "week"), _days(within))
    )


def _days(within: str) -> str:
    return f"{within.removesuffix('d')} days"


def _answer(curve: pl.DataFrame, given: str) -> str:
    """Say which share deposits in the time, of all who registered."""
    people, share, lower, upper = curve.select("people", "converted_share", "lower", "upper").row(-1)
    if share is None:
        return f'<p class="note">Nobody who registered in these days has been followed for {given} yet.</p>'
    limits = "" if lower is None else f" ({words.percent(lower)} to {words.percent(upper)})"
    return (
        f'<p class="sentence">Of {words.counted(people, "player")} who registered, <b>{words.percent(share)}</b>{limits} '
        f"make a first deposit within {given}, those counted too who registered a moment ago.</p>"
    )


def _table(forecast: pl.DataFrame, per: str, given: str) -> str:
    most = max([1.0, *forecast["expected"].drop_nulls(), *forecast["converted"]])
    rows = "".join(_row(row, most) for row in forecast.sort("cohort", descending=True).to_dicts())
    headings = "".join(f'<th scope="col" class="{css}">{label}</th>' for label, css in _HEADINGS.items())
    return (
        '<div class="sized"><div class="scrolls tall" tabindex="0"><table class="outlooks"><thead><tr>'
        f'<th scope="col">{"Week from" if per == "week" else "Month"}</th><td class="wide-only"></td>{headings}</tr></thead>'
        f'<tbody>{rows}</tbody></table></div></div><p class="note">Expected: those who deposited so far, and (pale) those who are expected to '
        f"within {given} of registering, learnt from these cohorts and from those of half a year before.</p>"
    )


def _row(row: dict[str, Any], most: float) -> str:
    expected = row["expected"]
    more = 0.0 if expected is None else expected - row["converted"]
    bars = f'<span style="width:{row["converted"] / most * 100:.1f}%"></span>'
    bars += f'<span style="width:{more / most * 100:.1f}%"></span>' if more > 0 else ""
    told = words.NONE if expected is None else words.number(round(expected))
    limits = ""
    if expected is not None and not row["mature"]:
        limits = f"{words.number(int(row['lower']))} to {words.number(int(row['upper']))}"
    short = f'<span class="short"><br><small>{limits}</small></span>' if limits else ""
    return (
        f'<tr><th scope="row">{words.day(row["cohort"])}</th><td class="outlook wide-only"><div>{bars}</div></td>'
        f"<td>{words.number(row['people'])}</td><td>{words.number(row['converted'])}</td>"
        f'<td class="wide-only">{words.number(row["open"])}</td><td>{told}{short}</td><td class="wide-only">{limits}</td></tr>'
    )
