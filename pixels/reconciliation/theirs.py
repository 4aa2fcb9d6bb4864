"""The rows of somebody else's log as days, banners, players, ids and amounts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import available_timezones

import polars as pl

from pixels.errors import BadParameter
from pixels.formulas import BEGINNINGS
from pixels.reconciliation.columns import Columns
from pixels.rules import DAY, INSTANT

AMOUNT = pl.Decimal(18, 4)
KEYS = {"banner": "banner_tag", "player": "player_id", "click_id": "click_id", "txid": "txid"}
"""Our names of the texts in a file."""
SCHEMA = {
    "their_row": pl.Int64(),
    DAY: pl.Date(),
    "their_time": INSTANT,
    **dict.fromkeys(KEYS.values(), pl.String()),
    "amount": AMOUNT,
    "currency": pl.String(),
    "count": pl.Int64(),
    "problem": pl.String(),
}
_GUARDED = f"^'('*[{re.escape(''.join(BEGINNINGS))}])"
_AMOUNT = r"^[0-9]{1,14}(\.[0-9]{1,4})?$"
_WITH_COMMA = r"^([0-9]+|[0-9]{1,3}(\.[0-9]{3})+)(,[0-9]+)?$"
_TRAILING_ZEROS = r"(\.[0-9]{4})0+$"
_COUNT = r"^[0-9]{1,12}$"
_FIRST, _LAST = date(2000, 1, 1), date(2999, 12, 31)
_ISO = "%Y-%m-%dT%H:%M:%S%.f"
_OFFSET = r"T.*[+-][0-9]{2}:?[0-9]{2}$"


@dataclass(frozen=True)
class Written:
    """How the file is written: whose clock its times without an offset are, the form of its days, and its decimal sign."""

    time_zone: str
    day_zone: str
    date_format: str | None = None
    decimal: str = "."


def their_rows(frame: pl.DataFrame, columns: Columns, written: Written) -> pl.DataFrame:
    """Return SCHEMA, one row a row of the file. `their_row` is its number, from 1 below the header.

    `event_date` is the day as it stands there, of a time its day in the zone `day_zone`. `problem` says what is wrong with
    a row that cannot be compared; a text is without the white space around it, and without the apostrophe of a guarded formula.
    A whole number in a column of floats is written as one: 123.0 names the player 123.
    """
    cells = frame.select(
        (pl.col(column) if (kind := frame.schema[column]).is_temporal() else _text(pl.col(column), kind)).alias(name)
        for name, column in columns.of.items()
    )
    rows = cells.select(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("their_row"),
        *(pl.col(name).cast(pl.String).alias(KEYS[name]) for name in KEYS if name in cells.columns),
    )
    if "time" in cells.columns:
        time = _instants(cells["time"], written)
        rows = rows.with_columns(
            their_time=time.cast(INSTANT), event_date=time.dt.convert_time_zone(written.day_zone).dt.date()
        )
    elif "day" in cells.columns:
        rows = rows.with_columns(event_date=_days(cells["day"], written))
    if "currency" in cells.columns:
        rows = rows.with_columns(currency=cells["currency"].cast(pl.String).str.to_uppercase())
    if "amount" in cells.columns:
        decimal = "." if frame.schema[columns.of["amount"]].is_numeric() else written.decimal
        rows = rows.with_columns(amount=_amounts(cells["amount"].cast(pl.String), decimal))
    if "count" in cells.columns:
        rows = rows.with_columns(count=_counts(cells["count"].cast(pl.String)))
    else:
        rows = rows.with_columns(count=pl.lit(1, pl.Int64))
    if DAY in rows.columns:  # of another century is what no event can be of, and what calendars end before
        rows = rows.with_columns(pl.when(pl.col(DAY).is_between(_FIRST, _LAST)).then(pl.col(DAY)).alias(DAY))
    known = rows.match_to_schema({**SCHEMA}, missing_columns="insert").select(list(SCHEMA))
    return known.with_columns(_problem(columns, cells).alias("problem"), count=pl.col("count").fill_null(0))


def _text(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    said = column.cast(pl.String)
    if kind.is_float():  # what a column of whole numbers becomes in pandas where one is missing
        said = said.str.replace(r"\.0$", "")
    text = said.str.strip_chars(" \u00a0\t\r\n").str.replace(_GUARDED, "$1")
    return pl.when(text != "").then(text)


def _amounts(texts: pl.Series, decimal: str) -> pl.Series:
    if decimal == ",":
        texts = (
            texts.set(~texts.str.contains(_WITH_COMMA), None)
            .str.replace_all(".", "", literal=True)
            .str.replace(",", ".", literal=True)
        )
    exact = texts.str.replace(_TRAILING_ZEROS, "$1")
    return exact.set(~exact.str.contains(_AMOUNT), None).cast(AMOUNT, strict=False)


def _counts(texts: pl.Series) -> pl.Series:
    return texts.set(~texts.str.contains(_COUNT), None).cast(pl.Int64, strict=False)


def _days(cells: pl.Series, written: Written) -> pl.Series:
    if cells.dtype == pl.Date:
        return cells
    if isinstance(cells.dtype, pl.Datetime):
        return (cells.dt.convert_time_zone(written.day_zone) if cells.dtype.time_zone else cells).dt.date()
    texts = cells.cast(pl.String).str.replace(r"[T ]00:00(:00(\.0+)?)?$", "")
    return texts.str.to_date(written.date_format or "%Y-%m-%d", strict=False)


def _instants(cells: pl.Series, written: Written) -> pl.Series:
    """Return the instants in UTC; null where a cell is none."""
    if isinstance(cells.dtype, pl.Datetime):
        return cells.dt.convert_time_zone("UTC") if cells.dtype.time_zone else _on_their_clock(cells, written)
    texts = cells.cast(pl.String)
    if written.date_format is not None:
        if re.search(r"%[z:#]", written.date_format):
            return texts.str.to_datetime(written.date_format, strict=False, time_unit="us", time_zone="UTC")
        return _on_their_clock(texts.str.to_datetime(written.date_format, strict=False, time_unit="us"), written)
    clocks = texts.str.replace(r"^([0-9-]{10}) ", "${1}T").str.replace(r"T([0-9]{2}:[0-9]{2})(Z|[+-]|$)", "T$1:00$2")
    clocks = clocks.str.replace(r"Z$", "+00:00").str.replace(r"([+-][0-9]{2})$", "$1:00")
    # A day alone ends in what looks like an offset; it is no time, and neither reading takes it.
    has_offset = clocks.str.contains(_OFFSET)
    exact = clocks.set(~has_offset, None).str.to_datetime(_ISO + "%z", strict=False, time_unit="us", time_zone="UTC")
    naive = clocks.set(has_offset, None).str.to_datetime(_ISO, strict=False, time_unit="us")
    return exact.zip_with(exact.is_not_null(), _on_their_clock(naive, written))


def _on_their_clock(naive: pl.Series, written: Written) -> pl.Series:
    zoned = naive.dt.replace_time_zone(written.time_zone, ambiguous="earliest", non_existent="null")
    return zoned.dt.convert_time_zone("UTC")


def _problem(columns: Columns, cells: pl.DataFrame) -> pl.Expr:
    """Say what is wrong with a row, in the first thing that is."""
    when = "time" if "time" in cells.columns else "day"
    wrong = {when: pl.col(DAY).is_null()} if when in cells.columns else {}
    if columns.identity:
        wrong[columns.identity] = pl.col(KEYS[columns.identity]).is_null()
    elif "count" in cells.columns:
        wrong["count"] = pl.col("count").is_null()
    if "amount" in cells.columns:
        wrong["amount"] = pl.col("amount").is_null() & pl.lit(cells["amount"]).is_not_null()
    problem = pl.lit(None, pl.String)
    for name, is_wrong in reversed(wrong.items()):
        said = cells[name].cast(pl.String).str.slice(0, 60).fill_null("(nothing)")
        problem = pl.when(is_wrong).then(pl.format(f"the {name} {{}} cannot be read", said)).otherwise(problem)
    return problem


def check_written(
    time_zone: object, warehouse_zone: str, date_format: object, decimal: object, *, has_times: bool
) -> Written:
    """Return how the file is written. Raises BadParameter for what is no time zone, form of days or decimal sign."""
    if time_zone is not None and time_zone not in available_timezones():
        raise BadParameter("time_zone", f"{time_zone!r} is no time zone; write for example Europe/Berlin or UTC")
    if decimal not in (".", ","):
        raise BadParameter("decimal", f"{decimal!r} is neither '.' nor ','")
    if date_format is not None:
        if not isinstance(date_format, str) or "%" not in date_format:
            raise BadParameter("date_format", f"{date_format!r} is no form of days such as %d.%m.%Y")
        _check_form(date_format)
    zone = warehouse_zone if time_zone is None else str(time_zone)
    return Written(zone, warehouse_zone if has_times else zone, date_format, str(decimal))


def _check_form(date_format: str) -> None:
    """Raise BadParameter for a form in which a day, written down and read again, is not the same day."""
    wrong = BadParameter("date_format", f"{date_format!r} names no day: write year, month and day, such as %d.%m.%Y")
    try:
        written = pl.Series([datetime(2026, 11, 23, tzinfo=UTC)]).dt.to_string(date_format)
        if written.str.to_date(date_format, strict=False).to_list() != [date(2026, 11, 23)]:
            raise wrong
    except pl.exceptions.PolarsError:
        raise wrong from None
