"""What became of one event: whether it is here, whether it counted, and why not."""

from __future__ import annotations

import polars as pl

from pixels.errors import BadParameter
from pixels.period import Period
from pixels.records import KEPT, days_of, records, with_outcome
from pixels.rules import DAY, INSTANT
from pixels.snapshot import Snapshot

COLUMNS = {
    "outcome": pl.String(),
    "id": pl.String(),
    "created_at": INSTANT,
    DAY: pl.Date(),
    "event_type": pl.String(),
    "banner_tag": pl.String(),
    "player_id": pl.String(),
    "metadata": pl.String(),
    **KEPT,
}


def event(snapshot: Snapshot, id: str, period: Period) -> pl.DataFrame:  # noqa: A002 - what it is called
    """Return every record with this id of these local days, by created_at, with what became of it; see COLUMNS.

    Mostly one: a retry that differs in nothing is the same record. Of several records of a day one is the event, the others
    are `same_event_again`; the same id on another day is another event. `outcome` and `kept_*` as in `pixels.why.why`.
    Raises BadParameter when none is held, NoArchive.
    """
    if not isinstance(id, str):
        raise BadParameter("id", f"{id!r} is no id of an event: those are text")
    time_zone, count_bots = snapshot.query("rules_of_warehouse").row(0)
    held = records(snapshot, period, time_zone, "records_with_ids", pl.col("id") == id, ids=[id])
    if held.is_empty():
        raise BadParameter(
            "id",
            f"{id!r} is no event of these days: it was never received, it was refused (`pixels rejected ls`), "
            "or no pass has read it yet. Ids are compared letter by letter",
        )
    days, players = days_of(held), held["player_id"].unique().to_list()
    counted = snapshot.query("counted_events_of_players", names=players, start=days.start, end=days.end)
    return (
        with_outcome(held, held, counted, count_bots=count_bots)
        .match_to_schema(COLUMNS, missing_columns="insert", extra_columns="ignore")
        .sort("created_at", "banner_tag", "metadata")
    )
