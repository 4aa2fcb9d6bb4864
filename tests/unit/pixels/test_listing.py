"""Frames as text: what strangers wrote stays text, in a terminal, in a spreadsheet, in JSON."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixels.listing import as_csv, as_json, as_table, harmless


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a b, ü €", "a b, ü €"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\x9b31m\x7f", "\\x9b31m\\x7f"),
        ("abc\u202egpj\u200b", "abc\\u202egpj\\u200b"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_is_no_visible_character_stands_as_its_code(written: str, shown: str) -> None:
    """Escapes, line ends, marks of direction, characters without width."""
    assert harmless(written) == shown


@given(st.text())
def test_nothing_that_is_shown_can_move_the_cursor(written: str) -> None:
    """Whatever the text, all of what is shown is printable."""
    assert harmless(written).isprintable()


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\uff1d"])
def test_a_text_that_begins_like_a_formula_has_an_apostrophe_before_it(first: str) -> None:
    """Numbers are no texts and stay as they are."""
    frame = pl.DataFrame({"text": [f"{first}1+1", "a=b"], "number": [-1, 2]})
    cells = [row[0] for row in csv.reader(io.StringIO(as_csv(frame)))]
    assert cells == ["text", f"'{harmless(first)}1+1", "a=b"]
    assert as_csv(frame).splitlines()[1].endswith(",-1")


@given(st.lists(st.tuples(st.text(), st.none() | st.integers(-9, 9)), max_size=5))
def test_csv_keeps_its_rows_and_columns_whatever_stands_in_them(rows: list[tuple[str, int | None]]) -> None:
    """Quotes, commas and line ends of strangers make no cell and no row."""
    frame = pl.DataFrame(rows, schema={"a,b": pl.String, "n": pl.Int64}, orient="row")
    read = list(csv.reader(io.StringIO(as_csv(frame))))
    assert [len(row) for row in read] == [2] * (len(rows) + 1)
    assert [row[0].removeprefix("'") for row in read[1:]] == [harmless(text).removeprefix("'") for text, _ in rows]


def test_a_table_cuts_long_texts_and_leaves_out_empty_columns() -> None:
    """The last column stays whole; it can be copied."""
    frame = pl.DataFrame({"text": ["x" * 100], "empty": [None], "id": ["y" * 100]})
    header, row = as_table(frame).splitlines()
    assert header.split() == ["text", "id"]
    assert row.split() == ["x" * 57 + "...", "y" * 100]


def test_json_is_ascii_with_instants_in_utc() -> None:
    """A reader gets the characters as they were, a terminal none of them."""
    frame = pl.DataFrame({"at": [datetime(2026, 11, 17, 1, 2, 3, 4000, UTC)], "text": ["\x1b\u202e"]})
    written = as_json({"rows": frame})
    assert written.isascii()
    assert json.loads(written) == {"rows": [{"at": "2026-11-17T01:02:03.004Z", "text": "\x1b\u202e"}]}
