"""The figures above everything else: one row for a range of days."""

from __future__ import annotations

import polars as pl

from pixels.period import Period
from pixels.snapshot import Snapshot

COUNTS = (
    "daily_unique_visitors",
    "unique_visitors",
    "registrations",
    "ftd",
    "ndc",
    "first_deposits_without_registration",
    "deposit_days",
)


def kpis(snapshot: Snapshot, period: Period, time_zone: str, *, has_transactions: bool = True) -> pl.DataFrame:
    """Return one row of counts (Int64).

    daily_unique_visitors               sum of the daily visit counts
    unique_visitors                     distinct player ids that visited in the range
    registrations                       players whose first registration falls in the range
    ftd                                 players whose first deposit falls in the range, at or after their first registration
    ndc                                 those of ftd whose first registration falls in the range too
    first_deposits_without_registration the other first deposits of the range: no registration before them is held
    deposit_days                        sum of the daily deposit counts
    deposit_transactions                transactions whose day is in the range; null where the snapshot has none to count
                                        (not `has_transactions`: it was made before they were kept)
    """
    counts = snapshot.query("kpi_counts", start=period.start, end=period.end)
    players = snapshot.query("player_milestones", start=period.start, end=period.end)
    transactions = pl.DataFrame({"deposit_transactions": None}, {"deposit_transactions": pl.Int64})
    if has_transactions:
        transactions = snapshot.query("deposit_transactions", start=period.start, end=period.end)
    return pl.concat([counts, _milestones(players, period, time_zone), transactions], how="horizontal").select(
        *COUNTS, "deposit_transactions"
    )


def with_milestones(players: pl.DataFrame, period: Period, time_zone: str) -> pl.DataFrame:
    """Say of each row (registration_at, deposit_at: of a player's firsts) what it counts for; all Booleans.

    registered, deposited   whether the local day of the registration, of the deposit, is in the period
    after_registration      whether the deposit was made at or after the registration
    """
    registered, deposited = (
        pl.col(column)
        .dt.convert_time_zone(time_zone)
        .dt.date()
        .is_between(period.start, period.end)
        .fill_null(value=False)
        for column in ("registration_at", "deposit_at")
    )
    after_registration = (pl.col("registration_at") <= pl.col("deposit_at")).fill_null(value=False)
    return players.with_columns(registered=registered, deposited=deposited, after_registration=after_registration)


def _milestones(players: pl.DataFrame, period: Period, time_zone: str) -> pl.DataFrame:
    """Count the milestones whose local day is in the period. In: registration_at, deposit_at, with days to spare."""
    registered, deposited, after = (pl.col(name) for name in ("registered", "deposited", "after_registration"))
    return (
        with_milestones(players, period, time_zone)
        .select(
            registrations=registered.sum(),
            ftd=(deposited & after).sum(),
            ndc=(registered & deposited & after).sum(),
            first_deposits_without_registration=(deposited & ~after).sum(),
        )
        .cast(pl.Int64)
    )
