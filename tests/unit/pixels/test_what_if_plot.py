"""Pairs of bars: what counts, and what would count."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bokeh.models import HoverTool

import pixels
from pixels import Warehouse, plots
from pixels.errors import BadParameter
from tests.sample_warehouse import SampleWarehouse, deposit, visit
from tests.unit.pixels.test_plots import columns, rendered

DAYS = ("2026-11-01", "2026-11-05")
HOSTILE = "<script>alert(1)</script>{x}$$y$$"


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """One player by three banners on a day, and by one of them twice on the next."""
    home = tmp_path_factory.mktemp("home")
    SampleWarehouse(home).publish(
        visit("p1", "a", "2026-11-01T10:00"),
        visit("p1", HOSTILE, "2026-11-01T11:00"),
        visit("p1", "c", "2026-11-01T12:00"),
        visit("p1", "c", "2026-11-02T12:00"),
        visit("p1", "c", "2026-11-02T13:00"),
        deposit("p1", "a", "2026-11-02T13:00"),
    )
    with pixels.open(home) as warehouse:
        yield warehouse


@pytest.mark.parametrize("per", [None, "day"])
def test_each_banner_has_a_bar_of_what_counts_and_one_of_what_would(wh: Warehouse, per: str | None) -> None:
    """The most on top, with the difference beside it; days are summed."""
    figure = rendered(plots.what_if(wh.what_if("per_event", *DAYS, per=per)))
    counts, would, texts = columns(figure, "value", "right"), columns(figure, "top"), columns(figure, "written")
    assert [bars["value"][0] for bars in counts] == ["c", "c"]
    assert [bars["right"] for bars in counts] == [[1, 0, 1], [3, 1, 1]]
    assert [round(bars["top"][0], 2) for bars in would] == [2.38, 2.0]
    assert texts[0]["written"] == ["+200.0 %", "+1", "the same"]
    assert [item.label.value for item in figure.legend[0].items] == ["Counts", "Would count"]
    assert (figure.xaxis[0].axis_label, figure.yaxis[0].axis_label) == ("Visits that count", "Banner")


def test_one_event_type_is_drawn(wh: Warehouse) -> None:
    """An unknown one is named, and so is a limit that is none."""
    frame = wh.what_if("per_event", *DAYS)
    figure = rendered(plots.what_if(frame, "deposit"))
    assert [bars["right"] for bars in columns(figure, "right")] == [[1], [1]]
    assert rendered(plots.what_if(frame, "registration")).renderers
    with pytest.raises(BadParameter, match="event_type: 'click' is not one of visit"):
        plots.what_if(frame, "click")
    with pytest.raises(BadParameter, match="limit: 0 is not a whole number"):
        plots.what_if(frame, limit=0)


def test_the_title_says_when_there_are_more(wh: Warehouse) -> None:
    """Of how many the largest are drawn; more of them make it higher."""
    figure = rendered(plots.what_if(wh.what_if("per_event", *DAYS), limit=2))
    assert figure.title.text == "The largest 2 of 3"


def test_what_strangers_named_is_told_as_text(wh: Warehouse) -> None:
    """No script ends in the page, and nothing is typeset."""
    figure = rendered(plots.what_if(wh.what_if("per_event", *DAYS)))
    (label,) = [name for name in figure.yaxis[0].major_label_overrides.values() if "script" in name]
    assert "</script>" not in label
    assert "$$" not in label
    (tool,) = {tool.id: tool for tool in figure.tools if isinstance(tool, HoverTool)}.values()
    assert ("Banner", "@{value}") in tool.tooltips


def test_without_events_it_says_so(wh: Warehouse) -> None:
    """Also of a frame that a filter emptied."""
    for frame in (wh.what_if("per_event", "2020-01-01", "2020-01-02"), wh.what_if("per_event", *DAYS).clear()):
        assert columns(rendered(plots.what_if(frame)), "text") == [{"text": ["No events in these days"]}]
