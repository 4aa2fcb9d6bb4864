"""The hash of figures: it follows the figures, and nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import nbformat
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixels import plots
from pixels.reports.elements import chart, say, table
from pixels.reports.fingerprint import of_notebook, total

BROUGHT = pl.DataFrame({"banner_tag": ["a", "b"], "visits": [3, 2], "registrations": [2, 1], "deposits": [1, 0]})
HEADINGS = {"banner_tag": "Banner", "visits": "Visits"}


def figures(element: Any) -> str:
    """What an element says it shows."""
    found: str = element.metadata["pixels"]["figures"]
    return found


def with_visits(*visits: object) -> pl.DataFrame:
    return BROUGHT.with_columns(visits=pl.Series(visits, strict=False))


def test_a_table_counts_with_its_columns_and_rows() -> None:
    """One figure, one heading or the order makes another; a column that is not shown does not."""
    first = figures(table(BROUGHT, HEADINGS))

    assert first == figures(table(with_visits(3, 2), HEADINGS))
    assert first == figures(table(BROUGHT.with_columns(registrations=9), HEADINGS))
    others = [
        table(with_visits(3, 1), HEADINGS),
        table(with_visits(3, None), HEADINGS),
        table(BROUGHT.reverse(), HEADINGS),
        table(BROUGHT, {**HEADINGS, "visits": "People"}),
        table(BROUGHT, HEADINGS | {"deposits": "Deposits"}),
    ]
    assert len({first, *map(figures, others)}) == 6


def test_rows_below_the_limit_count_too() -> None:
    """A table says how many more there are: they are part of what it shows."""
    assert figures(table(BROUGHT, HEADINGS, limit=1)) != figures(table(with_visits(3, 1), HEADINGS, limit=1))


def test_a_sum_of_floats_may_differ_in_its_last_digits() -> None:
    """Threads add up in any order; a cent more is another figure."""
    shown = [figures(table(pl.DataFrame({"x": [value]}), {"x": "X"})) for value in (0.1 + 0.2, 0.3, 0.31)]

    assert shown[0] == shown[1] != shown[2]


def test_a_chart_counts_with_its_data_and_not_with_bokehs_ids() -> None:
    """Drawn twice it has other ids; with one visit more it is another."""
    first, again, more = (
        figures(chart(plots.banners(frame, "visits", width=width), "Banners"))
        for frame, width in ((BROUGHT, 640), (BROUGHT, 880), (with_visits(3, 1), 640))
    )

    assert first == again != more


def test_a_chart_of_days_counts_every_day() -> None:
    """Days are instants to Bokeh, in arrays of their own."""
    daily = pl.DataFrame(
        {"event_date": [date(2026, 11, 1), date(2026, 11, 2)], "event_type": ["visit", "visit"], "count": [3, 4]}
    )
    later = daily.with_columns(pl.col("event_date").dt.offset_by("1d"))

    shown = [figures(chart(plots.metrics(frame, "visit"), "By day")) for frame in (daily, daily.clone(), later)]

    assert shown[0] == shown[1] != shown[2]


@given(one=st.text(), other=st.text())
def test_sentences_are_the_same_when_their_words_are(one: str, other: str) -> None:
    """No two texts share a hash."""
    assert (figures(say(one)) == figures(say(other))) == (one == other)


def code(*outputs: Any) -> Any:
    return nbformat.v4.new_code_cell("x", outputs=list(outputs))


def shown(text: str) -> Any:
    return nbformat.v4.new_output("execute_result", {"text/plain": text})


def of_ours(element: Any) -> Any:
    """The output that a kernel makes of an element."""
    data, metadata = element._repr_html_()
    return nbformat.v4.new_output(
        "display_data", {"text/html": data, "text/plain": "<HTML>"}, metadata={"text/html": metadata}
    )


def test_figures_are_told_by_section() -> None:
    """What follows a heading is of its section; sections without figures are left out."""
    cells = [
        nbformat.v4.new_markdown_cell("# Report"),
        code(),
        nbformat.v4.new_markdown_cell("## One\n\ntext"),
        code(of_ours(say("12 visits")), shown("12")),
        nbformat.v4.new_markdown_cell("## Two"),
        code(nbformat.v4.new_output("stream", name="stdout", text="13\n")),
    ]
    found: Any = of_notebook(nbformat.v4.new_notebook(cells=cells))
    cells[3] = code(of_ours(say("13 visits")), shown("12"))
    other: Any = of_notebook(nbformat.v4.new_notebook(cells=cells))

    assert [section["section"] for section in found["sections"]] == ["One", "Two"]
    assert found["sha256"] == total(found["sections"]) != other["sha256"]
    assert found["sections"][0] != other["sections"][0]
    assert found["sections"][1] == other["sections"][1]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (shown("<Plot at 0x7f8c6035acd0>"), shown("<Plot at 0x7f8c6035ffff>"), True),
        (shown("12 visits"), shown("13 visits"), False),
        (nbformat.v4.new_output("stream", name="stderr", text="a warning"), shown("12"), False),
    ],
)
def test_what_others_show_counts_with_its_text(one: Any, other: Any, same: bool) -> None:
    """Without addresses in memory, which differ from kernel to kernel."""
    one, other = (of_notebook(nbformat.v4.new_notebook(cells=[code(output)]))["sha256"] for output in (one, other))

    assert (one == other) is same


def test_instants_and_days_count_as_they_are_written() -> None:
    """Types that JSON does not have."""
    frame = pl.DataFrame({"day": [date(2026, 11, 1)], "at": [datetime(2026, 11, 1, 12, tzinfo=UTC)]})
    headings = {"day": "Day", "at": "At"}

    assert figures(table(frame, headings)) == figures(table(frame.clone(), headings))
    assert figures(table(frame, headings)) != figures(
        table(frame.with_columns(pl.col("at").dt.offset_by("1s")), headings)
    )
