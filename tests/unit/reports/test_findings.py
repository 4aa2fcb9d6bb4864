"""Sentences computed from the frames."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from pixels.period import Period
from pixels.reports import findings

START = date(2026, 11, 2)  # a Monday


def days(number: int) -> Period:
    return Period(START, START + timedelta(days=number - 1))


def visits(*counts: int) -> pl.DataFrame:
    """Daily visits from START on, and registrations that must not be taken for visits."""
    return pl.DataFrame(
        {
            "event_date": [START + timedelta(days=day) for day in range(len(counts))] * 2,
            "event_type": ["visit"] * len(counts) + ["registration"] * len(counts),
            "count": [*counts, *(1000 for _ in counts)],
        },
        schema={"event_date": pl.Date, "event_type": pl.String, "count": pl.Int64},
    )


def banners(*rows: tuple[str, int, int, int]) -> pl.DataFrame:
    return pl.DataFrame(
        rows,
        schema={"banner_tag": pl.String, "visits": pl.Int64, "registrations": pl.Int64, "deposits": pl.Int64},
        orient="row",
    )


def funnel(entered: int, registered: int, deposited: int, *, mature: tuple[int, int, int]) -> pl.DataFrame:
    players = (entered, registered, deposited)
    return pl.DataFrame(
        {
            "step": [1, 2, 3],
            "event_type": ["visit", "registration", "deposit"],
            "players": players,
            "entered": [entered] * 3,
            "rate": [count / entered if entered else None for count in players],
            "mature_entered": [mature[0]] * 3,
            "mature_rate": [count / mature[0] if mature[0] else None for count in mature],
            "immature": [entered - mature[0]] * 3,
        }
    )


def kpis(unique_visitors: int, registrations: int, ftd: int) -> pl.DataFrame:
    return pl.DataFrame({"unique_visitors": [unique_visitors], "registrations": [registrations], "ftd": [ftd]})


def test_what_a_period_brought_is_compared_with_the_days_before() -> None:
    """Changes are those of the sums; from nothing there is no percentage."""
    assert findings.result(kpis(1200, 30, 4), kpis(1000, 40, 0)) == (
        "1,200 unique visitors came, 30 players registered, and 4 made a first deposit (FTD). "
        "Against as many days before: visitors +20.0 %, registrations \u221225.0 %, FTD from 0 to 4."
    )


def test_a_period_that_brought_nothing_is_said_to() -> None:
    """No row of zeros in words."""
    assert findings.result(kpis(0, 0, 0)) == "These days brought nothing."


def test_the_day_that_goes_on_is_left_out_of_the_average() -> None:
    """It would pull every average down until midnight; the days without a visit do count."""
    text = findings.activity(visits(10, 30, 4).filter(pl.col("count") > 0), days(3), goes_on=START + timedelta(days=2))

    assert text == "20 visitors a day on average. The busiest day was Tuesday, 3 Nov 2026, with 30 visitors."


def test_two_weeks_are_compared_weekday_by_weekday() -> None:
    """The last seven whole days against the seven before, the day that goes on left out."""
    text = findings.activity(visits(*[10] * 7, *[15] * 7, 1), days(15), goes_on=START + timedelta(days=14))

    assert text.endswith("The last seven whole days against the seven before: +50.0 %.")


@pytest.mark.parametrize(
    ("counts", "number", "said"),
    [
        ((), 3, "Nobody was counted as a visitor in these days (2 to 4 Nov 2026)."),
        ((5,), 1, "5 visitors so far; the day is not over."),
    ],
)
def test_little_data_is_said_to_be_little(counts: tuple[int, ...], number: int, said: str) -> None:
    """No average of nothing."""
    assert findings.activity(visits(*counts), days(number), goes_on=START if counts else None) == said


def test_the_banner_with_the_most_deposit_days_leads() -> None:
    """With its share of all, and the rates of those that have enough visits to compare."""
    text = findings.banners(banners(("a", 200, 4, 9), ("b", 1000, 90, 3), ("c", 99, 99, 0)))

    assert text == (
        "“\u2068a\u2069” brought the most: 9 deposit days of 12 (75.0 %). Of those with at least 100 visits, "
        "“\u2068b\u2069” has the most registrations per 100 visits, 9.0, and “\u2068a\u2069” the fewest, 2.0."
    )


def test_banners_that_lead_together_are_all_named() -> None:
    """Nobody is the winner by the alphabet."""
    text = findings.banners(banners(*((name, 1, 1, 0) for name in "abcde")))

    assert (
        text
        == "“\u2068a\u2069”, “\u2068b\u2069”, “\u2068c\u2069” and 2 more brought the most: 1 registration of 5 (20.0 %) each."
    )


def test_one_banner_is_compared_with_all() -> None:
    """Of each figure its share; a figure that nobody has is left out."""
    frame = banners(("a", 30, 1, 0), ("b", 10, 3, 0))

    assert findings.share_of_banner(frame, "a") == (
        "“\u2068a\u2069” brought 30 of 40 daily unique visitors (75.0 %) and 1 of 4 registrations (25.0 %)."
    )
    assert "Is the tag spelt as in the pixel?" in findings.share_of_banner(frame, "A")


def test_a_funnel_says_where_most_are_lost_and_who_is_still_on_the_way() -> None:
    """Shares of those who entered; those whose window is not over are not called lost."""
    assert findings.funnel(funnel(1000, 100, 5, mature=(800, 90, 5))) == (
        "Of 1,000 people who visited, 100 (10.0 %) registered and 5 (0.5 %) deposited within 7 days. "
        "The steepest step: 95.0 % of those who registered have not deposited. "
        "For 200 of them the 7 days are not over, so these shares may still rise; of the other 800, "
        "11.2 % registered and 0.6 % deposited."
    )


def test_a_funnel_whose_windows_all_go_on_says_no_more() -> None:
    """There is nobody yet whose share is final."""
    assert findings.funnel(funnel(2, 2, 2, mature=(0, 0, 0))) == (
        "Of 2 people who visited, 2 (100.0 %) registered and 2 (100.0 %) deposited within 7 days. "
        "For 2 of them the 7 days are not over, so these shares may still rise."
    )


@pytest.mark.parametrize("frame", [funnel(0, 0, 0, mature=(0, 0, 0)), funnel(1, 0, 0, mature=(0, 0, 0)).clear()])
def test_a_funnel_that_nobody_entered_is_said_to_be_one(frame: pl.DataFrame) -> None:
    """Also that of a banner that has no row."""
    assert findings.funnel(frame) == "Nobody entered in these days, so there is nobody to follow."
