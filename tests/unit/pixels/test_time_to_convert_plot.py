"""Curves of who has converted by when."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import pixels
from pixels import Warehouse, plots
from pixels.errors import BadParameter
from tests.sample_warehouse import SampleWarehouse, at, deposit, registration
from tests.unit.pixels.test_plots import columns, rendered

DAYS = ("2026-11-01", "2026-11-30")
HOSTILE = "</script>{x}$$y$$"


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Two players of one banner, one of whom deposits a day and a half after registering, and one of another."""
    home = tmp_path_factory.mktemp("home")
    SampleWarehouse(home).publish(
        registration("p1", "a", "2026-11-01T00:00"),
        deposit("p1", "a", "2026-11-02T12:00"),
        registration("p2", "a", "2026-11-01T00:00"),
        registration("p3", HOSTILE, "2026-11-01T00:00"),
        complete_until=at("2026-11-04T00:00"),
    )
    with pixels.open(home) as warehouse:
        yield warehouse


def test_the_curve_rises_with_its_limits_and_ends_where_nobody_was_followed(wh: Warehouse) -> None:
    """In percent over days; three days were followed."""
    figure = rendered(plots.time_to_convert(wh.time_to_convert(*DAYS)))
    (curve,) = columns(figure, "after", "percent", "low", "high")
    assert curve["after"] == [0, 1, 2, 3]
    assert curve["percent"] == pytest.approx([0, 0, 100 / 3, 100 / 3])
    assert all(
        low <= share <= high for low, share, high in zip(*(curve[c] for c in ("low", "percent", "high")), strict=True)
    )
    assert curve["low"][2] < curve["percent"][2] < curve["high"][2]
    assert (figure.xaxis[0].axis_label, figure.yaxis[0].axis_label) == ("Days since they began", "Converted, %")


@pytest.mark.parametrize(("within", "label", "last"), [("48h", "Hours", 48), ("90m", "Minutes", 90)])
def test_the_axis_is_in_the_unit_that_was_asked_for(wh: Warehouse, within: str, label: str, last: int) -> None:
    """So that an hour is not a 24th of a day."""
    figure = rendered(plots.time_to_convert(wh.time_to_convert(*DAYS, within=within)))
    assert figure.xaxis[0].axis_label == f"{label} since they began"
    assert columns(figure, "after", "percent")[0]["after"][-1] == last


def test_each_value_has_a_curve(wh: Warehouse) -> None:
    """Those with the most people, named as text; the title says when there are more."""
    frame = wh.time_to_convert(*DAYS, by="banner_tag")
    figure = rendered(plots.time_to_convert(frame))
    labels = [item.label.value for item in figure.legend[0].items]
    assert labels[0] == "a"
    assert "</script>" not in labels[1]
    assert "$$" not in labels[1]
    assert rendered(plots.time_to_convert(frame, limit=1)).title.text == "The largest 1 of 2"
    with pytest.raises(BadParameter, match="limit: 0"):
        plots.time_to_convert(frame, limit=0)


def test_of_nobody_there_is_no_curve(wh: Warehouse) -> None:
    """It says so, with rows and without."""
    nobody = wh.time_to_convert("2020-01-01", "2020-01-01")
    for frame in (nobody, nobody.clear(), wh.time_to_convert("2020-01-01", "2020-01-01", by="banner_tag")):
        assert columns(rendered(plots.time_to_convert(frame)), "text") == [{"text": ["Nobody began in these days"]}]
