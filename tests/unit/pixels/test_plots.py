"""What the plots draw, without a browser."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from bokeh.models import GlyphRenderer, HoverTool, NoOverlap, Plot

import pixels
from pixels import Warehouse, plots
from pixels.errors import BadParameter
from pixels.plots.cohorts import _placed
from tests.sample_warehouse import SampleWarehouse, at, deposit, registration, visit

RANGE = ("2026-11-01", "2026-11-05")
NO_EVENTS = ("2020-01-01", "2020-01-03")


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Three banners and a quiet day."""
    home = tmp_path_factory.mktemp("home")
    SampleWarehouse(home).publish(
        visit("v-1", "brandA", "2026-11-01T10:00", s="v-1"),
        visit("v-2", "brandB", "2026-11-03T10:00"),
        visit("v-3", "brandC", "2026-11-03T10:00"),
        visit("v-4", "brandA", "2026-11-03T10:00"),
        registration("p1", "brandA", "2026-11-01T11:00", s="v-1"),
        deposit("p1", "brandA", "2026-11-05T11:00"),
    )
    with pixels.open(home) as warehouse:
        yield warehouse


def rendered(plot: Any) -> Plot:
    """Return the Bokeh figure of a plot."""
    import holoviews as hv

    return hv.render(plot, backend="bokeh")


def columns(figure: Plot, *names: str) -> list[dict[str, list[Any]]]:
    """Return the data of each glyph that has all these columns."""
    sources = [dict(glyphs.data_source.data) for glyphs in figure.renderers if isinstance(glyphs, GlyphRenderer)]
    return [{name: list(data[name]) for name in names} for data in sources if set(names) <= set(data)]


def test_days_without_events_are_zero(wh: Warehouse) -> None:
    """A quiet day is drawn as zero, not skipped; so are days of the period before and after the events."""
    trend = plots.metrics(wh.metrics(*RANGE), event_type="visit", period=("2026-10-31", "2026-11-05"))

    (points,) = columns(rendered(trend), "event_date", "count", "series")
    assert points["count"] == [0, 1, 0, 3, 0, 0]
    assert len(points["event_date"]) == 6


def test_the_running_day_is_dashed(wh: Warehouse) -> None:
    """The line from the last whole day to the partial one is dashed, the rest is solid."""
    trend = plots.metrics(wh.metrics(*RANGE), "visit", last_day_partial=date(2026, 11, 5), period=RANGE)

    lines = [r for r in rendered(trend).renderers if hasattr(r.glyph, "line_dash") and type(r.glyph).__name__ == "Line"]
    assert [(bool(line.glyph.line_dash), len(line.data_source.data["count"])) for line in lines] == [
        (False, 4),
        (True, 2),
    ]


def test_one_day_alone_is_a_point(wh: Warehouse) -> None:
    """A range of one day shows something, also when it is the running day."""
    for partial in (None, date(2026, 11, 3)):
        trend = plots.metrics(wh.metrics("2026-11-03", "2026-11-03"), last_day_partial=partial)

        assert [points["count"] for points in columns(rendered(trend), "count", "series")] == [[3]]


def test_the_words_are_those_of_the_screens(wh: Warehouse) -> None:
    """Visits are daily unique visitors, deposits deposit days; the axes have labels."""
    figure = rendered(plots.metrics(wh.metrics(*RANGE)))

    assert [item.label.value for item in figure.legend[0].items] == [
        "Daily unique visitors",
        "Registrations",
        "Deposit days",
    ]
    assert (figure.xaxis[0].axis_label, figure.yaxis[0].axis_label) == ("Day", "Players a day")


def test_banners_beyond_the_limit_are_one_line(wh: Warehouse) -> None:
    """The lines of a summary sum to the daily count."""
    summary = plots.summary(wh.summary(*RANGE), "visit", limit=1)

    lines = columns(rendered(summary), "count", "series")
    assert [line["series"][0] for line in lines] == ["brandA", "Other banners"]
    assert [sum(day) for day in zip(*(line["count"] for line in lines), strict=True)] == [1, 0, 3]


def test_the_largest_banner_is_on_top(wh: Warehouse) -> None:
    """Bars are ordered by the measure, and the title says how many there are when not all are drawn."""
    figure = rendered(plots.banners(wh.banners(*RANGE), measure="visits", limit=2))

    (bars,) = columns(figure, "value", "visits")
    assert (bars["value"], bars["visits"]) == (["brandB", "brandA"], [1, 2])
    assert figure.title.text == "The largest 2 of 3 banners"


def test_an_unknown_measure_is_named(wh: Warehouse) -> None:
    """A wrong measure raises BadParameter."""
    with pytest.raises(BadParameter, match="measure: 'clicks' is not one of visits, registrations, deposits"):
        plots.banners(wh.banners(*RANGE), measure="clicks")


def test_an_unknown_event_type_is_named(wh: Warehouse) -> None:
    """A wrong event type raises BadParameter, for all banners and by banner."""
    message = "event_type: 'click' is not one of visit, registration, deposit"
    with pytest.raises(BadParameter, match=message):
        plots.metrics(wh.metrics(*RANGE), "click")
    with pytest.raises(BadParameter, match=message):
        plots.summary(wh.summary(*RANGE), "click")


def test_a_funnel_has_a_bar_a_step_and_its_share(wh: Warehouse) -> None:
    """The share of those who entered stands above each bar."""
    figure = rendered(plots.funnel(wh.funnel(*RANGE)))

    assert [(bar["players"], bar["share"]) for bar in columns(figure, "players", "share", "entered")] == [
        ([4], ["100.0 %"]),
        ([1], ["25.0 %"]),
        ([1], ["25.0 %"]),
    ]


def test_a_funnel_by_banner_draws_the_largest(wh: Warehouse) -> None:
    """Each step has a bar in each of the largest banners, which the axis names."""
    figure = rendered(plots.funnel(wh.funnel(*RANGE, by="banner_tag"), limit=2))

    assert [bar["value"] for bar in columns(figure, "players", "value")] == [["brandA", "brandB"]] * 3
    assert list(figure.xaxis[0].major_label_overrides.values()) == ["brandA", "brandB"]
    assert figure.title.text == "The largest 2 of 3 banners"


@pytest.mark.parametrize("draw", ["metrics", "summary", "banners", "funnel", "funnel by banner"])
def test_no_events_is_a_plot_too(wh: Warehouse, draw: str) -> None:
    """An empty range draws without an error, with and without a period."""
    drawings = {
        "metrics": lambda: plots.metrics(wh.metrics(*NO_EVENTS)),
        "summary": lambda: plots.summary(wh.summary(*NO_EVENTS)),
        "banners": lambda: plots.banners(wh.banners(*NO_EVENTS)),
        "funnel": lambda: plots.funnel(wh.funnel(*NO_EVENTS)),
        "funnel by banner": lambda: plots.funnel(wh.funnel(*NO_EVENTS, by="banner_tag")),
    }

    assert rendered(drawings[draw]()).renderers


def test_an_empty_period_is_a_line_at_zero(wh: Warehouse) -> None:
    """With the period given, no events are zeros on every day."""
    trend = plots.metrics(wh.metrics(*NO_EVENTS), period=NO_EVENTS)

    assert [points["count"] for points in columns(rendered(trend), "count", "series")] == [[0, 0, 0]] * 3


def test_width_is_fixed_or_the_pages(wh: Warehouse) -> None:
    """A width in pixels, or None to fill what the page has."""
    assert rendered(plots.metrics(wh.metrics(*RANGE), width=500)).width == 500
    assert rendered(plots.metrics(wh.metrics(*RANGE), width=None)).sizing_mode == "stretch_width"


def test_every_plot_stands_on_the_pages_background(wh: Warehouse) -> None:
    """Light or dark: no plot brings a background, and texts are grey."""
    for plot in (plots.metrics(wh.metrics(*RANGE)), plots.banners(wh.banners(*RANGE)), plots.funnel(wh.funnel(*RANGE))):
        figure = rendered(plot)

        assert (figure.background_fill_alpha, figure.border_fill_alpha) == (0, 0)
        assert {axis.major_label_text_color for axis in figure.axis} == {"#767676"}


def test_plots_on_one_page_keep_their_own_axes(wh: Warehouse) -> None:
    """Days of one and cohorts of the other have the same names of dimensions, which is what HoloViews links axes by."""
    import panel

    alone = [plots.accounting(wh.accounting(*RANGE)), plots.cohorts(wh.cohorts(*RANGE))]

    page = panel.Column(*alone).get_root()

    together = [pane.select_one(Plot) for pane in page.children]
    for figure, expected in zip(together, map(rendered, alone), strict=True):
        for ours, own in ((figure.x_range, expected.x_range), (figure.y_range, expected.y_range)):
            assert (ours.start, ours.end) == (own.start, own.end)


def test_tooltips_escape_what_they_show(wh: Warehouse) -> None:
    """No tooltip uses Bokeh's {safe}, which would put a banner tag into the page as HTML, nor a template of HTML."""
    drawn = [plots.summary(wh.summary(*RANGE)), plots.banners(wh.banners(*RANGE))]
    drawn += [plots.funnel(wh.funnel(*RANGE, by="banner_tag"))]

    for figure in map(rendered, drawn):
        tools = [tool for tool in figure.tools if isinstance(tool, HoverTool)]
        assert tools
        for tool in tools:
            assert isinstance(tool.tooltips, list)
            assert not any("safe" in field for _, field in tool.tooltips)


def test_names_of_days_never_lie_over_each_other(wh: Warehouse) -> None:
    """A week on a phone: some are left out."""
    axis = rendered(plots.metrics(wh.metrics("2026-11-03", "2026-11-07"), width=None)).xaxis[0]

    assert isinstance(axis.major_label_policy, NoOverlap)


def test_a_few_days_are_all_named(wh: Warehouse) -> None:
    """Each day has its tick, written as a day."""
    axis = rendered(plots.metrics(wh.metrics("2026-11-03", "2026-11-03"))).xaxis[0]

    assert (len(axis.ticker.ticks), axis.formatter.years) == (1, "%Y-%m-%d")


def test_long_names_stay_different_on_the_axis() -> None:
    """Names that are cut to the same text are numbered, or two banners would be one bar."""
    tags = ["x" * 200 + "a", "x" * 200 + "b", "x" * 200 + "c", "short"]
    frame = pl.DataFrame({"banner_tag": tags, "visits": [4, 3, 2, 1], "registrations": [0] * 4, "deposits": [0] * 4})

    (bars,) = columns(rendered(plots.banners(frame)), "label", "value")

    assert len(set(bars["label"])) == 4
    assert max(map(len, bars["label"])) < 32
    assert bars["value"] == tags[::-1]


def test_the_read_side_comes_without_the_plotting_libraries() -> None:
    """`import pixels; pixels.open` costs no HoloViews and no Bokeh; `pixels.plots` loads them."""
    program = (
        "import sys, pixels; pixels.open;"
        "print(any(name in sys.modules for name in ('holoviews', 'bokeh', 'panel', 'hvplot')));"
        "pixels.plots; print('holoviews' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path.cwd())

    assert done.stdout.split() == ["False", "True"]


def test_the_read_side_comes_without_distributions() -> None:
    """They take longer to load than all else; who asks for what needs them waits then."""
    program = (
        "import sys, pixels.warehouse; print(any(name in sys.modules for name in ('scipy.stats', 'scipy.special')))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path.cwd())

    assert done.stdout.split() == ["False"]


def test_conversions_show_each_rate_with_what_it_divides(wh: Warehouse) -> None:
    """A bar a rate and value; one without a denominator has none."""
    whole = rendered(plots.conversions(wh.conversions(*RANGE)))
    by_banner = rendered(plots.conversions(wh.conversions(*RANGE, by="banner_tag"), limit=2))

    bars = [bar for bars in columns(whole, "percent", "part", "whole") for bar in zip(*bars.values(), strict=True)]
    assert bars == [("25.0 %", 1, 4), ("100.0 %", 1, 1)]
    (registered, deposited) = columns(by_banner, "value", "percent", "whole")
    assert registered == {"value": ["brandA", "brandB"], "percent": ["50.0 %", "0.0 %"], "whole": [2, 1]}
    assert deposited["value"] == ["brandA"]
    assert by_banner.title.text == "The largest 2 of 3"
    assert [item.label.value for item in whole.legend[0].items] == ["Visit to registration", "Registration to FTD"]


def test_what_is_written_in_a_cell_of_cohorts_can_be_read() -> None:
    """Whatever its colour: at least 4.5 to 1, as WCAG asks for."""
    shares = [step / 50 for step in range(1, 51)]
    frame = pl.DataFrame({
        "cohort": [date(2026, 11, 2)] * 50, "offset": range(50), "players": 100, "first_depositors": 1, "first_deposit_rate": shares,
        "mature": True,
    })  # fmt: skip

    cells = _placed(frame, "first_deposit_rate")

    for fill, ink in cells.select("fill", "ink").rows():
        behind = [int(part) for part in fill.removeprefix("rgb(").removesuffix(")").split(",")]
        assert contrast(behind, [int(ink[at : at + 2], 16) for at in (1, 3, 5)]) >= 4.5, fill


def contrast(one: list[int], other: list[int]) -> float:
    """The contrast ratio of WCAG 2.2."""
    parts = [[part / 255 for part in colour] for colour in (one, other)]
    linear = [
        [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour] for colour in parts
    ]
    lights = sorted(0.2126 * red + 0.7152 * green + 0.0722 * blue for red, green, blue in linear)
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def test_the_axis_of_cohorts_says_weeks_or_months() -> None:
    """As the cohorts are."""
    cell = {"offset": [0], "players": [9], "first_depositors": [1], "first_deposit_rate": [0.1], "mature": [True]}

    axes = [
        rendered(plots.cohorts(pl.DataFrame({"cohort": [first], **cell}))).xaxis[0].axis_label
        for first in (date(2026, 11, 2), date(2026, 11, 1))
    ]

    assert axes == ["Weeks after that of the registration", "Months after that of the registration"]


def test_each_segment_is_a_bar_with_its_share(wh: Warehouse) -> None:
    """Four bars, of which two are empty."""
    (bars,) = columns(rendered(plots.segments(wh.segments(on="2026-11-05"))), "name", "people", "percent", "color")

    assert list(zip(bars["name"], bars["people"], bars["percent"], strict=True)) == [
        ("Visitor", 3, "75.0 %"),
        ("Registered", 0, "0.0 %"),
        ("Depositor", 1, "25.0 %"),
        ("Lapsed", 0, "0.0 %"),
    ]


def test_a_timeline_has_a_mark_for_each_record_and_fills_those_that_count(tmp_path: Path) -> None:
    """Of two visits of a day the second is hollow."""
    SampleWarehouse(tmp_path).publish(
        visit("p1", "brandA", "2026-11-01T10:00"),
        visit("p1", "brandB", "2026-11-01T11:00"),
        deposit("p1", "brandA", "2026-11-01T12:00"),
    )
    with pixels.open(tmp_path) as warehouse:
        figure = rendered(plots.player(warehouse.player("p1")))

    marks = {
        glyphs.glyph.fill_alpha: [str(name) for name in glyphs.data_source.data["name"]]
        for glyphs in figure.renderers
        if isinstance(glyphs, GlyphRenderer)
    }
    assert marks == {0: ["Visit"], 1: ["Visit", "Deposit"]}


def test_what_was_added_stands_above_the_line_and_what_was_taken_below(tmp_path: Path) -> None:
    """Also when both sum to nothing; a day that went on is faint."""
    sample = SampleWarehouse(tmp_path)
    sample.publish(visit("p1", "late", "2026-11-01T10:00"), complete_until=at("2026-11-02T12:00"))
    older = pixels.open(tmp_path)
    sample.publish(visit("p1", "early", "2026-11-01T09:00"), visit("p2", "early", "2026-11-02T13:00"))
    with older, pixels.open(tmp_path) as newer:
        (bars,) = columns(rendered(plots.changes(newer.changes(older))), "day", "bottom", "top", "alpha")

    assert sorted(zip(*bars.values(), strict=True)) == [
        ("2026-11-01", -1, 0, 1.0),
        ("2026-11-01", 0, 1, 1.0),
        ("2026-11-02", 0, 1, 0.35),
    ]


def test_the_newer_plots_of_nothing_say_so(wh: Warehouse) -> None:
    """Nobody, nothing received, nothing changed."""
    for plot in (
        plots.conversions(wh.conversions(*NO_EVENTS)),
        plots.segments(wh.segments(on="2020-01-01")),
        plots.changes(wh.changes(wh)),
    ):
        (text,) = [text for data in columns(rendered(plot), "text") for text in data["text"]]
        assert text in ("Nobody whose window is over", "No events in these days", "Nothing has changed")


def test_values_of_any_dimension_are_drawn_as_banners_are(tmp_path: Path) -> None:
    """Those without a value too; the axis says what they are."""
    sample = SampleWarehouse(tmp_path, banners={"brandA": ("Anna", None, None, None)})
    sample.publish(visit("p1", "brandA", "2026-11-01T10:00"), visit("p2", "brandB", "2026-11-01T10:00"))
    with pixels.open(tmp_path) as warehouse:
        bars = rendered(plots.banners(warehouse.banners(*RANGE, by="affiliate")))
        funnel = rendered(plots.funnel(warehouse.funnel(*RANGE, by="affiliate")))
        trend = rendered(plots.summary(warehouse.summary(*RANGE, by="affiliate"), limit=1))
        rates = rendered(plots.conversions(warehouse.conversions(*RANGE, by="metadata.country")))

    assert [data["value"] for data in columns(bars, "value", "visits")] == [["Anna", "(none)"]]
    assert bars.yaxis[0].axis_label == funnel.xaxis[0].axis_label == "Affiliate"
    assert [sorted(data["value"]) for data in columns(funnel, "value", "players")] == [["(none)", "Anna"]] * 3
    assert {name for data in columns(trend, "series", "count") for name in data["series"]} == {"(none)", "Others"}
    assert rates.xaxis[0].axis_label == "Country"


def test_people_whose_window_is_not_over_are_pale(tmp_path: Path) -> None:
    """They stand on top of the others; the share is that of all."""
    sample = SampleWarehouse(tmp_path)
    sample.publish(
        visit("old", "a", "2026-11-01T10:00"),
        visit("new", "a", "2026-11-04T10:00"),
        complete_until=at("2026-11-09T00:00"),
    )
    with pixels.open(tmp_path) as warehouse:
        figure = rendered(plots.funnel(warehouse.funnel(*RANGE)))

    bars = [
        (glyphs.glyph.fill_alpha, *(list(glyphs.data_source.data[side]) for side in ("bottom", "top")))
        for glyphs in figure.renderers
        if isinstance(glyphs, GlyphRenderer) and "bottom" in glyphs.data_source.data
    ]
    assert bars == [(1, [0], [1]), (1, [0], [0]), (1, [0], [0]), (0.3, [1], [2])]


@pytest.mark.parametrize(("per", "points"), [("day", 31), ("week", 5), ("month", 2)])
def test_a_trend_knows_what_its_frame_was_asked_with(tmp_path: Path, per: str, points: int) -> None:
    """Weeks drawn as days would have six days of nothing between them."""
    SampleWarehouse(tmp_path).publish(visit("p1", "a", "2026-10-05T10:00"), visit("p1", "a", "2026-11-04T10:00"))
    with pixels.open(tmp_path) as warehouse:
        trend = plots.metrics(warehouse.metrics("2026-10-01", "2026-11-30", per=per), "visit")
        by_banner = plots.summary(warehouse.summary("2026-10-01", "2026-11-30", per=per))

    for figure in (rendered(trend), rendered(by_banner)):
        assert [len(data["count"]) for data in columns(figure, "count", "series")] == [points]
