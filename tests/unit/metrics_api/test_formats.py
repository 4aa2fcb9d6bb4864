"""The forms of an answer keep what the frame says, whatever strangers wrote into it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics_api.formats import ARROW, CSV, PARQUET, WRITERS, json_rows

SCHEMA = {
    "text": pl.String(),
    "number": pl.Int64(),
    "rate": pl.Float64(),
    "yes": pl.Boolean(),
    "day": pl.Date(),
    "instant": pl.Datetime("ms", "UTC"),
    "money": pl.Decimal(38, 4),
    "keys": pl.List(pl.String()),
}
BEGINNINGS = st.sampled_from(["", "=", "+", "-", "@", "\t", "\r", "'", '"', "\uff1d"])
TEXTS = st.builds(
    lambda start, rest: start + rest,
    BEGINNINGS,
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)
INSTANTS = st.integers(0, 4_000_000_000_000).map(
    lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
VALUES = {
    "text": TEXTS,
    "number": st.integers(-(2**63), 2**63 - 1),
    "rate": st.floats(allow_nan=False, allow_infinity=False),
    "yes": st.booleans(),
    "day": st.dates(),
    "instant": INSTANTS,
    "money": st.decimals(-(10**12), 10**12, places=4, allow_nan=False),
    "keys": st.lists(TEXTS, max_size=3),
}
ROWS = st.lists(st.fixed_dictionaries({name: st.none() | values for name, values in VALUES.items()}), max_size=4)


def frame_of(rows: list[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA)


@given(ROWS)
def test_parquet_and_arrow_lose_nothing(rows: list[dict[str, object]]) -> None:
    """Types, nulls, decimals, lists and every character."""
    frame = frame_of(rows)

    for read, form in ((pl.read_parquet, PARQUET), (pl.read_ipc_stream, ARROW)):
        back = read(io.BytesIO(WRITERS[form](frame)))
        assert back.schema == frame.schema
        assert back.equals(frame)


@given(ROWS)
def test_json_says_every_value(rows: list[dict[str, object]]) -> None:
    """Instants and days ISO 8601, decimals text with all their places, lists lists, nulls null."""
    written = json.loads(msgspec.json.encode(json_rows(frame_of(rows))))

    for before, after in zip(rows, written, strict=True):
        assert {name: after[name] for name in ("text", "number", "yes", "keys", "rate")} == {
            name: before[name] for name in ("text", "number", "yes", "keys", "rate")
        }
        read: dict[str, Callable[[str], object]] = {
            "day": date.fromisoformat,
            "instant": datetime.fromisoformat,
            "money": Decimal,
        }
        assert {name: after[name] and of(after[name]) for name, of in read.items()} == {n: before[n] for n in read}
        assert after["instant"] is None or after["instant"].endswith("Z")
        assert after["money"] is None or isinstance(after["money"], str)


@given(ROWS)
def test_no_text_of_a_csv_begins_like_a_formula(rows: list[dict[str, object]]) -> None:
    """A row stays one line; numbers, also negative ones, are what they are."""
    text = WRITERS[CSV](frame_of(rows)).decode()
    lines = list(csv.DictReader(io.StringIO(text, newline="")))

    assert text.count("\n") == len(rows) + 1
    for before, after in zip(rows, lines, strict=True):
        assert not after["text"].startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d"))
        assert not after["keys"].startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d"))
        assert after["number"] == ("" if before["number"] is None else str(before["number"]))
        assert after["money"] == ("" if before["money"] is None else str(before["money"]))


@pytest.mark.parametrize("form", WRITERS, ids=lambda form: form.name)
def test_an_answer_without_rows_has_its_columns(form: object) -> None:
    """In every form that has columns."""
    written = WRITERS[form](frame_of([]))  # type: ignore[index]

    assert written
    if form is CSV:
        assert written.decode().strip().split(",") == list(SCHEMA)
