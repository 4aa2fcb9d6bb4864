"""Every record that could be read, as the snapshot and its archive hold it, and what became of each."""

from __future__ import annotations

import polars as pl

from pixels.archive import archive_read, archived
from pixels.period import Period
from pixels.refusals import span_of_days
from pixels.rules import DAY, EVENT_FIELDS, INSTANT, competing, earliest_records, with_day
from pixels.snapshot import Snapshot

KEPT = {
    "kept_id": pl.String(),
    "kept_event_type": pl.String(),
    "kept_player_id": pl.String(),
    "kept_banner_tag": pl.String(),
    "kept_created_at": INSTANT,
}
"""What stands in the place of a record that did not count: the columns `kept_*`."""
_RECORD = [DAY, *EVENT_FIELDS]
_EVERYTHING = pl.lit(value=True)


def records(
    snapshot: Snapshot,
    period: Period,
    time_zone: str,
    query: str = "records_between",
    archived_ones: pl.Expr = _EVERYTHING,
    **parameters: object,
) -> pl.DataFrame:
    """Return records of local days, each once, wherever they lie: event_date and the columns of an event.

    `query` with its `parameters` chooses among those in the tables, `archived_ones` the same among those in the archive.
    Raises NoArchive when days of the period are archived, and the archive is not there.
    """
    first, last = span_of_days(period.start, period.end)
    live = snapshot.query(query, first=first, last=last, **parameters).cast({"created_at": INSTANT})
    of_days = with_day(live, time_zone).filter(pl.col(DAY).is_between(period.start, period.end)).select(_RECORD)
    if (files := archived(snapshot, "records", period.start, period.end)) is None:
        return of_days
    with archive_read(snapshot):
        old = files.filter(archived_ones).select(_RECORD).collect()
    return pl.concat([of_days, old]).unique(maintain_order=True)


def days_of(listed: pl.DataFrame) -> Period:
    """Return the days from the first to the last record, of which there is at least one."""
    first, last = listed.select(pl.col(DAY).min().alias("first"), pl.col(DAY).max().alias("last")).row(0)
    return Period(first, last)


def with_outcome(
    listed: pl.DataFrame, rivals: pl.DataFrame, counted: pl.DataFrame, *, count_bots: bool
) -> pl.DataFrame:
    """Set beside each of the records `listed` its `outcome`, and in `kept_*` what stands in its place.

    `rivals` are all records that agree with one of them in day and id, themselves included; `counted` the rows of
    `counted_events` of their days, types and players. `outcome` is one of the first five of `pixels.why.OUTCOMES`.
    """
    events, repeats = events_and_repeats(listed, rivals)
    competitors = competing(events, count_bots=count_bots)
    return pl.concat(
        [
            _beside_counted(competitors, counted),
            repeats,
            events.join(competitors, on=[DAY, "id"], how="anti").with_columns(outcome=pl.lit("bot")),
        ],
        how="diagonal",
    )


def events_and_repeats(listed: pl.DataFrame, rivals: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part the records `listed` into the events, and what is the same event again, with `outcome` and in `kept_*` the event.

    `rivals` are all records that agree with one of them in day and id, themselves included.
    """
    several = rivals.filter(pl.struct(DAY, "id").is_duplicated())
    winners = earliest_records(several)
    contested = listed.join(several, on=[DAY, "id"], how="semi")
    events = pl.concat(
        [
            listed.join(several, on=[DAY, "id"], how="anti"),
            contested.join(winners, on=_RECORD, how="semi", nulls_equal=True),
        ]
    )
    return events, _beside_kept(contested.join(winners, on=_RECORD, how="anti", nulls_equal=True), winners)


def _beside_counted(events: pl.DataFrame, counted: pl.DataFrame) -> pl.DataFrame:
    """Set beside each event that competes the one that counts for its player."""
    key = [DAY, "event_type", "player_id"]
    kept = counted.select(
        *key,
        kept_id="event_id",
        kept_event_type="event_type",
        kept_player_id="player_id",
        kept_banner_tag="banner_tag",
        kept_created_at=pl.col("created_at").cast(INSTANT),
    )
    is_counted = pl.col("id") == pl.col("kept_id")
    same_banner = pl.col("banner_tag") == pl.col("kept_banner_tag")
    beside = events.join(kept, on=key, how="left").with_columns(
        outcome=pl.when(is_counted)
        .then(pl.lit("counted"))
        .when(same_banner)
        .then(pl.lit("same_player_again"))
        .otherwise(pl.lit("credited_to_another_banner"))
    )
    return beside.with_columns(pl.when(~is_counted).then(pl.col(name)) for name in kept.columns[len(key) :])


def _beside_kept(repeats: pl.DataFrame, winners: pl.DataFrame) -> pl.DataFrame:
    """Set beside each record that is the same event again the one that was kept."""
    kept = winners.select(
        DAY,
        "id",
        kept_id="id",
        **{f"kept_{name}": name for name in ("event_type", "player_id", "banner_tag", "created_at")},
    )
    return repeats.join(kept, on=[DAY, "id"], how="left").with_columns(outcome=pl.lit("same_event_again"))
