"""The forms in which rows are handed out."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from pixels.listing import as_csv


@dataclass(frozen=True)
class Format:
    """A form of an answer, named by `format=` or by the header Accept."""

    name: str
    media_type: str
    meaning: str
    charset: str = ""

    @property
    def content_type(self) -> str:
        """Return the media type with what a reader of the text needs to know."""
        return f"{self.media_type}; charset={self.charset}" if self.charset else self.media_type


JSON = Format("json", "application/json", "an object; instants ISO 8601 in UTC, decimals as text")
CSV = Format(
    "csv", "text/csv", "a header and the rows; a text that begins like a formula has an apostrophe before it", "utf-8"
)
PARQUET = Format("parquet", "application/vnd.apache.parquet", "the rows with their types")
ARROW = Format("arrow", "application/vnd.apache.arrow.stream", "the rows with their types, as a stream")
FORMATS = (JSON, CSV, PARQUET, ARROW)


def _csv(frame: pl.DataFrame) -> bytes:
    lists = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.List)]
    as_text = frame.with_columns(pl.col(name).map_elements(_json_text, return_dtype=pl.String) for name in lists)
    return f"{as_csv(as_text)}\n".encode()


def _json_text(values: pl.Series) -> str:
    return json.dumps(values.to_list(), ensure_ascii=False, default=str)


def _parquet(frame: pl.DataFrame) -> bytes:
    frame.write_parquet(out := io.BytesIO())
    return out.getvalue()


def _arrow(frame: pl.DataFrame) -> bytes:
    frame.write_ipc_stream(out := io.BytesIO())
    return out.getvalue()


WRITERS: dict[Format, Callable[[pl.DataFrame], bytes]] = {CSV: _csv, PARQUET: _parquet, ARROW: _arrow}
"""How rows are written; JSON has members beside its rows."""


def json_rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as JSON has them: instants ISO 8601 in UTC with milliseconds, days ISO 8601, decimals as text."""
    instants = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime)]
    written = frame.with_columns(pl.col(instants).dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")) if instants else frame
    return written.to_dicts()
