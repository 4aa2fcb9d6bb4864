"""Frames as text on a terminal or in a file: a table, CSV or JSON, in which the words of strangers stay words.

Banner tags, player ids and payloads come from strangers: control characters are written as their codes, so that none of
them moves the cursor or turns the direction of reading, and what a spreadsheet would take for a formula gets an apostrophe.
"""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from typing import Any, Literal

import polars as pl

from pixels.formulas import BEGINNINGS
from pixels.pointer import utc_text

Format = Literal["table", "csv", "json"]
FORMATS: tuple[Format, ...] = ("table", "csv", "json")

_WIDEST = 60
"""Characters of a cell in a table; of a longer text the end is cut off, for three dots."""


def harmless(text: str) -> str:
    """Return a text in which everything that is no visible character stands as its code: an escape as x1b after a backslash."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def as_table(frame: pl.DataFrame) -> str:
    """Return the rows under their column names, in columns as wide as they need; columns without any value are left out.

    Long texts are cut, save those of the last column.
    """
    frame = frame.select(column for column in frame if column.null_count() < frame.height)
    rows = [frame.columns, *([*map(_cell, row[:-1]), harmless(str(_plain(row[-1])))] for row in frame.iter_rows())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def as_csv(frame: pl.DataFrame) -> str:
    """Return the rows as CSV with a header; texts that begin like a formula have an apostrophe before them."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(frame.columns)
    for row in frame.iter_rows():
        writer.writerow([_unlike_a_formula(value) if isinstance(value, str) else _plain(value) for value in row])
    return out.getvalue().removesuffix("\n")


def as_json(value: Any) -> str:
    """Return JSON in ASCII; a frame is a list of objects, an instant ISO 8601 in UTC."""
    return json.dumps(value, default=_plain_for_json)


def _cell(value: Any) -> str:
    text = harmless(str(_plain(value)))
    return text if len(text) <= _WIDEST else text[: _WIDEST - 3] + "..."


def _unlike_a_formula(text: str) -> str:
    return harmless(f"'{text}" if text.startswith(BEGINNINGS) else text)


def _plain(value: Any) -> Any:
    match value:
        case None:
            return ""
        case datetime():
            return utc_text(value)
        case bytes():
            return value.decode("latin-1")
    return value


def _plain_for_json(value: Any) -> Any:
    if isinstance(value, pl.DataFrame):
        return value.to_dicts()
    return str(value) if (plain := _plain(value)) is value else plain
