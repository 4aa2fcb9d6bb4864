"""How every plot of Pixels looks: one palette, one set of words, readable on light and dark pages.

Texts and lines are a grey that stands out from white (4.5:1) as well as from a dark page (4.1:1 on #121212), and the
background is the page's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import holoviews as hv
import polars as pl

from pixels.errors import BadParameter
from pixels.plots.in_notebook import show_without_network

# Okabe and Ito, "Color Universal Design" (2008): told apart with every kind of colour vision.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
GREY = "#767676"
EVENT_COLORS = {"visit": PALETTE[0], "registration": PALETTE[1], "deposit": PALETTE[2]}
DAILY_LABELS = {"visit": "Daily unique visitors", "registration": "Registrations", "deposit": "Deposit days"}
STEP_LABELS = {"visit": "Visit", "registration": "Registration", "deposit": "Deposit"}
NO_VALUE = "(none)"
WIDTH, HEIGHT = 640, 300
_LONGEST_LABEL = 24
_LETTERS_ACROSS, _LONGEST_SLANTED = 48, 16
_LONGEST_HEADING, _PER_ROW = 36, 14
_EVERY_DAY_NAMED = 7
_TEX = re.compile(r"(?<=[$\\])(?=[$\[(])")


def load_backend() -> None:
    """Load HoloViews' Bokeh backend once; in a notebook this also brings its JavaScript into the page."""
    if "bokeh" not in hv.Store.renderers:
        hv.extension("bokeh", inline=True, logo=False)
        show_without_network()


def dressed(element: Any, width: int | None, height: int, **options: Any) -> Any:
    """Return the element with the size and the look that all plots share; width None fills the page's width.

    Its axes are its own: plots that stand together on a page would share those whose dimensions have the same names.
    """
    size = {"responsive": True} if width is None else {"width": width}
    if title := options.get("title"):  # HoloViews fills in what stands in braces, and Bokeh typesets formulas
        options["title"] = plain(title).replace("{", "{{").replace("}", "}}")
    look = {"toolbar": None, "default_tools": [], "shared_axes": False, "hooks": [_dress, *options.pop("hooks", [])]}
    return element.opts(height=height, **look, **size, **options, backend="bokeh")


def nothing_to_draw(width: int | None, height: int, why: str = "No events in these days") -> Any:
    """Return a plot that says so."""
    load_backend()
    text = hv.Text(0.5, 0.5, why).opts(text_color=GREY, backend="bokeh")
    return dressed(text, width, height, xaxis=None, yaxis=None, xlim=(0, 1), ylim=(0, 1), hooks=[_without_grid])


def inert(frame: pl.DataFrame) -> pl.DataFrame:
    """Keep a text from ending the script element in which a notebook shows a plot: Panel writes data there as it is.

    A character that is not seen (word joiner) stands in `</` and `<!` then; HTML, "Restrictions for contents of script
    elements". Only for drawing.
    """
    return frame.with_columns(pl.selectors.string().str.replace_all(r"<([/!])", "<\u2060$1"))


def by_value(frame: pl.DataFrame, dimension: str) -> tuple[pl.DataFrame, str]:
    """Return the frame with the dimension as text in the column `value` alone, and the heading of its axis.

    Rows without a value have a text there that is none of the values.
    """
    no_value = NO_VALUE
    while no_value in frame[dimension]:
        no_value = f"({no_value})"
    values = pl.col(dimension).fill_null(no_value).alias("value")
    key = dimension.removeprefix("metadata.")
    heading = "Banner" if dimension == "banner_tag" else plain(cut(key[:1].upper() + key[1:], _LONGEST_HEADING))
    rest = pl.exclude(dimension, "value")
    return inert(frame.select(rest, values)), heading


def boxes(
    rows: pl.DataFrame, shown: Sequence[str], tooltips: list[tuple[str, str]], label: str = "", **look: Any
) -> Any:
    """Return the rows (left, bottom, right, top) as rectangles, without a frame unless the look has one.

    `shown` are the columns that tooltips and look name.
    """
    options = {"line_color": None, "tools": ["hover"], "hover_tooltips": tooltips, **look}
    return hv.Rectangles(rows, ["left", "bottom", "right", "top"], list(shown), label=label).opts(
        **options, backend="bokeh"
    )


def texts(rows: pl.DataFrame, size: str, **look: Any) -> Any:
    """Return what is written at each place: the first two columns are the place, the third the text; the others are of the look."""
    across, up, *written = rows.columns
    options = {"text_color": GREY, "text_font_size": size, **look}
    return hv.Labels(rows, [across, up], written).opts(**options, backend="bokeh")


def percent(rate: str) -> pl.Expr:
    """Write a rate as 12.3 %, and a dash where there is none."""
    written = pl.format("{} %", (pl.col(rate) * 100).round(1))
    return pl.when(pl.col(rate).is_not_null()).then(written).otherwise(pl.lit("-"))


def check_limit(limit: object) -> None:
    """Raise BadParameter for what is no number of things to draw."""
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise BadParameter("limit", f"{limit!r} is not a whole number from 1 on")


def plain(text: str) -> str:
    """Keep Bokeh from typesetting what stands between $$ and $$ as a formula: a mark without width keeps the signs apart."""
    return _TEX.sub("\u200b", text)


def cut(name: str, longest: int = _LONGEST_LABEL) -> str:
    """Return the name, or as much of its beginning as fits."""
    return name if len(name) <= longest else name[: longest - 1] + "…"


def short_labels(names: list[str], longest: int = _LONGEST_LABEL) -> list[str]:
    """Return names that fit an axis, cut where they are long, and still different from each other."""
    labels: list[str] = []
    for name in names:
        label = stem = plain(cut(name, longest))
        number = 1
        while label in labels:
            number += 1
            label = f"{stem} ({number})"
        labels.append(label)
    return labels


def _dress(plot: Any, _element: Any) -> None:
    figure = plot.state
    figure.background_fill_alpha = figure.border_fill_alpha = 0
    figure.outline_line_color = None
    figure.title.text_color = GREY
    for axis in figure.axis:
        axis.axis_line_color = axis.major_tick_line_color = GREY
        axis.minor_tick_line_color = None
        axis.major_label_text_color = axis.axis_label_text_color = GREY
        axis.axis_label_text_font_style = "normal"
    for grid in figure.grid:
        grid.grid_line_color, grid.grid_line_alpha = GREY, 0.25
    for legend in figure.legend:
        legend.background_fill_alpha = legend.border_line_alpha = 0
        legend.label_text_color = GREY


def _without_grid(plot: Any, _element: Any) -> None:
    for grid in plot.state.grid:
        grid.visible = False


def thousands_on_y(plot: Any, _element: Any) -> None:
    """Write the numbers of the vertical axis as 12,000, and whole."""
    _count_axis(plot.state.yaxis, plot.state.ygrid, plot.state.xgrid)


def thousands_on_x(plot: Any, _element: Any) -> None:
    """Write the numbers of the horizontal axis as 12,000, and whole."""
    _count_axis(plot.state.xaxis, plot.state.xgrid, plot.state.ygrid)


def dashes_drawn(plot: Any, _element: Any) -> None:
    """Let rectangles have dashed frames: WebGL, which HoloViews asks Bokeh for, frames them with solid lines only."""
    plot.state.output_backend = "canvas"


def places_on_x(plot: Any, _element: Any) -> None:
    """Leave out the lines that rise from places without a measure."""
    for grid in plot.state.xgrid:
        grid.visible = False


def places_on_y(plot: Any, _element: Any) -> None:
    """Leave out the lines that start at places without a measure."""
    for grid in plot.state.ygrid:
        grid.visible = False


def whole_days_on_x(plot: Any, _element: Any) -> None:
    """Write every tick of the horizontal axis as a day; by itself Bokeh writes a single one as a year.

    Where the page is too narrow for all, some are left out rather than written over each other.
    """
    from bokeh.models import DatetimeTickFormatter, NoOverlap

    scales = ("milliseconds", "seconds", "minsec", "minutes", "hourmin", "hours", "days", "months", "years")
    for axis in plot.state.xaxis:
        axis.formatter = DatetimeTickFormatter(**dict.fromkeys(scales, "%Y-%m-%d"))
        axis.major_label_policy = NoOverlap()


def high_enough(height: int, rows: int) -> int:
    """Return the height, or what so many rows, one below the other, need to have each its name."""
    return max(height, _PER_ROW * rows + 80)


def named_places(names: list[str]) -> dict[str, Any]:
    """Return the options of an axis from left to right that has a name at 0, 1, ...; long names are slanted.

    So none lies over the next one, down to about half of `WIDTH`.
    """
    longest = max((len(name) for name in names), default=0)
    if longest * len(names) <= _LETTERS_ACROSS:
        return {"xticks": list(enumerate(short_labels(names)))}
    return {"xticks": list(enumerate(short_labels(names, _LONGEST_SLANTED))), "xrotation": 30}


def day_axis(days: pl.Series) -> dict[str, Any]:
    """Return the options of counts over days, in order: of a few days, weeks or months each is named.

    Not where some lie so close together, beside the others, that their names would lie over each other.
    """
    between = days.diff().dt.total_days().drop_nulls()
    if between.sum() >= _EVERY_DAY_NAMED * (between.min() or 1):  # type: ignore[operator]
        return {"hooks": [thousands_on_y]}
    return {"xticks": days.to_list(), "hooks": [thousands_on_y, whole_days_on_x]}


def _count_axis(axes: Any, own_grid: Any, other_grid: Any) -> None:
    from bokeh.models import AdaptiveTicker, NumeralTickFormatter

    for axis in axes:
        axis.formatter = NumeralTickFormatter(format="0,0")
        axis.ticker = AdaptiveTicker(min_interval=1, desired_num_ticks=5, mantissas=[1, 2, 5])
    for grid, ticked in zip(own_grid, axes, strict=False):
        grid.ticker = ticked.ticker
    for grid in other_grid:
        grid.visible = False
