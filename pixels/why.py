"""Why a figure is what it is: every record received for a day and type, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import polars as pl

from pixels.errors import BadParameter
from pixels.period import Period
from pixels.records import KEPT, records, with_outcome
from pixels.refusals import EVENT_TYPES, refusals, said_of, with_refusal_id
from pixels.rules import INSTANT
from pixels.snapshot import Snapshot

OUTCOMES = (
    "counted",
    "same_player_again",
    "credited_to_another_banner",
    "same_event_again",
    "bot",
    "refused",
    "refused_not_attributable",
)
"""What became of a record. The first five are those of `daily_accounting`."""

COLUMNS = {
    "outcome": pl.String(),
    "records": pl.Int64(),
    "id": pl.String(),
    "player_id": pl.String(),
    "banner_tag": pl.String(),
    "created_at": INSTANT,
    "metadata": pl.String(),
    **KEPT,
    "refusal": pl.String(),
    "reason": pl.String(),
    "detail": pl.String(),
}


def check_question(event_type: object, banner: object) -> None:
    """Raise BadParameter for what is no event type, or no banner tag."""
    if event_type not in EVENT_TYPES:
        raise BadParameter("type", f"{event_type!r} is no event type; it is one of {', '.join(EVENT_TYPES)}")
    if banner is not None and not isinstance(banner, str):
        raise BadParameter("banner", f"{banner!r} is no banner tag")


def why(snapshot: Snapshot, day: date, event_type: str, banner: str | None = None) -> pl.DataFrame:
    """Return every record received for a local day, a type and a banner (None: any), with what became of it; see COLUMNS.

    Out: one row a record, by created_at (of a refused one: when it was refused), then id. `outcome` is one of OUTCOMES:
    - counted;
    - same_player_again, credited_to_another_banner: another event of the player counts, `kept_*` says which;
    - same_event_again: another record with this id is the event, `kept_*` says which;
    - bot: a declared crawler's visit, and those do not count in this warehouse;
    - refused: it was to be such an event, going by what its payload says; `reason` and `detail` say why not, `refusal`
      is its id for `pixels rejected show`. Its banner_tag and player_id are as far as they can be read.
    - refused_not_attributable: the day's other refusals, of which that cannot be said; one row a reason, `records` of them.
    `records` is 1 in all rows but those. The sums of the first five are those of `daily_accounting`; without a banner,
    `refused` of all types and the last are together the sum of `daily_refusals`.

    Holds the day's records in memory. Raises NoArchive when the day is archived, and the archive is not there.
    """
    time_zone, count_bots = snapshot.query("rules_of_warehouse").row(0)
    frames = [
        _received(snapshot, day, event_type, banner, time_zone, count_bots=count_bots),
        _refused(snapshot, day, event_type, banner, time_zone),
    ]
    whole = pl.concat(frames, how="diagonal").match_to_schema(COLUMNS, missing_columns="insert", extra_columns="ignore")
    return whole.sort("created_at", "id", "refusal", "reason", nulls_last=True, maintain_order=True)


def _received(
    snapshot: Snapshot, day: date, event_type: str, banner: str | None, time_zone: str, *, count_bots: bool
) -> pl.DataFrame:
    """Return the records that could be read, with outcome and `kept_*`."""
    of_day = records(snapshot, Period(day, day), time_zone)
    asked = pl.col("event_type") == event_type
    listed = of_day.filter(asked if banner is None else asked & (pl.col("banner_tag") == banner))
    rivals = of_day.join(listed, on="id", how="semi")
    counted = snapshot.query("counted_events_of_day", day=day, event_type=event_type)
    return with_outcome(listed, rivals, counted, count_bots=count_bots).with_columns(records=pl.lit(1, pl.Int64))


def _refused(snapshot: Snapshot, day: date, event_type: str, banner: str | None, time_zone: str) -> pl.DataFrame:
    """Return what was refused on the day and was to be such an event; and of the rest that says too little, sums by reason."""
    pieces = (_attributed(piece) for piece in refusals(snapshot, day, day, time_zone))
    told, untold = _split(pieces, event_type, banner)
    sums = untold.group_by("reason").agg(pl.col("records").sum())
    return pl.concat(
        [
            told.with_columns(outcome=pl.lit("refused")),
            sums.with_columns(outcome=pl.lit("refused_not_attributable")),
        ],
        how="diagonal",
    )


_SAID = {name: pl.String() for name in ("event_type", "player_id", "banner_tag")}
_ATTRIBUTED = {name: COLUMNS[name] for name in ("refusal", "reason", "detail", "created_at", "records")} | _SAID


def _attributed(refused: pl.DataFrame) -> pl.DataFrame:
    """Replace the payload of refused records by what it says."""
    columns = with_refusal_id(refused).with_columns(created_at="rejected_at", records="count")
    return pl.concat([columns.select(list(_ATTRIBUTED)[:5]), said_of(refused)], how="horizontal").cast(_ATTRIBUTED)  # type: ignore[arg-type]


def _split(pieces: Iterable[pl.DataFrame], event_type: str, banner: str | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return what was to be an event of the type and banner, and what does not say what it was to be."""
    told, untold = [pl.DataFrame(schema=_ATTRIBUTED)], [pl.DataFrame(schema=_ATTRIBUTED)]
    type_, banner_tag = pl.col("event_type"), pl.col("banner_tag")
    ours = type_ == event_type
    for piece in pieces:
        told.append(piece.filter(ours if banner is None else ours & (banner_tag == banner)))
        silent = type_.is_null() if banner is None else type_.is_null() | (ours & banner_tag.is_null())
        untold.append(
            piece.filter(silent).with_columns(detail=pl.lit(None, pl.String), refusal=pl.lit(None, pl.String))
        )
    return pl.concat(told), pl.concat(untold)
