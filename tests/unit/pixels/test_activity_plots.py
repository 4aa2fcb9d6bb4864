"""What the plots of weeks, hours and money draw, without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest

import pixels
from pixels import Warehouse, plots
from pixels.errors import BadParameter
from pixels.plots.money import written
from tests.sample_warehouse import SampleWarehouse, at, deposit, visit
from tests.unit.pixels.test_plots import columns, rendered

THREE_WEEKS = ("2026-11-04", "2026-11-20")


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Visits in weeks of which the first is cut by the range and the last goes on, and money in two currencies."""
    home = tmp_path_factory.mktemp("home")
    SampleWarehouse(home).publish(
        visit("v-1", "brandA", "2026-11-05T10:00"),
        visit("v-1", "brandB", "2026-11-11T10:00"),
        visit("v-2", "brandA", "2026-11-12T10:30"),
        visit("v-1", "brandA", "2026-11-20T11:10"),
        deposit("p", "brandA", "2026-11-11T12:00", amount="1234.5", currency="EUR", _key="k"),
        deposit("p", "brandA", "2026-11-11T12:00", amount="3703.5", currency="EUR"),
        deposit("p", "brandA", "2026-11-11T12:00", amount="0", currency="JPY"),
        deposit("p", "brandA", "2026-11-11T12:00"),
        complete_until=at("2026-11-20T11:30"),
    )
    with pixels.open(home) as warehouse:
        yield warehouse


def lines(plot: Any) -> list[tuple[bool, list[int]]]:
    """Whether each line is dashed, and its counts."""
    drawn = [r for r in rendered(plot).renderers if type(r.glyph).__name__ == "Line"]
    return [(bool(line.glyph.line_dash), list(line.data_source.data["count"])) for line in drawn]


def test_lines_to_weeks_that_are_not_whole_are_dashed(wh: Warehouse) -> None:
    """The first week is cut by the range, the last goes on: solid is only what leads from a whole one to a whole one."""
    days = ("2026-10-28", "2026-11-20")
    visits = plots.metrics(wh.metrics(*days, per="week"), "visit", period=days, per="week")

    assert lines(plots.metrics(wh.metrics(*THREE_WEEKS, per="week"), "visit", per="week")) == [
        (True, [1, 2]),
        (True, [2, 1]),
    ]
    assert lines(visits) == [(False, [0, 1, 2]), (True, [2, 1])]
    assert rendered(visits).xaxis[0].axis_label == "Week, from its Monday"


def test_banners_of_a_month_are_drawn_by_month(wh: Warehouse) -> None:
    """One point a month, whose tooltip says that it is not whole."""
    summary = plots.summary(wh.summary(*THREE_WEEKS, per="month"), "visit", period=THREE_WEEKS, per="month")

    points = columns(rendered(summary), "count", "series", "cut")
    assert [(line["series"], line["count"], line["cut"]) for line in points] == [
        (["brandA"], [3], [", not the whole month"]),
        (["brandB"], [1], [", not the whole month"]),
    ]


def test_hours_that_are_not_over_are_drawn_apart(wh: Warehouse) -> None:
    """Whole hours in full colour, the running one faint; hours to come have no bar."""
    whole, running = columns(rendered(plots.hours(wh.hours("2026-11-20"))), "clock", "count")

    assert (whole["clock"][0], len(whole["clock"]), sum(whole["count"])) == ("0:00 to 1:00", 11, 0)
    assert (running["clock"], running["count"]) == (["11:00 to 12:00"], [1])


def test_hours_that_the_last_day_has_not_had_yet_are_not_whole_in_a_sum_over_days(wh: Warehouse) -> None:
    """Of two days, one of which goes on, the afternoon is that of one day alone."""
    whole, partial = columns(rendered(plots.hours(wh.hours("2026-11-19", "2026-11-20"))), "clock", "days")

    assert set(whole["days"]) == {2}
    assert partial["days"] == [2, *[1] * 12]


def test_money_is_drawn_as_shares_with_its_exact_amounts(wh: Warehouse) -> None:
    """A quarter is signed; a currency whose amount is 0 has no bar, and what has no amount is in the title."""
    figure = rendered(plots.money(wh.money(*THREE_WEEKS)))

    (amounts,) = columns(figure, "written")
    (signed,), (unverified,) = columns(figure, "signed", "right"), columns(figure, "unverified", "left")
    assert amounts["written"] == ["1,234.50 signed of 4,938.00", "0.00"]
    assert (signed["right"], unverified["left"]) == ([25.0], [25.0])
    assert figure.title.text == "1 more transaction without an amount"
    assert figure.xaxis[0].axis_label == "Part of the amount sent, %"


def test_money_by_banner_has_a_bar_for_each_banner_and_currency(wh: Warehouse) -> None:
    """The value stands before the currency; those with the most transactions are drawn."""
    figure = rendered(plots.money(wh.money(*THREE_WEEKS, by="banner_tag"), limit=1))

    (signed,) = columns(figure, "signed", "currency")
    assert (signed["currency"], signed["signed"]) == (["brandA, EUR"], ["1,234.50"])
    assert figure.yaxis[0].axis_label == "Banner, currency"


def test_amounts_keep_every_digit() -> None:
    """No float comes between the sum and what is written; as many decimals as there are, two at least."""
    sums = pl.Series(["99999999999999999999.9999", "0.5", "1200", "7.125", "0.0001"]).cast(pl.Decimal(38, 4))

    assert [written(amount) for amount in sums] == [
        "99,999,999,999,999,999,999.9999",
        "0.50",
        "1,200.00",
        "7.125",
        "0.0001",
    ]


def test_nothing_is_drawn_as_nothing(wh: Warehouse) -> None:
    """Days without events give a plot that says so, by week, by hour and for money."""
    no_days = ("2020-01-01", "2020-01-02")
    empty = (
        plots.metrics(wh.metrics(*no_days, per="week"), per="week"),
        plots.hours(wh.hours(*no_days)),
        plots.money(wh.money(*no_days)),
    )

    texts = [renderer.data_source.data["text"] for plot in empty for renderer in rendered(plot).renderers]
    assert [list(text) for text in texts] == [["No events in these days"]] * 2 + [["No amounts in these days"]]


def test_an_unknown_word_is_named(wh: Warehouse) -> None:
    """A wrong length or event type raises BadParameter."""
    with pytest.raises(BadParameter, match="per: 'year' is not one of day, week, month"):
        plots.metrics(wh.metrics(*THREE_WEEKS), per="year")
    with pytest.raises(BadParameter, match="event_type: 'click' is not one of visit, registration, deposit"):
        plots.hours(wh.hours("2026-11-05"), "click")
