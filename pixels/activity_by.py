"""Activity, split by a dimension: counted events, and the key figures of a range, of each value of it."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pixels.dimensions import TAG, Dimensions, EventColumns
from pixels.kpis import COUNTS, with_milestones
from pixels.metrics import banner_tags, banners, summary
from pixels.money import money
from pixels.period import Period
from pixels.rules import DAY, with_day

_MEASURES = {"visits": "visit", "registrations": "registration", "deposits": "deposit"}
_REGISTRATION = EventColumns("registration_banner", "registration_id", "registration_at")
_DEPOSIT = EventColumns("deposit_banner", "deposit_id", "deposit_at")


def summary_by(
    dimensions: Dimensions, period: Period, by: str, banner: str | Sequence[str] | None = None
) -> pl.DataFrame:
    """Return event_date, event_type, the dimension, count, of all banners or of those named; no value comes last."""
    if by == TAG:
        return summary(dimensions.snapshot, period, banner)
    if dimensions.needs_events(by):
        counted = _counted(dimensions, period, None, banner).with_columns(count=pl.lit(1, pl.Int64))
    else:
        counted = summary(dimensions.snapshot, period, banner)
    key = ["event_date", "event_type", by]
    return dimensions.add(counted, by).group_by(key).agg(pl.col("count").sum()).sort(key, nulls_last=True)


def banners_by(dimensions: Dimensions, period: Period, by: str) -> pl.DataFrame:
    """Return the dimension, and its sums of daily counts: visits, registrations, deposits; the most deposits first."""
    if by == TAG:
        return banners(dimensions.snapshot, period)
    counts = summary_by(dimensions, period, by)
    of_type = [
        pl.col("count").filter(pl.col("event_type") == kind).sum().alias(name) for name, kind in _MEASURES.items()
    ]
    most_first = [pl.col(name).neg() for name in reversed(_MEASURES)]
    return counts.group_by(by).agg(of_type).sort(*most_first, by, nulls_last=True)


def kpis_by(
    dimensions: Dimensions, period: Period, time_zone: str, by: str, credit: str, *, has_transactions: bool = True
) -> pl.DataFrame:
    """Return a row a value that has any of the figures, the most visitors first: the dimension, and counts (Int64) as in `pixels.kpis.kpis`.

    daily_unique_visitors, deposit_days   by the counted event: they sum to the whole
    unique_visitors                       distinct player ids that visited under the value; who came by several counts for each
    registrations                         by the event of the first registration
    ftd, ndc                              by the event of the first deposit; with `credit` "registration" that of the
                                          registration before it
    first_deposits_without_registration   by the event of the deposit
    deposit_transactions                  by the deposit that stands for the transaction; null where there are none to count
                                          (not `has_transactions`)
    """
    daily = banners_by(dimensions, period, by).select(by, daily_unique_visitors="visits", deposit_days="deposits")
    parts = [daily, _visitors(dimensions, period, by), milestones(dimensions, period, time_zone, by, credit).drop(DAY)]
    if has_transactions:
        parts.append(money(dimensions, period, by=by).select(by, deposit_transactions="transactions"))
    counts = pl.concat(parts, how="diagonal").group_by(by).agg(pl.all().sum().cast(pl.Int64))
    if not has_transactions:
        counts = counts.with_columns(deposit_transactions=pl.lit(None, pl.Int64))
    figures = (*COUNTS, "deposit_transactions")
    some = counts.filter(pl.sum_horizontal(figures) > 0)
    return some.select(by, *figures).sort(pl.col("daily_unique_visitors").neg(), by, nulls_last=True)


def _counted(
    dimensions: Dimensions, period: Period, event_type: str | None, banner: str | Sequence[str] | None = None
) -> pl.DataFrame:
    parameters = {"event_type": event_type, "banners": banner_tags(banner)}
    return dimensions.snapshot.query("counted_events_between", start=period.start, end=period.end, **parameters)


def _visitors(dimensions: Dimensions, period: Period, by: str) -> pl.DataFrame:
    if dimensions.needs_events(by):
        visits = dimensions.add(_counted(dimensions, period, "visit"), by)
        return visits.group_by(by).agg(unique_visitors=pl.col("player_id").n_unique())
    valued = dimensions.add(banners(dimensions.snapshot, period).select(TAG), by)
    parameters = {"tags": valued[TAG].to_list(), "values": valued[by].to_list()}
    found = dimensions.snapshot.query("visitors_by_value", start=period.start, end=period.end, **parameters)
    return found.rename({"value": by})


def milestones(dimensions: Dimensions, period: Period, time_zone: str, by: str, credit: str) -> pl.DataFrame:
    """Return a row a first registration and first deposit of the period: its value, and 1 in the columns that count it.

    event_date (its local day), the dimension, and registrations, ftd, ndc, first_deposits_without_registration, as in
    `kpis_by`; null: not counted there.
    """
    identified = dimensions.needs_events(by)
    events = dimensions.snapshot.query("milestone_events", start=period.start, end=period.end, identified=identified)
    events = with_milestones(events, period, time_zone)
    registered = with_day(events.filter("registered"), time_zone, "registration_at")
    deposits = with_day(events.filter("deposited"), time_zone, "deposit_at")
    firsts, others = deposits.filter("after_registration"), deposits.filter(~pl.col("after_registration"))
    credited = dimensions.add(firsts, by, _REGISTRATION if credit == "registration" else _DEPOSIT)
    one = pl.lit(1, pl.Int64)
    return pl.concat(
        [
            dimensions.add(registered, by, _REGISTRATION).select(DAY, by, registrations=one),
            credited.select(DAY, by, ftd=one, ndc=pl.col("registered").cast(pl.Int64)),
            dimensions.add(others, by, _DEPOSIT).select(DAY, by, first_deposits_without_registration=one),
        ],
        how="diagonal",
    )
