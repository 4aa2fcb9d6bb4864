"""Plots that are asked for what they cannot draw."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pytest

import pixels
from pixels import Warehouse, plots
from pixels.errors import BadParameter
from tests.sample_warehouse import SampleWarehouse, registration, visit
from tests.unit.pixels.test_plots import columns, rendered

DAYS = ("2026-11-01", "2026-11-05")


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Two banners."""
    home = tmp_path_factory.mktemp("home")
    SampleWarehouse(home).publish(
        visit("p1", "a", "2026-11-01T10:00"),
        visit("p2", "b", "2026-11-01T10:00"),
        registration("p1", "a", "2026-11-01T11:00"),
    )
    with pixels.open(home) as warehouse:
        yield warehouse


@pytest.mark.parametrize("limit", [0, -1, 2.5, True, "6", None])
@pytest.mark.parametrize(
    "draw", ["summary", "banners", "funnel", "conversions", "compare_banners", "costs", "money", "cohorts"]
)
def test_a_limit_that_is_none_is_named(wh: Warehouse, draw: str, limit: object) -> None:
    """No bar would be a plot that fails, and -1 all but the last."""
    frame: pl.DataFrame = getattr(wh, draw)(*DAYS)

    with pytest.raises(BadParameter, match=r"^limit: .+ is not a whole number from 1 on$"):
        getattr(plots, draw)(frame, limit=limit)


def test_an_empty_word_is_no_event_type(wh: Warehouse) -> None:
    """It is not taken for all of them."""
    with pytest.raises(BadParameter, match="event_type: '' is not one of visit, registration, deposit"):
        plots.metrics(wh.metrics(*DAYS), event_type="")


def test_a_comparison_without_figures_says_so(wh: Warehouse) -> None:
    """A frame of which nothing is left after a filter."""
    for plot in (plots.compare(wh.compare(*DAYS).clear()), plots.today(wh.today().clear())):
        assert columns(rendered(plot), "text") == [{"text": ["Nothing to compare"]}]
