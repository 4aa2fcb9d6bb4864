"""The measures of the overview: what each is called, what it is counted from, and how it changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import polars as pl

from panel_app.figures import DAY, Days, Figures
from panel_app.situation import Situation
from pixels.compared import NEEDS
from pixels.period import Period

ENOUGH = 100
"""People below which a rate is left to chance: it is shown grey, and sorted last."""


@dataclass(frozen=True)
class Measure:
    """A figure of the overview, and of its table and trend.

    `part` is a column of `wh.daily`; of a rate (it has a `whole`) both are columns of `wh.conversions`.
    """

    slug: str
    label: str
    part: str
    whole: str = ""
    meaning: str = ""
    needs: tuple[str, ...] = ()
    people: tuple[str, str] = ("", "")
    """Of a rate: what the people of the whole did, and what those of the part did."""

    @property
    def is_rate(self) -> bool:
        """Whether it is a share of people, and not a count."""
        return bool(self.whole)


VISITORS = Measure(
    "daily-unique-visitors",
    "Daily unique visitors",
    "daily_unique_visitors",
    meaning="A person counts once a day; the days are added up.",
    needs=NEEDS["daily_unique_visitors"],
)
REGISTRATIONS = Measure(
    "registrations",
    "Registrations",
    "registrations",
    meaning="Players who registered for the first time.",
    needs=NEEDS["registrations"],
)
FTD = Measure(
    "ftd",
    "FTD",
    "ftd",
    meaning="Players who made their first deposit, at or after a registration that Pixels holds.",
    needs=NEEDS["ftd"],
)
VISIT_TO_REGISTRATION = Measure(
    "visit-to-registration",
    "Visit to registration",
    "registrations",
    "visitors",
    meaning="Of the new visitors who came on these days, those who registered within 7 days.",
    needs=("visit", "registration"),
    people=("new visitors", "registered"),
)
REGISTRATION_TO_FTD = Measure(
    "registration-to-deposit",
    "Registration to FTD",
    "deposits",
    "credited_registrations",
    meaning="Of those who registered within 7 days of their visit, those who made a deposit within the same 7 days.",
    needs=("visit", "registration", "deposit"),
    people=("registered", "deposited"),
)
MONEY = Measure(
    "money",
    "Money",
    "signed_amount",
    meaning="What signed deposits say, each transaction once.",
    needs=("deposit",),
)
MEASURES = (VISITORS, REGISTRATIONS, FTD, VISIT_TO_REGISTRATION, REGISTRATION_TO_FTD)
BY_SLUG = {measure.slug: measure for measure in (*MEASURES, MONEY)}


@dataclass(frozen=True)
class Value:
    """A measure of some days; `value` is null where nobody could be counted, and not known while `is_known` is false."""

    value: float | None
    part: int = 0
    whole: int = 0
    is_known: bool = True

    @property
    def is_chance(self) -> bool:
        """Whether it is a rate of so few people that it says little."""
        return bool(self.whole) and self.whole < ENOUGH


UNKNOWN = Value(None, is_known=False)


def value_of(measure: Measure, days: Days) -> Value:
    """Return a measure of some days: sums are divided, rates are never averaged."""
    if not measure.is_rate:
        total = _sum(days.activity, measure.part)
        return Value(total, total)
    if days.entries is None:
        return UNKNOWN
    part, whole = _sum(days.entries, measure.part), _sum(days.entries, measure.whole)
    return Value(part / whole if whole else None, part, whole)


def is_money(measure: Measure) -> bool:
    """Whether it is an amount."""
    return measure.slug == MONEY.slug


def money_in(currency: str) -> str:
    """Return what money in a currency is called."""
    return f"{MONEY.label} ({currency})"


def chosen_measure(slug: str, figures: Figures) -> Measure:
    """Return the measure that is drawn as the trend: money with its currency, where any was sent."""
    measure = BY_SLUG[slug]
    if measure is not MONEY:
        return measure
    return VISITORS if figures.currency is None else replace(MONEY, label=money_in(figures.currency))


def amount_of(days: Days, currency: str) -> Decimal:
    """Return the money of some days in a currency: signed amounts, exact."""
    return Decimal(days.money.filter(pl.col("currency") == currency)["signed_amount"].sum())


@dataclass(frozen=True)
class Compared:
    """A measure of the days, and of earlier ones where a comparison is fair."""

    measure: Measure
    now: Value
    before: Value | None
    before_days: Period | None


def compared(measure: Measure, figures: Figures, where: Situation) -> Compared:
    """Return a measure beside that of the earlier days; None where that would mislead."""
    fair = where.fair_days(measure.needs)
    if fair is None or figures.before is None or figures.before.period != fair:
        return Compared(measure, value_of(measure, figures.now), None, None)
    return Compared(measure, value_of(measure, figures.now), value_of(measure, figures.before), fair)


def daily(measure: Measure, days: Days, where: Situation, currency: str | None = None) -> pl.DataFrame:
    """Return a measure of each day of the period: event_date, value (null: nobody could be counted), partial.

    Money is that in `currency`. `partial` is a day that is not over, or of whose people some may still go on. Days that have not begun are left out.
    """
    every = _every_day(days.period, where.today)
    if measure.is_rate:
        return _daily_rate(measure, days, every)
    source = days.money.filter(pl.col("currency") == currency) if is_money(measure) else days.activity
    counts = source.group_by(DAY).agg(value=pl.col(measure.part).sum().cast(pl.Float64))
    return (
        every.join(counts, on=DAY, how="left", maintain_order="left")
        .with_columns(pl.col("value").fill_null(0.0), partial=pl.col(DAY) >= where.today)
        .select(DAY, "value", "partial")
    )


def _daily_rate(measure: Measure, days: Days, every: pl.DataFrame) -> pl.DataFrame:
    if days.entries is None:
        return every.with_columns(value=pl.lit(None, pl.Float64), partial=pl.lit(value=False))
    counts = days.entries.group_by(pl.col("entry_date").alias(DAY)).agg(
        part=pl.col(measure.part).sum(), whole=pl.col(measure.whole).sum(), partial=pl.col("immature").sum() > 0
    )
    return every.join(counts, on=DAY, how="left", maintain_order="left").select(
        DAY,
        pl.when(pl.col("whole") > 0).then(pl.col("part") / pl.col("whole")).alias("value"),
        pl.col("partial").fill_null(value=False),
    )


def _every_day(period: Period, today: date) -> pl.DataFrame:
    last = min(period.end, max(today, period.start))
    return pl.DataFrame({DAY: pl.date_range(period.start, last, eager=True)})


def _sum(frame: pl.DataFrame, column: str) -> int:
    return int(frame[column].sum())
