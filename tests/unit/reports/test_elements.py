"""What a page is made of: whatever stands in the data stays text."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pixels import plots
from pixels.reports.elements import chart, say, table
from pixels.reports.words import quoted
from tests.unit.reports.html_page import HtmlPage

# What no collector takes as a banner tag is left out: control characters, and half a character of UTF-16.
names = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30)
HOSTILE = "</script><img src=x onerror=alert(1)>"


@given(name=names)
@example(name=HOSTILE)
@example(name="&lt;b&gt; $x$ *y*")
def test_a_name_in_a_sentence_is_text(name: str) -> None:
    """A sentence holds exactly the characters of the name, and no element that came with it."""
    page = HtmlPage(say(f"{name} brought the most.").data)

    assert page.text.replace("\u2068", "").replace("\u2069", "") == f"{name} brought the most.".replace(
        "\u2068", ""
    ).replace("\u2069", "")
    assert page.elements <= {"p", "bdi"}


@given(name=names)
@example(name=HOSTILE)
def test_a_name_in_a_table_is_text(name: str) -> None:
    """A cell holds exactly the characters of the name."""
    page = HtmlPage(table(pl.DataFrame({"banner_tag": [name]}), {"banner_tag": "Banner"}).data)

    assert page.text == f"Banner{name}"
    assert page.elements == {"div", "table", "thead", "tbody", "tr", "th", "td"}


def test_a_name_in_a_chart_stays_in_its_script() -> None:
    """A tag that closes a script element does not close the one that the chart travels in."""
    brought = pl.DataFrame({"banner_tag": [HOSTILE], "visits": [1], "registrations": [1], "deposits": [1]})

    page = HtmlPage(chart(plots.banners(brought), "Banners").data)

    assert page.elements == {"figure", "div", "script"}


def test_a_quoted_name_is_set_apart() -> None:
    """Right-to-left writing in a name cannot turn the words around it; nothing is added that would be copied along."""
    assert say(f"{quoted('brandA')} leads.").data.endswith("“<bdi>brandA</bdi>” leads.</p>")


@pytest.mark.parametrize(("value", "written"), [(1234, "1,234"), (12.345, "12.3"), (None, "\u2013"), ("=1+1", "=1+1")])
def test_a_value_is_written_for_a_person(value: object, written: str) -> None:
    """Thousands are grouped, shares have one decimal, what is missing is a dash."""
    assert f">{written}</td>" in table(pl.DataFrame({"value": [value]}), {"value": "Value"}).data


def test_a_long_table_says_how_much_is_left_out() -> None:
    """Nothing is cut silently."""
    page = HtmlPage(table(pl.DataFrame({"n": range(21)}), {"n": "N"}, limit=20).data)

    assert page.text.endswith("19and 1 row more")
