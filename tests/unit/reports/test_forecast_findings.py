"""Sentences about those who still have time."""

from __future__ import annotations

from datetime import date

import polars as pl

from pixels.forecast import _COLUMNS
from pixels.reports import forecast_findings as findings


def curve(people: int, share: float | None, lower: float | None = None, upper: float | None = None) -> pl.DataFrame:
    """The last row of a curve, after one that nobody should look at."""
    rows = [(0, 999, 0.9, None, None), (86_400, people, share, lower, upper)]
    return pl.DataFrame(rows, ["after_seconds", "people", "converted_share", "lower", "upper"], orient="row")


def cohorts(*rows: tuple[object, ...]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=_COLUMNS, orient="row")


def test_the_share_is_told_with_its_limits() -> None:
    """Where there are any; and nothing is told of nobody."""
    assert findings.how_soon(curve(1_200, 0.25, 0.2, 0.301), "deposit", "14 days") == (
        "Of 1,200 players who registered, 25.0 % make a first deposit within 14 days, as far as can be told between 20.0 % and 30.1 %."
    )
    assert (
        findings.how_soon(curve(1, 0.0), "registration", "1 day")
        == "Of 1 person who came, 0.0 % register within 1 day."
    )
    assert findings.how_soon(curve(0, None), "registration", "1 day") == "Nobody came in these days."
    assert "has been followed for 1 day yet" in findings.how_soon(curve(3, None), "deposit", "1 day")


def test_the_newest_open_cohort_is_told_of() -> None:
    """Those that are over need no forecast; and one that cannot be made is not."""
    over = (date(2026, 11, 2), 10, 4, 0, 4.0, 4.0, 4.0, True)
    newest = (date(2026, 11, 9), 1_200, 300, 800, 402.6, 380.0, 431.0, False)
    assert findings.still_to_come(cohorts(newest, over), "registration", "7 days") == (
        "Of 1,200 people who came in the newest cohort, from 9 Nov 2026, 300 registered so far; 403 are expected to within 7 days, "
        "in nine of ten cases between 380 and 431."
    )
    assert findings.still_to_come(cohorts(over), "deposit", "7 days") == (
        "Nobody who registered in these days is still waited for: each made a first deposit, or had 7 days for it."
    )
    assert findings.still_to_come(cohorts(), "deposit", "7 days") == "Nobody registered in these days."
    unknown = (date(2026, 11, 9), 3, 1, 2, None, None, None, False)
    assert "Nothing can be foreseen yet" in findings.still_to_come(cohorts(unknown), "deposit", "7 days")


def test_how_often_forecasts_held_is_told() -> None:
    """With how often they should."""
    assert findings.how_right(pl.DataFrame({"held": [True, True, False, True]})).startswith(
        "Of 4 forecasts that would have been made of earlier cohorts, 3 (75.0 %) held"
    )
    assert "can be compared" in findings.how_right(pl.DataFrame({"held": []}, {"held": pl.Boolean}))


def days_of(banner: str, people: int, shares: list[float]) -> pl.DataFrame:
    """A banner's share by the end of each day, with limits a tenth around it."""
    return pl.DataFrame({
        "banner_tag": banner, "after_seconds": [day * 86_400 for day in range(len(shares))], "people": people,
        "converted_share": shares, "lower": [share * 0.9 for share in shares], "upper": [share * 1.1 for share in shares],
    })  # fmt: skip


def test_a_banner_whose_people_take_long_is_named() -> None:
    """Not one of few people, nor one that is a little slower, nor when nobody converts."""
    everybody = days_of("", 900, [0.0, 0.3, 0.4, 0.45, 0.5])
    slow, late = days_of("slow", 200, [0.0, 0.0, 0.0, 0.1, 0.4]), days_of("late", 200, [0.0, 0.19, 0.4, 0.4, 0.4])
    few, none = days_of("few", 99, [0.0, 0.0, 0.0, 0.0, 0.4]), days_of("none", 500, [0.0] * 5)

    told = findings.slow_ones(everybody, pl.concat([slow, late, few, none]))

    assert told == (
        "Half of those of “\u2068slow\u2069” who convert take up to 4 days, where half of all take up to 1 day: "
        "of its newest people few can have converted yet."
    )
    assert "No banner's people" in findings.slow_ones(everybody, late)
    assert "Nobody has converted yet" in findings.slow_ones(none, pl.concat([slow, none]))
