"""Sentences about the way from visit to deposit."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from pixels.reports import funnel_findings as findings


def funnel(*times: tuple[float | None, float | None]) -> pl.DataFrame:
    """Median and ninth decile of the seconds that registration and deposit took."""
    steps = [(0.0, 0.0), *times]
    return pl.DataFrame(
        {
            "step": range(1, len(steps) + 1),
            "event_type": ["visit", "registration", "deposit"][: len(steps)],
            "median_seconds_from_entry": [median for median, _ in steps],
            "p90_seconds_from_entry": [p90 for _, p90 in steps],
        },
        schema_overrides={"median_seconds_from_entry": pl.Float64, "p90_seconds_from_entry": pl.Float64},
    )


def converted(*rows: tuple[object, int, int], key: str = "banner_tag") -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=[key, "visitors", "registrations"], orient="row")
    return frame.with_columns(
        registration_rate=pl.when(pl.col("visitors") > 0).then(pl.col("registrations") / pl.col("visitors"))
    )


def by_day(*rows: tuple[int, int]) -> pl.DataFrame:
    days = [date(2026, 11, 1) + timedelta(days=day) for day in range(len(rows))]
    return converted(*((day, *row) for day, row in zip(days, rows, strict=True)), key="entry_date")


def test_times_are_told_in_their_largest_unit() -> None:
    """A step that nobody took has none."""
    assert findings.time_taken(funnel((60.0, 7_200.0), (90_000.0, 864_000.0))) == (
        "Half of those who registered had done so 1 minute after they came, nine of ten 2 hours after. "
        "Half of those who deposited had done so 1 day after they came, nine of ten 10 days after."
    )
    assert "deposited" not in findings.time_taken(funnel((1.0, 59.4), (None, None)))
    assert "1 second after they came, nine of ten 59 seconds" in findings.time_taken(funnel((1.0, 59.4)))
    assert findings.time_taken(funnel((None, None))) == "Nobody went on, so there is no time to tell."


def test_a_banner_stands_out_beyond_chance_alone() -> None:
    """Two standard errors; a small one is not compared, however far it is."""
    frame = converted(("best", 1_000, 150), ("usual", 1_000, 90), ("worst", 1_000, 60), ("small", 99, 99))

    assert findings.standing_out(frame) == (
        "Of all visitors 12.9 % registered; of those of “\u2068best\u2069” 15.0 % and “\u2068worst\u2069” 6.0 %."
    )
    assert findings.standing_out(converted(("a", 100, 10), ("b", 100, 11))) == (
        "No banner stands out: all are about 10.5 %, as far as chance lets one tell."
    )


@pytest.mark.parametrize("rows", [[], [("a", 1_000, 10)], [("a", 1_000, 10), ("b", 99, 1)], [("a", 0, 0), ("b", 0, 0)]])
def test_one_banner_is_compared_with_none(rows: list[tuple[str, int, int]]) -> None:
    """Nor are those without enough visitors."""
    assert findings.standing_out(converted(*rows)).startswith("It takes two banners with 100 visitors")


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (
            [(500, 100), (500, 100), (500, 50), (500, 50)],
            "The share that registered fell from 20.0 % to 10.0 % between",
        ),
        ([(500, 50), (500, 75), (500, 100)], "The share that registered rose from 10.0 % to 20.0 % between"),
        ([(10, 1), (10, 2)], "did not change by more than chance: 10.0 %, then 20.0 %."),
        ([(10, 1), (0, 0)], "It takes two days"),
        ([], "It takes two days"),
    ],
)
def test_the_later_half_is_compared_with_the_earlier(rows: list[tuple[int, int]], told: str) -> None:
    """A day in the middle is in neither; days on which nobody's window is over do not count."""
    assert told in findings.over_time(by_day(*rows))


def test_first_deposits_are_told_of_the_week_of_registration() -> None:
    """Later weeks are not in it."""
    cohorts = pl.DataFrame({"offset": [0, 1, 0], "players": [6, 6, 4], "first_depositors": [3, 5, 1]})

    assert findings.first_deposits(cohorts).startswith("Of 10 players who registered in these days, 4 (40.0 %)")
    assert findings.first_deposits(cohorts.clear()) == "Nobody registered in these days."
