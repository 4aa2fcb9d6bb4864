"""Sentences about days that stood out, from frames as the library gives them."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from pixels.anomalies.figures import runs
from pixels.reports.anomaly_findings import WRITTEN, by_hour, explained, parts, received, shown, stood_out, subject
from tests.unit.pixels.test_anomalies import Months

BROKEN = 120


@pytest.fixture(scope="module")
def everything() -> pl.DataFrame:
    """Months in which the largest banner registers nobody on a day, and has a burst of visitors later."""
    months = Months()
    months.registrations["large"][BROKEN] = months.ftd["large"][BROKEN] = 0
    months.visits["middle"][BROKEN + 7] += 900
    return months.found(first=105, everything=True)


def test_what_stood_out_is_told_the_newest_first(everything: pl.DataFrame) -> None:
    """With who explains it, and what it may be."""
    told = stood_out(runs(everything, "banner_tag"), everything)

    assert "where" in told[0]
    assert any("“\u2068middle\u2069” explains most of it (+" in sentence for sentence in told)
    assert any(sentence.startswith("No registrations of “\u2068large\u2069” on 29 Sep 2026") for sentence in told)
    assert any("Visitors came as usual: a broken pixel?" in sentence for sentence in told)
    assert stood_out(runs(everything.clear(), "banner_tag"), everything)[0].startswith("Nothing stood out")
    assert stood_out(runs(everything.clear(), "banner_tag"), everything.clear())[0].startswith("Nothing can be said")


@pytest.mark.parametrize("visits", ["never", "not on the day"])
def test_visitors_came_as_usual_only_where_some_came(visits: str) -> None:
    """Of a banner that only registrations name, or that nobody visits any more, nothing is said of its visitors."""
    months = Months()
    months.registrations["large"][BROKEN] = 0
    months.visits["large"][:] = 0 if visits == "never" else 1
    months.visits["large"][BROKEN] = 0
    found = months.found(first=105, everything=True)

    told = [one for one in stood_out(runs(found, "banner_tag"), found) if one.startswith("No registrations of")]

    assert len(told) == 1
    assert "as usual" not in told[0]


def test_the_day_to_look_into_is_the_least_likely_or_the_one_that_was_chosen(everything: pl.DataFrame) -> None:
    """Of counts, which have a day of their own."""
    found = runs(everything, "banner_tag")
    broken = Months().days[BROKEN]

    least, chosen = subject(found), subject(found, broken)

    assert least is not None
    assert least["measure"] == "daily_unique_visitors"
    assert chosen is not None
    assert (chosen["banner_tag"], chosen["event_date"]) == ("large", broken)
    assert subject(found, date(2026, 1, 1)) is None


def test_the_difference_is_put_down_to_banners(everything: pl.DataFrame) -> None:
    """The largest first, with its share of the whole."""
    run = subject(runs(everything, "banner_tag"))
    assert run is not None

    frame = parts(everything, run)

    assert frame["banner_tag"][0] == "middle"
    assert "“\u2068middle\u2069” has " in explained(frame, run)
    assert " visitors more than expected." in explained(frame, run)
    fewer = frame.with_columns(pl.col("expected") + 5_000, pl.col("difference") - 5_000)
    assert " visitors fewer than expected." in explained(fewer, run)
    assert "None of them stands out by itself" in explained(frame.with_columns(stands_out=pl.lit(False)), run)
    assert "long enough" in explained(frame.clear(), run)


def test_the_table_has_rates_in_percent(everything: pl.DataFrame) -> None:
    """And words for the figures."""
    table = shown(runs(everything, "banner_tag"))

    assert {"day", "measure", "whose", "kind", "days", "value", "expected", "lower", "upper"} == set(table.columns)
    assert "Registrations" in table["measure"].to_list()
    of_counts = table.filter(pl.col("measure") == "Registrations")
    assert all(written.isdecimal() for written in of_counts["value"])


def test_a_table_writes_counts_whole_and_rates_with_their_sign() -> None:
    """As the sentences say them; what nobody can expect yet stays open."""
    rows = {
        "measure": ["ftd", "registration_rate"], "kind": ["rise", "fall"], "days": [1, 2], "value": [2572.0, 0.0061],
        "expected": [164.96, 0.031], "lower": [108.0, None], "upper": [233.0, 0.054], "event_date": [date(2026, 11, 15)] * 2,
        "is_total": [True, False], "banner_tag": ["", "a"],
    }  # fmt: skip

    table = shown(pl.DataFrame(rows))

    assert table.select(WRITTEN).rows() == [("2,572", "165", "108", "233"), ("0.6 %", "3.1 %", None, "5.4 %")]


def test_what_arrived_and_counts_is_told_apart() -> None:
    """Of the banner alone; refusals are of whatever type."""
    run = {"measure": "registrations", "is_total": False, "banner_tag": "a"}
    accounting = pl.DataFrame({
        "event_type": ["registration", "registration", "visit"], "banner_tag": ["a", "b", "a"], "received": [10, 99, 99],
        "counted": [7, 99, 99], "same_event_again": [2, 0, 0], "bots": [1, 0, 0],
    })  # fmt: skip

    told = received(accounting, pl.DataFrame({"count": [4]}), run)

    assert told == (
        "10 arrived and 7 of them count (70.0 %); 2 were the same event again, 1 of declared crawlers. "
        "4 requests of that day were refused, of whatever type."
    )
    assert received(accounting.clear(), pl.DataFrame({"count": [1]}), run).startswith("No registration arrived at all")


def test_the_hour_of_a_burst_is_named() -> None:
    """Beside the same hour a week before."""
    run = {"measure": "daily_unique_visitors"}
    usual = pl.DataFrame({"event_type": ["visit"] * 2, "hour": [9, 20], "count": [10, 20]})
    burst = usual.with_columns(count=pl.Series([11, 110]))

    assert by_hour(burst, usual, run) == (
        "From 20:00 to 21:00 there were 110 where a week before there were 20: 98.9 % of what was more that day."
    )
    assert "missing that day" in by_hour(usual, burst, run)
    assert by_hour(usual, usual, run) == "No hour differs from the same hour a week before."
    assert "nothing to compare" in by_hour(usual, usual.clear(), run)
