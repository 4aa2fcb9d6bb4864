"""Sentences about the two banners in front."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from pixels.compared_banners import compared_banners
from pixels.errors import BadParameter
from pixels.reports.banner_findings import experiment, people_for_experiment, same_days

Rows = list[tuple[int, str | None, int, int]]


def by_day(*rows: tuple[int, str | None, int, int]) -> pl.DataFrame:
    """Rows of a day, a banner, visitors and registrations, as `wh.conversions(per="day")` has them."""
    frame = pl.DataFrame(rows, ["day", "banner_tag", "visitors", "registrations"], orient="row")
    return frame.select(
        pl.Series("entry_date", [date(2026, 11, 1) + timedelta(days=row[0]) for row in rows], pl.Date),
        pl.col("banner_tag").cast(pl.String),
        pl.col("visitors", "registrations").cast(pl.Int64),
        immature=pl.lit(0, pl.Int64),
    )


def compared(days: pl.DataFrame) -> pl.DataFrame:
    """Compare the sums of the days."""
    return compared_banners(
        days.group_by("banner_tag").agg(pl.col("visitors", "registrations", "immature").sum()),
        "banner_tag",
        "registration_rate",
    )


def test_rates_are_compared_on_the_days_on_which_both_ran() -> None:
    """What either had on other days is left out; a day without a visitor whose time is over is none."""
    days = by_day(
        (0, "a", 100, 30), (1, "a", 100, 20), (1, "b", 200, 20), (2, "b", 50, 1), (3, "a", 0, 0), (3, "b", 10, 1)
    )

    assert same_days(compared(days), days) == (
        "“\u2068a\u2069” and “\u2068b\u2069” were both there on 1 of 4 days: on these 20.0 % (20 of 100) and 10.0 % (20 of 200) registered."
    )


def test_the_same_days_are_all_days_or_none() -> None:
    """Both are said."""
    apart = by_day((0, "a", 100, 30), (1, "b", 100, 20))
    always = by_day((0, "a", 100, 30), (0, "b", 100, 20))

    assert "were on no day both there: what differs between their days may explain all" in same_days(
        compared(apart), apart
    )
    assert "were both there on all of 1 day:" in same_days(compared(always), always)


@pytest.mark.parametrize("rows", [[], [(0, "a", 5, 1)], [(0, "a", 5, 1), (0, None, 5, 1)]])
def test_one_alone_is_compared_with_none(rows: Rows) -> None:
    """Nor people without a banner with it."""
    days = by_day(*rows)

    assert same_days(compared(days), days) == "It takes two to have run on the same days."
    assert experiment(compared(days), days) == "It takes two for an experiment."


def test_an_experiment_is_as_large_as_the_books_have_it() -> None:
    """5 % against 6 %, power 80 %: 8,158 in each group; 50 % against 60 %: 388. The other way round it is the same."""
    assert people_for_experiment(0.05, 0.06) == people_for_experiment(0.06, 0.05) == 8_158
    assert people_for_experiment(0.5, 0.6) == 388
    assert people_for_experiment(0.1, 0.1) is None


def test_an_experiment_of_that_size_finds_the_difference_in_four_of_five() -> None:
    """And none where there is none in nineteen of twenty: drawn 20,000 times, with the pooled test for two proportions."""
    random, size = np.random.default_rng(5), people_for_experiment(0.1, 0.13)
    assert size is not None

    def found(rate: float, other: float) -> float:
        first, second = random.binomial(size, rate, 20_000) / size, random.binomial(size, other, 20_000) / size
        pooled = (first + second) / 2
        return float((np.abs(first - second) > 1.959964 * np.sqrt(2 * pooled * (1 - pooled) / size)).mean())

    assert found(0.1, 0.13) == pytest.approx(0.8, abs=0.015)
    assert found(0.1, 0.1) == pytest.approx(0.05, abs=0.01)


def test_the_length_is_told_at_the_pace_of_these_days() -> None:
    """Of the two together, half of whom go into each group."""
    days = by_day(
        *((day, tag, 1_000, count) for day in range(10) for tag, count in (("a", 100), ("b", 130))), (10, "a", 0, 0)
    )
    frame = compared(days)
    each = people_for_experiment(*frame["expected_rate"])
    assert each is not None

    told = f"to {each:,} visitors: at the pace of these days that takes {-(-each // 1_000)} days."
    assert told in experiment(frame, days)


def test_rates_that_are_the_same_need_no_experiment() -> None:
    """None would be large enough."""
    days = by_day((0, "a", 50, 0), (0, "b", 50, 0))

    assert "no experiment would be large enough" in experiment(compared(days), days)


def test_a_wrong_rate_is_named() -> None:
    """As by the library."""
    with pytest.raises(BadParameter, match="measure"):
        experiment(compared(by_day()), by_day(), "rate")
