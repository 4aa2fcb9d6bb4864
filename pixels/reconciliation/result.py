"""Lay a file of somebody else beside what we counted: the sums, the reasons, and each difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from pixels.dimensions import Dimensions
from pixels.errors import BadParameter
from pixels.metrics import banner_tags
from pixels.period import Period, parse_day, parse_period
from pixels.reconciliation import counts, explaining, reading
from pixels.reconciliation.columns import Columns, check_columns
from pixels.reconciliation.ours import Scope, our_rows
from pixels.reconciliation.pairing import pairs
from pixels.reconciliation.theirs import KEYS, check_written, their_rows
from pixels.reconciliation.words import because
from pixels.refusals import EVENT_TYPES
from pixels.rules import DAY, INSTANT

VERDICTS = ("matched", "missing", "extra", "different")
_PAIRED = ("different", "matched")
_IN_ORDER = ("missing", "different", "extra")
DETAILS = {
    "verdict": pl.String(),
    "count": pl.Int64(),
    "explanation": pl.String(),
    "because": pl.String(),
    "their_row": pl.Int64(),
    DAY: pl.Date(),
    "their_time": INSTANT,
    "banner_tag": pl.String(),
    "player_id": pl.String(),
    "click_id": pl.String(),
    "txid": pl.String(),
    "amount": pl.Decimal(18, 4),
    "currency": pl.String(),
    "differs_in": pl.List(pl.String()),
    "our_date": pl.Date(),
    "our_created_at": INSTANT,
    "our_banner_tag": pl.String(),
    "our_player_id": pl.String(),
    "our_click_id": pl.String(),
    "our_txid": pl.String(),
    "our_amount": pl.Decimal(18, 4),
    "our_currency": pl.String(),
    "our_event_id": pl.String(),
    "refused_for": pl.String(),
    **dict.fromkeys(("theirs", "ours", "received"), pl.Int64()),
    **dict.fromkeys(("same_player_again", "credited_to_another_banner", "same_event_again", "bots"), pl.Int64()),
}
"""Columns of the details; those from `theirs` on are of files with counts."""


@dataclass(frozen=True)
class Reconciliation:
    """What came of laying a file beside ours."""

    event_type: str
    period: Period
    banners: tuple[str, ...] | None
    """Whose events were compared; None: of all banners."""
    columns: Columns
    """Which column of the file said what, and which were left out."""
    day_zone: str
    """The time zone whose days were compared."""
    outside: int
    """Rows of the file of other days or banners: no part of anything here."""
    summary: pl.DataFrame
    """One row: theirs = matched + missing + different, ours = matched + extra + different."""
    reasons: pl.DataFrame
    """verdict, explanation, count: what is missing first, then what is different, then extra; of each the most first."""
    details: pl.DataFrame
    """All that did not match: DETAILS. missing and different in the order of the file, then extra by instant."""


@dataclass(frozen=True)
class Asked:
    """What somebody asks, as it was given."""

    file: object
    event_type: object
    start: object = None
    end: object = None
    banner: object = None
    by: object = None
    columns: Mapping[str, str | None] | None = None
    time_zone: object = None
    date_format: object = None
    decimal: object = "."


def reconcile(dimensions: Dimensions, asked: Asked, complete_until: datetime) -> Reconciliation:
    """Return what differs between a file of somebody else and what we counted; see `wh.reconcile`. Raises BadParameter, NoArchive."""
    if asked.event_type not in EVENT_TYPES:
        raise BadParameter("type", f"{asked.event_type!r} is no event type; it is one of {', '.join(EVENT_TYPES)}")
    event_type = str(asked.event_type)
    columns = check_columns(reading.columns_of(asked.file), event_type, asked.by, asked.columns)
    written = check_written(
        asked.time_zone, dimensions.time_zone, asked.date_format, asked.decimal, has_times="time" in columns.of
    )
    whole = their_rows(reading.read(asked.file, list(columns.of.values())), columns, written)
    scope = Scope(event_type, _period(whole, asked), _banners(whole, asked.banner, columns), written.day_zone)
    theirs = whole.filter(_inside(scope, columns))
    details = _compared(dimensions, columns, scope, theirs, complete_until)
    sums = dict(details.group_by("verdict").agg(pl.col("count").sum()).iter_rows())
    parts = {verdict: int(sums.get(verdict, 0)) for verdict in VERDICTS}
    shown = details.filter(pl.col("verdict") != "matched").with_columns(because=because(columns.identity))
    return Reconciliation(
        event_type,
        scope.period,
        None if scope.banners is None else tuple(scope.banners),
        columns,
        written.day_zone,
        whole.height - theirs.height,
        pl.DataFrame(
            {
                "theirs": parts["matched"] + parts["missing"] + parts["different"],
                "ours": parts["matched"] + parts["extra"] + parts["different"],
                **parts,
            }
        ),
        _reasons(shown),
        shown.match_to_schema(DETAILS, missing_columns="insert", extra_columns="ignore"),
    )


def _reasons(details: pl.DataFrame) -> pl.DataFrame:
    order = pl.col("verdict").replace_strict(
        {name: place for place, name in enumerate(_IN_ORDER)}, return_dtype=pl.Int8
    )
    sums = details.group_by("verdict", "explanation").agg(pl.col("count").sum())
    return sums.sort(order, -pl.col("count"), "explanation")


def _period(theirs: pl.DataFrame, asked: Asked) -> Period:
    """Return the days that are compared: those given, else from the first to the last of the file."""
    first, last = theirs.select(pl.col(DAY).min().alias("first"), pl.col(DAY).max().alias("last")).row(0)
    start = first if asked.start is None else parse_day("start", asked.start)
    end = last if asked.end is None else parse_day("end", asked.end)
    if start is None or end is None:
        raise BadParameter(
            "start", "no row of the file has a day that can be read: give start and end, the days that it is of"
        )
    return parse_period(start, end)


def _banners(theirs: pl.DataFrame, banner: object, columns: Columns) -> Sequence[str] | None:
    if banner is None and "banner" in columns.by:
        return theirs["banner_tag"].drop_nulls().unique().sort().to_list()
    return banner_tags(banner)


def _inside(scope: Scope, columns: Columns) -> pl.Expr:
    """Whether a row is of the days and banners asked for, as far as it says so."""
    inside = pl.col(DAY).is_null() | pl.col(DAY).is_between(scope.period.start, scope.period.end)
    if scope.banners is None or "banner" not in columns.by:
        return inside
    return inside & (pl.col("banner_tag").is_null() | pl.col("banner_tag").is_in(list(scope.banners)))


def _compared(
    dimensions: Dimensions, columns: Columns, scope: Scope, theirs: pl.DataFrame, complete_until: datetime
) -> pl.DataFrame:
    """Return all rows of theirs and all of ours, each with its verdict and explanation."""
    identity = KEYS[columns.identity] if columns.identity else None
    transactions = identity == "txid" or (identity is not None and "amount" in columns.of)
    ours = our_rows(
        dimensions, scope, columns.identity, with_day_compared="day" in columns.by, transactions=transactions
    )
    if identity is None:
        keys = [{"day": DAY, "banner": "banner_tag"}[name] for name in columns.by]
        return counts.compared_counts(theirs, ours, keys, dimensions.snapshot, scope, complete_until).sort(
            *keys, "verdict", nulls_last=True
        )
    rows = theirs.with_columns(count=pl.lit(1, pl.Int64))
    named = [{"day": DAY, **KEYS}[name] for name in columns.by if KEYS.get(name) != identity]
    attributes = [*named, *(name for name in ("amount", "currency") if name in columns.of)]
    usable = rows.filter(pl.col("problem").is_null())
    links = pairs(usable, ours, identity, attributes)
    paired = _side_by_side(rows.join(links, on="their_row", how="inner", maintain_order="left"), ours, attributes)
    missing = explaining.explained(
        dimensions.snapshot,
        dimensions.time_zone,
        scope,
        rows.join(links, on="their_row", how="anti", maintain_order="left"),
        identity,
        complete_until,
    ).rename({"found_on": "our_date", "found_at": "our_created_at", "found_banner_tag": "our_banner_tag"})
    extra = _extra(ours.join(links, on="our_row", how="anti", maintain_order="left"), rows, identity)
    return pl.concat(
        [
            pl.concat([paired, missing.with_columns(verdict=pl.lit("missing"))], how="diagonal").sort("their_row"),
            extra,
        ],
        how="diagonal",
    )


_OURS = {
    DAY: "our_date",
    "created_at": "our_created_at",
    "event_id": "our_event_id",
    **{name: f"our_{name}" for name in (*KEYS.values(), "amount", "currency")},
}


def _side_by_side(linked: pl.DataFrame, ours: pl.DataFrame, attributes: Sequence[str]) -> pl.DataFrame:
    both = linked.join(ours.rename(_OURS), on="our_row", how="inner", maintain_order="left")
    differs = [pl.when(pl.col(name).ne_missing(pl.col(_OURS[name]))).then(pl.lit(name)) for name in attributes]
    listed = pl.concat_list(differs).list.drop_nulls() if differs else pl.lit([], pl.List(pl.String))
    both = both.with_columns(differs_in=listed)
    is_different = pl.col("differs_in").list.len() > 0
    first = pl.col("differs_in").list.first()
    zone = (first == DAY) & explaining.another_zones_day(pl.col("our_created_at"))
    return both.with_columns(
        verdict=pl.when(is_different).then(pl.lit(_PAIRED[0])).otherwise(pl.lit(_PAIRED[1])),
        explanation=pl.when(zone)
        .then(pl.lit("other_time_zone"))
        .otherwise(
            first.replace(
                {DAY: "other_day", **{name: f"other_{name}".removesuffix("_tag") for name in _OURS if name != DAY}}
            )
        ),
    )


def _extra(ours: pl.DataFrame, theirs: pl.DataFrame, identity: str) -> pl.DataFrame:
    """Return our events that none of theirs is, with why."""
    named = theirs.select(identity).drop_nulls().unique().with_columns(is_named=pl.lit(value=True))
    beside = ours.join(named, on=identity, how="left", maintain_order="left")
    return beside.with_columns(
        verdict=pl.lit("extra"),
        count=pl.lit(1, pl.Int64),
        explanation=pl.when(pl.col(identity).is_null())
        .then(pl.lit(f"no_{identity}"))
        .when(pl.col("is_named"))
        .then(pl.lit("named_elsewhere"))
        .otherwise(pl.lit("not_in_their_log")),
    ).select("verdict", "count", "explanation", pl.col(list(_OURS)).name.map(lambda name: _OURS[name]))
