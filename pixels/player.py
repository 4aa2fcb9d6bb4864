"""Everything that is known of one person, in the order in which it happened."""

from __future__ import annotations

import polars as pl

from pixels.errors import BadParameter
from pixels.period import Period
from pixels.records import KEPT, days_of, records, with_outcome
from pixels.rules import DAY, INSTANT
from pixels.snapshot import Snapshot

COLUMNS = {
    "person": pl.String(),
    "created_at": INSTANT,
    DAY: pl.Date(),
    "event_type": pl.String(),
    "banner_tag": pl.String(),
    "player_id": pl.String(),
    "visitor_key": pl.String(),
    "outcome": pl.String(),
    "id": pl.String(),
    "metadata": pl.String(),
    **KEPT,
}


def player(snapshot: Snapshot, name: str, period: Period) -> pl.DataFrame:
    """Return every record of a person on these local days, by created_at, then id, with what became of it; see COLUMNS.

    `name` is a player id or a visitor key. `person` is the player: the one whom a linked visitor key became, else the
    name itself. Records are those of the player and of all visitor keys linked to that player.
    - `player_id`: as it was sent, so a visitor key before the sign-up;
    - `visitor_key`: the linked key that the record was sent under, or that it carries as `s`; null when there is none.
      Each linked key stands here at least once, at the registration that links it;
    - `outcome`, `kept_*`: as in `why`. Of refused records nobody knows whose they are.
    Raises BadParameter when no record of the days is of that name; NoArchive.
    """
    if not isinstance(name, str):
        raise BadParameter("id", f"{name!r} is neither a player id nor a visitor key: those are text")
    person, visitor_keys = snapshot.query("names_of_person", id=name).row(0)
    names = [person, *visitor_keys]
    time_zone, count_bots = snapshot.query("rules_of_warehouse").row(0)
    listed = records(snapshot, period, time_zone, "records_of_players", pl.col("player_id").is_in(names), names=names)
    if listed.is_empty():
        raise BadParameter(
            "id",
            f"{name!r} has no record in these days. Ids are compared letter by letter, and who was erased has none",
        )
    ids = listed["id"].unique().to_list()
    days = days_of(listed)
    rivals = records(snapshot, days, time_zone, "records_with_ids", pl.col("id").is_in(ids), ids=ids)
    counted = snapshot.query("counted_events_of_players", names=names, start=days.start, end=days.end)
    told = with_outcome(listed, rivals, counted, count_bots=count_bots)
    return (
        told.with_columns(person=pl.lit(person), visitor_key=_visitor_key(visitor_keys))
        .match_to_schema(COLUMNS, missing_columns="insert", extra_columns="ignore")
        .sort("created_at", "id", "player_id", "event_type", "banner_tag", "metadata")
    )


def _visitor_key(linked: list[str]) -> pl.Expr:
    carried = pl.col("metadata").str.json_path_match("$.s")
    return pl.when(pl.col("player_id").is_in(linked)).then("player_id").when(carried.is_in(linked)).then(carried)
