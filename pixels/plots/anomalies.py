"""A figure by day, what the days before let expect of it, and the days that stand out."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import polars as pl

from pixels.anomalies.said import LABELS
from pixels.errors import BadParameter
from pixels.numbers import ENGLISH, Numbers
from pixels.plots.figure_trend import figure_axes, written_figure
from pixels.plots.theme import GREY, HEIGHT, PALETTE, WIDTH, dressed, load_backend, nothing_to_draw

_RATES = ("registration_rate", "deposit_rate")
_STANDS_OUT = PALETTE[1]


def anomaly_band(
    frame: pl.DataFrame,
    measure: str = "daily_unique_visitors",
    value: str | None = None,
    *,
    numbers: Numbers = ENGLISH,
    width: int | None = WIDTH,
    height: int = HEIGHT,
) -> Any:
    """Draw one series of `wh.anomalies(..., everything=True)`: its line, the limits as a band, and larger marks that stand out.

    `measure` names the figure, `value` the banner, or value of the dimension; None: all together. Days of which nothing could
    be expected yet have no band. `numbers` is how the reader writes them, `width` None fills the page. Raises BadParameter for
    an unknown measure.
    """
    if measure not in LABELS:
        raise BadParameter("measure", f"{measure!r} is not one of {', '.join(LABELS)}")
    rows = series_of(frame, measure, value)
    if rows.is_empty():
        return nothing_to_draw(width, height, "Nothing is known of these days")
    load_backend()
    label, is_rate = LABELS[measure], measure in _RATES
    known = rows.drop_nulls("expected")
    top = max([0.0, *rows["value"], *known["upper"]]) * 1.1 or 1.0
    return dressed(
        hv.Overlay([_band(known), _usual(known), _line(rows), *_marks(rows, label, is_rate, numbers)]),
        width,
        height,
        title="",
        xlabel="",
        ylabel=label,
        ylim=(-0.03 * top, top),  # room for a mark at 0
        padding=(0.02, 0.1),
        show_legend=False,
        **figure_axes(rows, is_rate, numbers),
    )


def series_of(frame: pl.DataFrame, measure: str, value: str | None) -> pl.DataFrame:
    """Return the days of one series of `wh.anomalies`."""
    dimension = next(name for name in frame.columns if name not in _OTHERS)
    of_one = pl.col("is_total") if value is None else ~pl.col("is_total") & (pl.col(dimension) == value)
    return frame.filter((pl.col("measure") == measure) & of_one).sort("event_date")


_OTHERS = (
    "event_date", "measure", "is_total", "value", "expected", "lower", "upper", "score", "p_value", "is_anomaly",
    "explained_by", "explained_change", "kind",
)  # fmt: skip


def _band(known: pl.DataFrame) -> Any:
    arrays = tuple(
        known[name].to_numpy() for name in ("event_date", "lower", "upper")
    )  # of an Area HoloViews takes no Polars
    area = hv.Area(arrays, "event_date", ["lower", "upper"], label="expected")
    return area.opts(color=GREY, alpha=0.22, line_alpha=0, backend="bokeh")


def _usual(known: pl.DataFrame) -> Any:
    line = hv.Curve(known.select("event_date", "expected"), "event_date", "expected", label="expected")
    return line.opts(color=GREY, line_width=1.5, line_dash="dashed", backend="bokeh")


def _line(rows: pl.DataFrame) -> Any:
    line = hv.Curve(rows.select("event_date", "value"), "event_date", "value", label="value")
    return line.opts(color=PALETTE[0], line_width=2, backend="bokeh")


def _marks(rows: pl.DataFrame, label: str, is_rate: bool, numbers: Numbers) -> list[Any]:
    """Return a point a day, a larger one that stands out."""
    named = rows.select(
        "event_date",
        "value",
        "is_anomaly",
        day=pl.col("event_date").dt.strftime("%a, %-d %b %Y"),
        now=written_figure("value", is_rate, numbers),
        usual=written_figure("expected", is_rate, numbers),
        between=pl.format(
            "{} to {}", written_figure("lower", is_rate, numbers), written_figure("upper", is_rate, numbers)
        ),
    )
    looks = ((False, PALETTE[0], 4, "circle"), (True, _STANDS_OUT, 12, "diamond"))
    return [
        hv.Scatter(
            named.filter(pl.col("is_anomaly") == stands_out).drop("is_anomaly"),
            "event_date",
            ["value", "day", "now", "usual", "between"],
            label="stands out" if stands_out else "as usual",
        ).opts(
            color=color,
            size=size,
            marker=marker,
            tools=["hover"],
            hover_tooltips=[("", "@day"), (label, "@now"), ("Expected", "@usual"), ("Limits", "@between")],
            backend="bokeh",
        )
        for stands_out, color, size, marker in looks
    ]
