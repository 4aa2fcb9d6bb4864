"""The figures above everything else, each with its change, its sparkline and what it was divided by."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from panel_app import words
from panel_app.address import Address
from panel_app.blocks.changes import count_change, points_change
from panel_app.blocks.markup import link, skeleton, text
from panel_app.blocks.sparkline import sparkline
from panel_app.figures import WINDOW_DAYS, Figures
from panel_app.measures import MEASURES, Compared, compared, daily
from panel_app.page import Shown
from panel_app.situation import Situation
from panel_app.source import local_day


def cards(shown: Shown, chosen: str) -> str:
    """Draw a card a measure, and one for money where any was sent; a click draws the measure as the trend."""
    figures: Figures = shown.answer
    where = shown.situation
    drawn = [
        _card(compared(measure, figures, where), figures, where, shown.address, is_chosen=measure.slug == chosen)
        for measure in MEASURES
    ]
    if figures.money["currency"].drop_nulls().len():
        drawn.append(_money(figures.money))
    return f'<div class="sized"><div class="cards cards-{len(drawn)}">{"".join(drawn)}</div></div>'


def _card(beside: Compared, figures: Figures, where: Situation, address: Address, *, is_chosen: bool) -> str:
    measure, now = beside.measure, beside.now
    if not now.is_known:
        value, change, note = skeleton("4ch"), skeleton("8ch"), skeleton("14ch")
    else:
        value = text(words.percent(now.value) if measure.is_rate else words.number(now.part))
        change = points_change(beside) if measure.is_rate else count_change(beside, where)
        note = text(_entered(beside, where) if measure.is_rate else _note(beside, figures))
    inside = (
        f'<span class="card-label">{text(measure.label)}</span>'
        f'<span class="card-line"><span class="card-value kpi-{measure.slug}{" chance" if now.is_chance else ""}">{value}</span>'
        f"{sparkline(daily(measure, figures.now, where))}</span>"
        f'<span class="card-change">{change}</span><span class="card-note">{note}</span>'
        f'<span class="card-more" role="tooltip">{text(measure.meaning)} {text(_parts(beside))}</span>'
    )
    return link(
        address.with_options(metric=measure.slug),
        inside,
        css=f"card card-{measure.slug}",
        current=is_chosen,
    )


def _note(beside: Compared, figures: Figures) -> str:
    """Say what else belongs to the count."""
    if beside.measure.slug == "ftd":
        others = int(figures.now.activity["first_deposits_without_registration"].sum())
        return f"{words.counted(others, 'first deposit')} without a registration" if others else "first deposits"
    if beside.measure.slug == "registrations":
        visits = int(figures.now.activity["daily_unique_visitors"].sum())
        return f"{words.per_hundred(beside.now.part, visits)} per 100 visits"
    return "once a day each"


def _entered(beside: Compared, where: Situation) -> str:
    """Say whose rate it is: of which entries, all of whom had their 7 days."""
    last_entry = where.complete_until - timedelta(days=WINDOW_DAYS)
    last_day = local_day(last_entry, where.time_zone)
    if last_day < where.period.start:
        return f"too early: {WINDOW_DAYS} days are not over"
    if last_day > where.period.end:
        return f"entered {words.short_days(where.period.start, where.period.end)}, within {WINDOW_DAYS} days"
    until = words.instant(last_entry, where.time_zone, with_year=False)
    return f"entered until {until}, within {WINDOW_DAYS} days"


def _parts(beside: Compared) -> str:
    """Say numerator and denominator, now and before."""
    now, before = beside.now, beside.before
    if not beside.measure.is_rate:
        if before is None or beside.before_days is None:
            return ""
        return f"{words.number(before.part)} {words.days(beside.before_days)}."
    whole, part = beside.measure.people
    told = f"{words.number(now.part)} {part} of {words.number(now.whole)} {whole}."
    if before is None or beside.before_days is None or not before.is_known:
        return told
    return (
        f"{told} Before: {words.number(before.part)} of {words.number(before.whole)}, {words.days(beside.before_days)}."
    )


def _money(money: pl.DataFrame) -> str:
    """Draw the amounts of signed deposits by currency; what anybody could have sent stands apart from it."""
    rows = money.filter(pl.col("currency").is_not_null()).sort("signed_amount", descending=True, nulls_last=True)
    amounts = [(row["currency"], row["signed_amount"]) for row in rows.to_dicts() if row["signed_transactions"]]
    unverified = int(rows["unverified_transactions"].sum())
    first = " ".join(words.amount(*amounts[0])) if amounts else words.NONE
    others = ", ".join(" ".join(words.amount(*one)) for one in amounts[1:])
    note = f"{words.counted(unverified, 'unverified transaction')} apart" if unverified else "signed deposits"
    return (
        '<div class="card card-money"><span class="card-label">Money</span>'
        f'<span class="card-line"><span class="card-value kpi-money">{text(first)}</span></span>'
        f'<span class="card-change none">{text(others)}</span><span class="card-note">{text(note)}</span></div>'
    )
