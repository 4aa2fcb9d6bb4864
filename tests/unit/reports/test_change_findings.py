"""Sentences about change."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixels.explained import is_chance, largest_part
from pixels.period import Period
from pixels.reports import change_findings as findings
from pixels.words import NONE

MONDAY = date(2026, 11, 2)
COUNTS = ("daily_unique_visitors", "registrations", "ftd")


def kpis(**banners: tuple[int, int, int]) -> pl.DataFrame:
    """Visitors, registrations and FTD by banner."""
    rows = [(tag, *counts) for tag, counts in banners.items()]
    return pl.DataFrame(rows, schema={"banner_tag": pl.String, **dict.fromkeys(COUNTS, pl.Int64)}, orient="row")


def weekly(*counts: int | None, partial: bool = False) -> pl.DataFrame:
    """Registrations of weeks in a row, None: no row; the last may be partial."""
    days = [MONDAY + timedelta(weeks=week) for week in range(len(counts))]
    rows = [
        (day, "registration", count, partial and day == days[-1])
        for day, count in zip(days, counts, strict=True)
        if count is not None
    ]
    schema = {"event_date": pl.Date, "event_type": pl.String, "count": pl.Int64, "partial": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")


def converted(visitors: int, registrations: int, deposits: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "visitors": [visitors],
            "registrations": [registrations],
            "registration_rate": [registrations / visitors if visitors else None],
            "deposits": [deposits],
            "deposit_rate": [deposits / registrations if registrations else None],
        }
    )


def refused(**reasons: int) -> pl.DataFrame:
    return pl.DataFrame([*reasons.items()], schema={"reason": pl.String, "count": pl.Int64}, orient="row")


def test_a_change_names_the_banner_that_explains_it() -> None:
    """FTD before registrations before visitors; a new banner moved from nothing."""
    now, before = kpis(a=(900, 90, 100), b=(100, 10, 90)), kpis(a=(900, 90, 100))

    assert findings.moved(now, before) == (
        "FTD rose from 100 to 190 (+90.0 %). “\u2068b\u2069” explains most of it (+90)."
    )
    assert findings.moved(before, now) == (
        "FTD fell from 190 to 100 (\u221247.4 %). “\u2068b\u2069” explains most of it (\u221290)."
    )


def test_what_can_be_chance_is_called_that() -> None:
    """Two standard deviations of the difference of two counts."""
    assert findings.moved(kpis(a=(0, 0, 12)), kpis(a=(0, 0, 7))) == (
        "12 FTD, about as many as before (7): the difference can be chance."
    )


@pytest.mark.parametrize(
    ("now", "before", "told"),
    [
        (kpis(), None, "Nothing was counted in these days."),
        (kpis(), kpis(), "Nothing was counted in these days."),
        (kpis(a=(1, 0, 0)), None, "There are no whole days of as much data before these to compare with."),
        (kpis(), kpis(a=(100, 0, 0)), "Daily unique visitors fell from 100 to 0 (\u2212100.0 %). “\u2068a\u2069” explains most of it (\u2212100)."),
    ],
)  # fmt: skip
def test_days_without_anything_to_compare_say_so(now: pl.DataFrame, before: pl.DataFrame | None, told: str) -> None:
    """And days that brought nothing, after days that did."""
    assert findings.moved(now, before) == told


def test_banners_that_moved_beyond_chance_are_named() -> None:
    """One that is new or has gone is beside the others; the largest change first."""
    now = kpis(up=(500, 50, 5), down=(400, 10, 1), same=(300, 20, 2), new=(10, 1, 0))
    before = kpis(up=(500, 10, 1), down=(400, 60, 6), same=(300, 21, 2), gone=(10, 2, 0))
    frame = findings.movement(now, before)

    assert frame["banner_tag"].to_list() == ["down", "up", "gone", "same", "new"]
    assert frame["change"].to_list() == [-50, 40, -2, -1, 1]
    assert findings.movers(frame) == (
        "“\u2068up\u2069” (10 to 50) rose by more than chance; “\u2068down\u2069” (60 to 10) fell by more than chance."
    )
    assert findings.movers(findings.movement(now, now)) == "No banner's registrations changed by more than chance."


def test_without_days_before_banners_are_listed_by_what_they_brought() -> None:
    """Nothing is said of a change."""
    frame = findings.movement(kpis(a=(5, 1, 0), b=(1, 1, 1)), None)

    assert frame["banner_tag"].to_list() == ["b", "a"]
    assert frame["change"].to_list() == [None, None]
    assert "no whole days before" in findings.movers(frame)
    assert findings.movers(findings.movement(kpis(), None)) == "No banner brought anybody in these days."


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (weekly(5, 4, 6, 7), "Registrations have risen 2 weeks in a row: 4, 6, 7."),
        (weekly(9, 7, 6, 8, partial=True), "Registrations have fallen 2 weeks in a row: 9, 7, 6."),
        (weekly(5, 4, 6), "Registrations of the last 3 whole weeks lie between 4 and 6."),
        (weekly(5, None, 6), "Registrations of the last 3 whole weeks lie between 0 and 6."),
        (weekly(5, 5), "Registrations were the same in each of the last 2 whole weeks: 5."),
        (weekly(5), "It takes two whole weeks to compare."),
        (weekly(5, 6, partial=True), "It takes two whole weeks to compare."),
        (weekly(), "It takes two whole weeks to compare."),
    ],
)
def test_weeks_that_follow_each_other_are_compared(frame: pl.DataFrame, told: str) -> None:
    """A week that is not whole is left out, one without an event is 0."""
    assert findings.weeks(frame, "registration") == told


def test_a_conversion_is_told_of_those_whose_days_are_over() -> None:
    """Beside that of before, where both have enough visitors."""
    days = Period(date(2026, 11, 2), date(2026, 11, 8))

    assert findings.conversion(days, converted(200, 20, 5), converted(400, 80, 1)) == (
        "Of 200 visitors who came 2 to 8 Nov 2026 and whose 7 days are over, 20 (10.0 %) registered; of those, 5 (25.0 %) made "
        "a first deposit. Before it was 20.0 % who registered (\u221210.0 points)."
    )
    assert "Before" not in findings.conversion(days, converted(200, 20, 5), converted(99, 80, 1))
    assert f"of those, 0 ({NONE}) made" in findings.conversion(days, converted(3, 0, 0), None)
    assert findings.conversion(days, converted(0, 0, 0), None) == (
        "Nobody who came 2 to 8 Nov 2026 has had the whole 7 days yet, so there is no rate to tell."
    )


def test_refusals_are_told_with_their_share_and_largest_reason() -> None:
    """The denominator is all that came: what became an event, and what did not."""
    assert findings.refusals(refused(bad_type=1, placeholder_value=3), 96) == (
        "4 requests of 100 (4.0 %) were refused, 3 of them as “\u2068placeholder_value\u2069”. `pixels rejected ls` shows them."
    )
    assert findings.refusals(refused(), 96).startswith("Nothing was refused")


@given(st.dictionaries(st.text(max_size=3), st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=6))
def test_the_largest_part_moves_with_the_whole(counts: dict[str, tuple[int, int]]) -> None:
    """No other part goes further in its direction; without a change of the whole there is none."""
    rows = [(name, *pair) for name, pair in counts.items()]
    frame = pl.DataFrame(rows, schema={"name": pl.String, "now": pl.Int64, "before": pl.Int64}, orient="row")
    changes = {name: now - before for name, (now, before) in counts.items()}
    whole = sum(changes.values())
    part = largest_part(frame, "name")

    if whole == 0:
        assert part is None
    else:
        assert part is not None
        assert changes[str(part.name)] == part.change
        sign = 1 if whole > 0 else -1
        assert part.change * sign == max(change * sign for change in changes.values())
        assert part.explains_most == (abs(part.change) * 2 >= abs(whole))


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_chance_does_not_care_which_count_came_first(one: int, other: int) -> None:
    """And equal counts are always chance."""
    assert is_chance(one, other) == is_chance(other, one)
    assert is_chance(one, one)
