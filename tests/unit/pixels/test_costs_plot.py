"""What the plot of costs draws, without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from bokeh.models import HoverTool

import pixels
from pixels import Warehouse, plots
from pixels.errors import BadParameter
from tests.sample_warehouse import SampleWarehouse, deposit, registration
from tests.unit.pixels.test_plots import columns, rendered

DAYS = ("2026-11-01", "2026-11-03")


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Two banners that brought depositors, one of them for less, one that brought nobody, and one without a cost."""
    home = tmp_path_factory.mktemp("home")
    costs = {"dear": "1234.5", "</script>": "0.0001", "idle": "7"}
    SampleWarehouse(
        home,
        banners={tag: (None, None, None, Decimal(cost).quantize(Decimal("0.0001"))) for tag, cost in costs.items()},
    ).publish(
        *(registration(f"p-{tag}", tag, "2026-11-01T10:00") for tag in ("dear", "</script>", "free")),
        *(deposit(f"p-{tag}", tag, "2026-11-02T10:00") for tag in ("dear", "</script>", "free")),
    )
    with pixels.open(home) as warehouse:
        yield warehouse


def test_the_dearest_banner_is_on_top_with_its_exact_amounts(wh: Warehouse) -> None:
    """What has no such figure has no bar, and is counted in the title; no tag ends a script."""
    figure = rendered(plots.costs(wh.costs(*DAYS)))

    (bars,) = columns(figure, "value", "length", "cost", "cost_per_ftd")
    assert bars["value"] == ["<\u2060/script>", "dear"]
    assert bars["length"] == [0.0001, 1234.5]
    assert bars["cost"] == bars["cost_per_ftd"] == ["0.0001", "1,234.50"]
    assert figure.title.text == "2 without this figure"


def test_a_whole_cost_is_drawn_too(wh: Warehouse) -> None:
    """Also of a banner that brought nobody; of more than fit the title tells."""
    figure = rendered(plots.costs(wh.costs(*DAYS), measure="cost", limit=2))

    (bars,) = columns(figure, "value", "length", "cost_per_registration")
    assert (bars["value"], bars["length"]) == (["idle", "dear"], [7.0, 1234.5])
    assert bars["cost_per_registration"] == ["-", "1,234.50"]
    assert figure.title.text == "The dearest 2 of 3; 1 without this figure"


def test_no_costs_are_a_plot_too(wh: Warehouse) -> None:
    """By a dimension without any cost, and of days without events."""
    for measure in ("cost_per_ftd", "cost_per_registration"):
        figure = rendered(plots.costs(wh.costs("2020-01-01", "2020-01-01"), measure))
        assert columns(figure, "text")[0]["text"] == [
            f"No {measure.replace('_', ' ').replace('ftd', 'FTD')} in these days"
        ]
    assert rendered(plots.costs(wh.costs(*DAYS).clear())).renderers


def test_a_measure_that_is_none_is_named(wh: Warehouse) -> None:
    """With those that there are."""
    with pytest.raises(BadParameter, match="measure: 'ftd' is not one of cost_per_ftd, cost_per_registration, cost"):
        plots.costs(wh.costs(*DAYS), measure="ftd")


def test_tooltips_show_text(wh: Warehouse) -> None:
    """No template of HTML, and nothing that Bokeh would put into the page as it is."""
    (tool,) = [tool for tool in rendered(plots.costs(wh.costs(*DAYS))).tools if isinstance(tool, HoverTool)]
    assert isinstance(tool.tooltips, list)
    assert not any("safe" in field for _, field in tool.tooltips)
