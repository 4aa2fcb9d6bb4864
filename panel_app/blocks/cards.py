"""The figures above everything else, each with its change, its sparkline and what it was divided by."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from panel_app import words
from panel_app.address import Address
from panel_app.blocks.changes import amount_change, changed, count_change, points_change, why_none
from panel_app.blocks.markup import link, skeleton, text
from panel_app.blocks.sparkline import sparkline
from panel_app.figures import WINDOW_DAYS, Figures
from panel_app.measures import MEASURES, MONEY, Compared, amount_of, compared, daily, money_in
from panel_app.page import Shown
from panel_app.situation import Situation
from panel_app.source import local_day

_FITS = 7
"""So many signs fit every card at full size."""


def cards(shown: Shown, chosen: str) -> str:
    """Draw a card a measure, and one for money where any was sent; a click draws the measure as the trend."""
    figures: Figures = shown.answer
    where = shown.situation
    drawn = [
        _card(compared(measure, figures, where), figures, where, shown.address, is_chosen=measure.slug == chosen)
        for measure in MEASURES
    ]
    if figures.currency is not None:
        drawn.append(_money(figures, figures.currency, where, shown.address, is_chosen=chosen == MONEY.slug))
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
        f'<span class="card-line"><span class="card-value kpi-{measure.slug}{" chance" if now.is_chance else ""}"{_signs(value)}>{value}</span>'
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


def _signs(value: str) -> str:
    """Tell the style sheet of a long number how many signs it has, so that it fits its card."""
    return f' style="--signs:{len(value)}"' if value[:1].isdigit() and len(value) > _FITS else ""


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


def _money(figures: Figures, currency: str, where: Situation, address: Address, *, is_chosen: bool) -> str:
    """Draw the amounts of signed deposits, of the first currency large; what anybody could have sent stands apart from it."""
    amount, _ = words.amount(currency, amount_of(figures.now, currency))
    inside = (
        f'<span class="card-label">{text(money_in(currency))}</span>'
        f'<span class="card-line"><span class="card-value kpi-money"{_signs(amount)}>{text(amount)}</span>'
        f"{sparkline(daily(MONEY, figures.now, where, currency))}</span>"
        f'<span class="card-change">{_money_change(figures, currency, where)}</span><span class="card-note">{text(_apart(figures, currency))}</span>'
        f'<span class="card-more" role="tooltip">{text(MONEY.meaning)}</span>'
    )
    return link(address.with_options(metric=MONEY.slug), inside, css="card card-money", current=is_chosen)


def _money_change(figures: Figures, currency: str, where: Situation) -> str:
    if where.fair_days(MONEY.needs) is None or figures.before is None:
        return changed("none", why_none(where))
    return amount_change(amount_of(figures.now, currency), amount_of(figures.before, currency))


def _apart(figures: Figures, currency: str) -> str:
    """Say what is no part of the amount: other currencies, and unverified transactions."""
    sums = figures.now.money.group_by("currency").agg(pl.col("signed_amount", "unverified_transactions").sum())
    others = sums.filter((pl.col("currency") != currency) & (pl.col("signed_amount") > 0)).sort("currency")
    told = [
        " ".join(words.amount(code, amount)) for code, amount in others.select("currency", "signed_amount").iter_rows()
    ]
    unverified = int(sums.drop_nulls("currency")["unverified_transactions"].sum())
    told += [f"{words.number(unverified)} unverified apart"] if unverified else []
    return ", ".join(told) or "signed deposits"
