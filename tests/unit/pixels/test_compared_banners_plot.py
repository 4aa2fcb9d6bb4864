"""What `plots.compare_banners` draws, without a browser."""

from __future__ import annotations

import polars as pl
import pytest
from bokeh.models import HoverTool

from pixels import plots
from pixels.compared_banners import compared_banners
from tests.unit.pixels.test_plots import columns, rendered

HOSTILE = "</script><img src=x onerror=alert(1)>$$x$$"


def compared(*rows: tuple[str | None, int, int], by: str = "banner_tag") -> pl.DataFrame:
    """Compare rows of a value, visitors and registrations."""
    schema = {by: pl.String(), "visitors": pl.Int64(), "registrations": pl.Int64()}
    frame = pl.DataFrame(rows, schema=schema, orient="row").with_columns(immature=pl.lit(0, pl.Int64))
    return compared_banners(frame, by, "registration_rate")


def test_each_banner_has_both_intervals_and_its_probability() -> None:
    """The most probable on top; whoever has no entry is left out."""
    frame = compared(("a", 1_000, 50), ("b", 1_000, 100), ("none", 0, 0))
    figure = rendered(plots.compare_banners(frame))

    own, given_all = columns(figure, "left", "right", "value", "best")
    assert own["value"] == given_all["value"] == ["b", "a"]
    assert own["left"] == pytest.approx([row * 100 for row in frame["rate_lower"][:2]])
    assert given_all["right"] == pytest.approx([row * 100 for row in frame["expected_upper"][:2]])
    assert [sorted(axis.major_label_overrides.values()) for axis in figure.yaxis] == [["a", "b"]]
    assert own["best"] == ["> 99 %", "< 1 %"]
    assert columns(figure, "best")[-1]["best"] == ["Best?", "> 99 %", "< 1 %"]


def test_people_without_a_value_have_the_interval_of_their_counts_alone() -> None:
    """They are no choice, and have no probability."""
    figure = rendered(plots.compare_banners(compared(("x", 100, 5), ("y", 100, 6), (None, 50, 1), by="affiliate")))

    own, given_all = columns(figure, "left", "right", "value")
    assert own["value"] == ["y", "x", "(none)"]
    assert given_all["value"] == ["y", "x"]


def test_many_banners_make_it_higher_and_the_title_says_how_many_are_left_out() -> None:
    """Each line has room for its name."""
    frame = compared(*((f"banner {number}", 100, number) for number in range(40)))

    assert rendered(plots.compare_banners(frame, limit=40)).height > rendered(plots.compare_banners(frame)).height
    assert rendered(plots.compare_banners(frame)).title.text == "The first 15 of 40"


def test_what_strangers_named_is_text_and_no_formula() -> None:
    """In the axis and in tooltips."""
    figure = rendered(plots.compare_banners(compared((HOSTILE, 100, 5), ("b", 100, 4))))

    assert not any("</script" in value for data in columns(figure, "value") for value in data["value"])
    assert "$$" not in "".join(figure.yaxis[0].major_label_overrides.values())
    hovers = [tool for tool in figure.tools if isinstance(tool, HoverTool)]
    assert hovers
    assert not any("safe" in field for tool in hovers for _, field in tool.tooltips)


@pytest.mark.parametrize("rows", [[], [("a", 0, 0)]])
def test_nothing_to_compare_is_said(rows: list[tuple[str, int, int]]) -> None:
    """And drawn as a text."""
    assert columns(rendered(plots.compare_banners(compared(*rows))), "text") == [
        {"text": ["Nobody whose window is over"]}
    ]


def test_no_conversion_at_all_is_drawn() -> None:
    """All points at 0, with what chance leaves open."""
    own, _ = columns(rendered(plots.compare_banners(compared(("a", 100, 0), ("b", 300, 0)))), "left", "right")

    assert own["left"] == [0, 0]
    assert min(own["right"]) > 0
