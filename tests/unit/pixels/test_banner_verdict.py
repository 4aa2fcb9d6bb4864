"""What is said of a comparison of banners."""

from __future__ import annotations

import polars as pl
import pytest

from pixels.banner_verdict import banner_verdict, cautions, conclusion
from pixels.compared_banners import compared_banners
from pixels.errors import BadParameter


def compared(*rows: tuple[str | None, int, int], by: str = "banner_tag", immature: int = 0) -> pl.DataFrame:
    """Compare rows of a value, visitors and registrations."""
    schema = {by: pl.String(), "visitors": pl.Int64(), "registrations": pl.Int64()}
    frame = pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        credited_registrations="registrations", deposits=pl.lit(0, pl.Int64), immature=pl.lit(immature, pl.Int64)
    )
    return compared_banners(frame, by, "registration_rate")


def test_a_clear_best_is_named_with_its_probability_and_the_next() -> None:
    """Both with what their rates divide."""
    assert conclusion(compared(("a", 1_000, 50), ("b", 1_000, 100), ("c", 1_000, 40))) == (
        "“\u2068b\u2069” has the highest rate with a probability of more than 99 %: 10.0 % (100 of 1,000) registered, "
        "against 5.0 % (50 of 1,000) by the next, “\u2068a\u2069”."
    )


def test_banners_that_chance_can_explain_have_no_best() -> None:
    """It is said who may be it, how many it takes to be sure, and what a choice is expected to cost."""
    told = conclusion(compared(("a", 1_000, 50), ("b", 1_000, 55), ("c", 1_000, 45)))

    assert told.startswith("No banner can be called the best yet: “\u2068b\u2069” is it with a probability of 5")
    assert (
        "it takes 3 banners together to be 95 % sure. Choosing “\u2068b\u2069” is expected to cost 0.2 percentage points"
        in told
    )


def test_a_small_banner_is_never_called_the_best() -> None:
    """However far it is: under 100 entries is too few to say so."""
    told = conclusion(compared(("small", 60, 55), ("large", 5_000, 250)))

    assert told.startswith("No banner can be called the best yet: “\u2068small\u2069”")
    assert told.endswith("; but “\u2068small\u2069” has only 60 visitors.")


def test_a_probability_is_not_rounded_to_being_sure() -> None:
    """Just below 95 % no banner is the best, and the sentence says no 95 %."""
    frame = compared(("a", 1_000, 100), ("b", 1_000, 80)).with_columns(probability_best=pl.Series([0.9499, 0.0501]))

    assert "“\u2068a\u2069” is it with a probability of almost 95 %" in conclusion(frame)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "There is nothing to compare: no visitor of these days, whose 7 days are over, has a banner."),
        ([("a", 0, 0)], "There is nothing to compare: no visitor"),
        (
            [("a", 100, 5), ("b", 0, 0)],
            "There is nothing to compare “\u2068a\u2069” with: 5.0 % (5 of 100) registered, between 2.2 % and 11.2 %",
        ),
        ([("a", 100, 0), ("b", 300, 0)], "None of the 400 visitors of 2 banners registered: nothing tells them apart."),
    ],
)
def test_what_cannot_be_compared_is_said(rows: list[tuple[str, int, int]], told: str) -> None:
    """Nobody, one banner, nobody who went on."""
    assert conclusion(compared(*rows)).startswith(told)


def test_every_comparison_says_that_banners_were_not_given_by_chance() -> None:
    """And how many are few, left out without a value, or not over."""
    told = banner_verdict(compared(("a", 1_000, 50), ("b", 50, 1), (None, 35, 3), by="affiliate", immature=4))

    assert "Visitors were not given their affiliate by chance" in told
    assert "no proof of what an affiliate does." in told
    assert "1 affiliate has fewer than 100 visitors: its rate is drawn towards that of all" in told
    assert "35 visitors without an affiliate are not compared." in told
    assert told.endswith("12 people whose 7 days are not over are left out.")


def test_one_banner_alone_needs_no_such_caution() -> None:
    """There is no difference that could be mistaken."""
    assert cautions(compared(("a", 1_000, 50))) == []


def test_deposits_are_told_as_deposits() -> None:
    """Of those who registered."""
    assert "no registered player of these days" in conclusion(compared(), "deposit_rate")
    with pytest.raises(BadParameter, match="measure: 'rate' is not one of registration_rate, deposit_rate"):
        conclusion(compared(), "rate")


def test_a_value_of_metadata_is_called_a_value() -> None:
    """Its key is a stranger's word."""
    assert "given their value by chance" in banner_verdict(compared(("x", 10, 1), ("y", 10, 1), by="metadata.<b>"))
