"""Parquet: a row an event. Metadata is JSON in a text, a map or a struct; instants may be texts or timestamps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from aggregator.imports.columns import check_columns
from aggregator.imports.lines import Judge, Line, NewId, Refused, outcome_of
from aggregator.imports.opening import OpenedFile

_ROWS_AT_A_TIME = 5_000


def read_parquet(file: OpenedFile, judge: Judge, new_id: NewId) -> Iterator[Line]:
    """Yield the rows; raises UnusableFile when it has not the columns needed."""
    parquet = pq.ParquetFile(file.stream)
    names = parquet.schema_arrow.names
    check_columns(file.name, names)
    number = 0
    for batch in parquet.iter_batches(batch_size=_ROWS_AT_A_TIME):
        for values in _rows(batch):
            number += 1
            if isinstance(values, Refused):
                yield Line(number, b"", values)
            else:
                yield _line(number, names, values, judge, new_id)


def _rows(batch: Any) -> Iterator[tuple[Any, ...] | Refused]:
    """Yield the values of each row. What Python cannot hold, an instant after 9999 or text that is not UTF-8, costs its row."""
    columns = [_in_microseconds(column) for column in batch.columns]
    try:
        yield from list(zip(*(column.to_pylist() for column in columns), strict=True))
    except (ValueError, OverflowError, LookupError):  # Arrow does not say in which row
        for row in range(batch.num_rows):
            yield _row(columns, row)


def _row(columns: list[Any], row: int) -> tuple[Any, ...] | Refused:
    try:
        return tuple(column[row].as_py() for column in columns)
    except UnicodeDecodeError as error:
        return Refused("not_utf8", str(error))
    except (ValueError, OverflowError, LookupError) as error:
        return Refused("bad_line", f"a value of the row cannot be read: {error}")


def _line(number: int, names: list[str], values: tuple[Any, ...], judge: Judge, new_id: NewId) -> Line:
    written = json.dumps(dict(zip(names, values, strict=True)), default=str).encode()
    try:
        row = [(name, text) for name, value in zip(names, values, strict=True) if (text := as_text(value)) is not None]
    except UnicodeDecodeError as error:
        return Line(number, written, Refused("not_utf8", str(error)))
    return Line(number, written, outcome_of(judge.row(row, new_id)))


def as_text(value: Any) -> str | None:
    """Return a value of Arrow as the text that it is in JSON, CSV or a URL; None for null."""
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case bytes():
            return value.decode()
        case Decimal():
            return f"{value:f}"
        case datetime():
            return (value if value.tzinfo is None else value.astimezone(UTC)).isoformat()
        case dict():
            return _object(list(value.items()))
        case list() if all(isinstance(member, tuple) for member in value):  # a map
            return _object(value)
        case list():
            return json.dumps([as_text(member) for member in value])
        case _:
            return str(value)


def _object(members: list[tuple[Any, Any]]) -> str:
    """Return a JSON object of texts, without those that are null; what is there twice stays there twice."""
    texts = [(as_text(name), as_text(value)) for name, value in members]
    return "{" + ", ".join(f"{json.dumps(name)}: {json.dumps(text)}" for name, text in texts if text is not None) + "}"


def _in_microseconds(column: Any) -> Any:
    """Return instants in what Python's can hold."""
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp("us", column.type.tz), safe=False)
    return column
