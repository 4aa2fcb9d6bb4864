"""Why a row of theirs has no partner among our events: what the records say, what was refused, how far the data goes."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl

from pixels.period import Period
from pixels.reconciliation.ours import Scope, with_days_beside
from pixels.records import records, with_outcome
from pixels.refusals import refusals, said_of
from pixels.rules import DAY, INSTANT, with_day
from pixels.snapshot import Snapshot

_FEW = 10_000
"""Names up to which single records are looked for; of more, those of all days are read."""
_WEIGHTS = {"counted": 0, "credited_to_another_banner": 1, "same_player_again": 2, "same_event_again": 3, "bot": 4}
_CANDIDATE = {
    "found_on": pl.Date(),
    "found_outcome": pl.String(),
    "found_banner_tag": pl.String(),
    "found_at": INSTANT,
}
_CARRIED = {"click_id": "b", "txid": "txid"}
"""The keys of an event's metadata."""
_SAID = r'(?:^|[?&"{,\s])KEY"?\s*[=:]\s*"?([^"&\s,}]+)'


def explained(
    snapshot: Snapshot, time_zone: str, scope: Scope, missing: pl.DataFrame, identity: str, complete_until: datetime
) -> pl.DataFrame:
    """Return the rows of theirs that have no partner with `explanation`, found_* and `refused_for`; in their order.

    found_on, found_at, found_banner_tag   what we have of it: its day, instant (UTC) and banner
    refused_for                            the reason of its refusal
    Records are read of the days from the one before to the one after those asked for. Raises NoArchive.
    """
    period = with_days_beside(scope.period)
    usable = missing.filter(pl.col("problem").is_null())
    names = usable[identity].unique().drop_nulls()
    found = _nearest(usable, _candidates(snapshot, time_zone, scope, period, identity, names), identity)
    refused = _nearest(usable, _refused(snapshot, time_zone, scope.event_type, period, identity, names), identity)
    refused = refused.filter(pl.col("distance").fill_null(0) <= 1).select("their_row", "refused_for")
    beside = (
        missing.join(found, on="their_row", how="left", maintain_order="left")
        .join(refused, on="their_row", how="left", maintain_order="left")
        .with_columns(_explanation(scope, complete_until).alias("explanation"))
    )
    keeps_found = pl.col("explanation").is_in(
        ["counted_once", "other_banner", "other_day", "other_time_zone", "crawler"]
    )
    return beside.with_columns(
        *(pl.when(keeps_found).then(pl.col(name)).alias(name) for name in _CANDIDATE if name != "found_outcome"),
        refused_for=pl.when(pl.col("explanation") == "refused").then(pl.col("refused_for")),
    ).drop("found_outcome", "distance")


def _explanation(scope: Scope, complete_until: datetime) -> pl.Expr:
    outcome, distance = pl.col("found_outcome"), pl.col("distance").fill_null(0)
    has, near = outcome.is_not_null(), pl.col("distance").fill_null(0) <= 1
    of_scope = (
        pl.col("found_banner_tag").is_in(list(scope.banners)) if scope.banners is not None else pl.lit(value=True)
    )
    on_the_day = (
        pl.when(outcome == "bot")
        .then(pl.lit("crawler"))
        .when(of_scope)
        .then(pl.lit("counted_once"))
        .otherwise(pl.lit("other_banner"))
    )
    too_new = pl.coalesce(
        pl.col("their_time") >= complete_until, pl.col(DAY) >= _local_day(complete_until, scope.day_zone)
    ).fill_null(value=False)
    return (
        pl.when(pl.col("problem").is_not_null())
        .then(pl.lit("unreadable_row"))
        .when(has & (distance == 0))
        .then(on_the_day)
        .when(has & near & another_zones_day(pl.col("found_at")))
        .then(pl.lit("other_time_zone"))
        .when(has & near)
        .then(pl.lit("other_day"))
        .when(pl.col("refused_for").is_not_null())
        .then(pl.lit("refused"))
        .when(too_new)
        .then(pl.lit("after_the_data"))
        .when(has)
        .then(pl.lit("other_day"))
        .otherwise(pl.lit("never_received"))
    )


def another_zones_day(instant: pl.Expr) -> pl.Expr:
    """Whether an instant lies on their `event_date` in some time zone: those from 12 hours behind UTC to 14 before it."""
    return pl.col(DAY).is_between(instant.dt.offset_by("-12h").dt.date(), instant.dt.offset_by("14h").dt.date())


def _local_day(instant: datetime, zone: str) -> date:
    return instant.astimezone(ZoneInfo(zone)).date()


def _candidates(
    snapshot: Snapshot, time_zone: str, scope: Scope, period: Period, identity: str, names: pl.Series
) -> pl.DataFrame:
    """Return what we have under these names: the identity and _CANDIDATE, at most one a day."""
    if names.is_empty():
        return pl.DataFrame(schema={identity: pl.String(), **_CANDIDATE})
    if identity == "txid":
        held = snapshot.query("transactions_with_ids", txids=names.to_list()).with_columns(
            pl.col("created_at").cast(INSTANT), outcome=pl.lit("counted")
        )
    else:
        held = _held(snapshot, time_zone, scope.event_type, period, identity, names)
    if scope.day_zone != time_zone:
        held = with_day(held, scope.day_zone)
    return (
        held.with_columns(weight=pl.col("outcome").replace_strict(_WEIGHTS, return_dtype=pl.Int8))
        .sort("weight", "created_at", "banner_tag", "player_id")
        .unique([identity, DAY], keep="first", maintain_order=True)
        .select(identity, found_on=DAY, found_outcome="outcome", found_banner_tag="banner_tag", found_at="created_at")
    )


def _held(
    snapshot: Snapshot, time_zone: str, event_type: str, period: Period, identity: str, names: pl.Series
) -> pl.DataFrame:
    """Return the records of the type under these names, with their outcome and, where another counts, its banner and instant."""
    wanted = names.to_frame(identity)
    if identity == "player_id" and len(names) <= _FEW:
        players = names.to_list()
        listed = records(
            snapshot, period, time_zone, "records_of_players", pl.col("player_id").is_in(players), names=players
        )
    else:
        listed = records(snapshot, period, time_zone, archived_ones=pl.col("event_type") == event_type)
    listed = listed.filter(pl.col("event_type") == event_type)
    if identity == "click_id":
        listed = listed.with_columns(click_id=_carried("click_id"))
    listed = listed.join(wanted, on=identity, how="semi")
    ids = listed.select("id").unique()
    if ids.height <= _FEW:
        some = ids["id"].to_list()
        rivals = records(snapshot, period, time_zone, "records_with_ids", pl.col("id").is_in(some), ids=some)
    else:
        rivals = records(snapshot, period, time_zone).join(ids, on="id", how="semi")
    _, count_bots = snapshot.query("rules_of_warehouse").row(0)
    counted = snapshot.query(
        "counted_events_between", start=period.start, end=period.end, event_type=event_type, banners=None
    ).join(listed.select("player_id").unique(), on="player_id", how="semi")
    told = with_outcome(listed, rivals, counted, count_bots=count_bots)
    instead = pl.col("outcome").is_in(["credited_to_another_banner", "same_player_again", "same_event_again"])
    return told.with_columns(
        pl.when(instead).then(pl.col(f"kept_{name}")).otherwise(pl.col(name)).alias(name)
        for name in ("banner_tag", "created_at")
    )


def _carried(identity: str) -> pl.Expr:
    carried = pl.col("metadata").str.json_path_match(f"$.{_CARRIED[identity]}")
    return pl.when(carried != "").then(carried)


def _nearest(missing: pl.DataFrame, candidates: pl.DataFrame, identity: str) -> pl.DataFrame:
    """Return for each row the candidate under its name on the day nearest to its own: their_row, the candidate's columns, distance."""
    asked = missing.select(identity, DAY).unique()
    nearest = (
        asked.join(candidates, on=identity, how="inner")
        .with_columns(distance=(pl.col("found_on") - pl.col(DAY)).dt.total_days().abs())
        .sort("distance", "found_on")
        .unique([identity, DAY], keep="first", maintain_order=True)
    )
    rows = missing.select("their_row", identity, DAY)
    return rows.join(nearest, on=[identity, DAY], how="inner", nulls_equal=True).drop(identity, DAY)


def _refused(
    snapshot: Snapshot, time_zone: str, event_type: str, period: Period, identity: str, names: pl.Series
) -> pl.DataFrame:
    """Return the first refusal of a day under each name, going by what it says of itself: the identity, found_on, refused_for."""
    found = [pl.DataFrame(schema={identity: pl.String(), "found_on": pl.Date(), "refused_for": pl.String()})]
    wanted = names.to_frame(identity)
    for piece in refusals(snapshot, period.start, period.end, time_zone) if len(names) else ():
        told = _with_identity(piece, identity).join(wanted, on=identity, how="semi")
        type_said = said_of(told)["event_type"] if "event_type" not in told.columns else told["event_type"]
        told = told.filter(type_said.is_null() | (type_said == event_type)).sort("rejected_at", "reason")
        found.append(told.select(identity, found_on=DAY, refused_for="reason"))
    return pl.concat(found).unique([identity, "found_on"], keep="first", maintain_order=True)


def _with_identity(piece: pl.DataFrame, identity: str) -> pl.DataFrame:
    """Add to refusals what they say of themselves under the name of the identity."""
    if identity == "player_id":
        return pl.concat([piece, said_of(piece).select("event_type", "player_id")], how="horizontal")
    payload = pl.col("payload").cast(pl.String, strict=False)
    return piece.with_columns(payload.str.extract(_SAID.replace("KEY", _CARRIED[identity]), 1).alias(identity))
