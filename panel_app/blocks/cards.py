"""The five figures above everything else, each with its change against the period before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl

from panel_app import words
from panel_app.blocks.markup import text
from panel_app.figures import WINDOW_DAYS, Figures, People, local_day

_Change = tuple[str, str]
_ARROWS = {"up": "▲ ", "down": "▼ ", "level": "", "none": ""}


def cards(figures: Figures) -> str:
    """Draw the five cards."""
    now, visits = figures.now.kpis.row(0, named=True), "daily_unique_visitors"
    drawn = [
        _card(
            "daily-unique-visitors",
            "Daily unique visitors",
            words.number(now[visits]),
            _count_change(figures, visits),
            f"{words.counted(now['unique_visitors'], 'unique visitor', 'unique visitors')} in the period",
        ),
        _card(
            "registrations",
            "Registrations",
            words.number(now["registrations"]),
            _count_change(figures, "registrations"),
            f"{words.per_hundred(now['registrations'], now[visits])} per 100 visits",
        ),
        _card("ftd", "FTD", words.number(now["ftd"]), _count_change(figures, "ftd"), _without_registration(now)),
        _conversion(figures, "visit-to-registration", "Visit to registration", "entered"),
        _conversion(figures, "registration-to-deposit", "Registration to deposit", "registered"),
    ]
    return f'<div class="sized"><div class="cards">{"".join(drawn)}</div></div>'


def _card(name: str, label: str, value: str, change: _Change, note: str) -> str:
    direction, amount = change
    return (
        f'<div class="card card-{name}"><span class="card-label">{text(label)}</span>'
        f'<span class="card-value kpi-{name}">{text(value)}</span>'
        f'<span class="card-change {direction}">{_ARROWS[direction]}{text(amount)}</span>'
        f'<span class="card-note">{text(note)}</span></div>'
    )


def _without_registration(kpis: dict[str, Any]) -> str:
    others = kpis["first_deposits_without_registration"]
    more = f"; {words.counted(others, 'first deposit', 'first deposits')} without a registration" if others else ""
    return f"First-time deposits{more}"


def _count_change(figures: Figures, name: str) -> _Change:
    if figures.before is None:
        return "none", _why_no_change(figures)
    direction, amount = words.change(figures.now.kpis[name].item(), figures.before.kpis[name].item())
    return direction, f"{amount} {_against(figures)}"


def _against(figures: Figures) -> str:
    days = figures.period.number_of_days
    return "vs the day before" if days == 1 else f"vs {days} days before"


def _why_no_change(figures: Figures) -> str:
    return "today is not over" if figures.period.end >= figures.today else "no data to compare with"


def _step_two(people: People, entered_by: str) -> dict[str, Any]:
    frame = people.funnel if entered_by == "entered" else people.registered
    return frame.filter(pl.col("step") == 2).row(0, named=True)


def _conversion(figures: Figures, name: str, label: str, entered_by: str) -> str:
    """Draw a rate of people by entry, of those alone whose window was over when the data ends."""
    step = _step_two(figures.now, entered_by)
    part, whole, rate = step["mature_players"], step["mature_entered"], step["mature_rate"]
    verb = "registered" if entered_by == "entered" else "deposited"
    if not whole:
        note = _too_early(step, verb)
    else:
        note = (
            f"{words.number(part)} of {words.number(whole)} who {entered_by} {_entry_days(figures)}, "
            f"within {WINDOW_DAYS} days"
        )
    return _card(name, label, words.percent(rate), _rate_change(figures, entered_by, rate), note)


def _too_early(step: dict[str, Any], verb: str) -> str:
    if not step["entered"]:
        return "nobody to count in the period"
    return f"too early to say: {words.number(step['players'])} of {words.number(step['entered'])} {verb} so far"


def _rate_change(figures: Figures, entered_by: str, rate: float | None) -> _Change:
    if figures.before is None:
        return "none", _why_no_change(figures)
    before = _step_two(figures.before, entered_by)["mature_rate"]
    if rate is None or before is None:
        return "none", "nothing to compare"
    direction, amount = words.change_in_points(rate, before)
    return direction, f"{amount} {_against(figures)}"


def _entry_days(figures: Figures) -> str:
    """Say which entries of the period had their whole window before the data ends."""
    last_entry = figures.complete_until - timedelta(days=WINDOW_DAYS)
    if local_day(last_entry, figures.time_zone) > figures.period.end:
        return words.days(figures.period)
    return f"until {words.instant(last_entry, figures.time_zone, with_year=False)}"
