"""Daily counts as lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import holoviews as hv
import polars as pl

from pixels.errors import BadParameter
from pixels.period import Day, parse_period
from pixels.plots.theme import (
    DAILY_LABELS,
    EVENT_COLORS,
    GREY,
    HEIGHT,
    PALETTE,
    WIDTH,
    by_value,
    check_limit,
    day_axis,
    dressed,
    load_backend,
    nothing_to_draw,
    short_labels,
)

Range = tuple[Day, Day]
_OTHERS, _OTHER_BANNERS = "Others", "Other banners"
_MARKED_DAYS = 62
_TARGETS_WIDTH = 500


@dataclass(frozen=True)
class _Span:
    """What a point stands for: its length, and the words for it."""

    length: str
    axis: str
    label: str
    tooltip: str
    cut: str


_SPANS = {
    "day": _Span("1d", "Day", "Players a day", "Day", ", not over yet"),
    "week": _Span("1w", "Week, from its Monday", "Players a day, summed", "Week from", ", not the whole week"),
    "month": _Span("1mo", "Month, from its first day", "Players a day, summed", "Month from", ", not the whole month"),
}


def daily_trend(
    frame: pl.DataFrame,
    event_type: str | None = None,
    last_day_partial: date | None = None,
    period: Range | None = None,
    width: int | None = WIDTH,
    height: int = HEIGHT,
    per: str | None = None,
) -> Any:
    """Draw the counts of `wh.metrics(...)`: a line for each event type, or for `event_type` alone.

    Days without an event are drawn as zero, over `period` (both days included) or from the first to the last day of the
    frame. The line that leads to `last_day_partial`, a day that is not over yet, is dashed. `width` None fills the page.
    `per` is what the frame was asked with, None: told by its dates; give it where a single week begins on the first of a
    month. Lines that lead to a week or month that is not whole are dashed.
    """
    span = _span(per, frame)
    chosen = (
        [_known(event_type)]
        if event_type is not None
        else [name for name in DAILY_LABELS if name in frame["event_type"] or period]
    )
    lines = [(DAILY_LABELS[name], EVENT_COLORS[name], frame.filter(pl.col("event_type") == name)) for name in chosen]
    label = span.label if event_type is None else DAILY_LABELS[event_type]
    return _lines(lines, _days(frame, period, span), label, last_day_partial, width, height, span)


def banner_trend(
    frame: pl.DataFrame,
    event_type: str = "visit",
    limit: int = 6,
    last_day_partial: date | None = None,
    period: Range | None = None,
    width: int | None = WIDTH,
    height: int = HEIGHT,
    per: str | None = None,
) -> Any:
    """Draw the counts of `wh.summary(...)` for one event type: a line for each of the `limit` largest banners.

    By another dimension its values stand in the place of banners. The rest are one grey line, so that the lines sum to the
    daily count. Days, dashes, width and `per` as in `daily_trend`.
    """
    check_limit(limit)
    span = _span(per, frame)
    named, heading = by_value(frame, frame.columns[2])
    counts = named.filter(pl.col("event_type") == _known(event_type))
    sizes = counts.group_by("value").agg(pl.col("count").sum()).sort("count", "value", descending=[True, False])
    largest = sizes["value"].head(limit).to_list()
    *labels, label_of_rest = short_labels([*largest, _OTHER_BANNERS if heading == "Banner" else _OTHERS])
    lines = [
        (label, color, counts.filter(pl.col("value") == value))
        for value, label, color in zip(largest, labels, _colors(len(largest)), strict=True)
    ]
    rest = counts.filter(~pl.col("value").is_in(largest))
    if not rest.is_empty():
        lines.append((label_of_rest, GREY, rest))
    return _lines(lines, _days(counts, period, span), DAILY_LABELS[event_type], last_day_partial, width, height, span)


def _known(event_type: str) -> str:
    if event_type not in DAILY_LABELS:
        raise BadParameter("event_type", f"{event_type!r} is not one of {', '.join(DAILY_LABELS)}")
    return event_type


def _span(per: str | None, frame: pl.DataFrame) -> _Span:
    if per is None:
        per = _told_by_dates(frame)
    if per not in _SPANS:
        raise BadParameter("per", f"{per!r} is not one of {', '.join(_SPANS)}")
    return _SPANS[per]


def _told_by_dates(frame: pl.DataFrame) -> str:
    if "partial" not in frame.columns:
        return "day"
    return "month" if (frame["event_date"].dt.day() == 1).all() else "week"


def _colors(number: int) -> list[str]:
    return [PALETTE[place % len(PALETTE)] for place in range(number)]


def _days(frame: pl.DataFrame, period: Range | None, span: _Span) -> pl.DataFrame:
    """Return every day to draw, or the first day of every week or month."""
    if period is None and frame.is_empty():
        return pl.DataFrame(schema={"event_date": pl.Date})
    days = parse_period(*period) if period else parse_period(frame["event_date"].min(), frame["event_date"].max())
    first = pl.lit(days.start).dt.truncate(span.length)
    return pl.select(pl.date_range(first, days.end, span.length).alias("event_date"))


def _lines(
    lines: list[tuple[str, str, pl.DataFrame]],
    days: pl.DataFrame,
    y_label: str,
    last_day_partial: date | None,
    width: int | None,
    height: int,
    span: _Span,
) -> Any:
    if not lines or days.is_empty():
        return nothing_to_draw(width, height)
    load_backend()
    drawn: list[Any] = []
    for label, color, counts in lines:
        drawn += _line(label, color, _counts(counts, days, last_day_partial), span)
    return dressed(
        hv.Overlay(drawn),
        width,
        height,
        title="",
        xlabel=span.axis,
        ylabel=y_label,
        ylim=(0, None),
        padding=(0.02, 0.1),
        legend_position="top",
        legend_cols=4,
        show_legend=len(lines) > 1,
        **day_axis(days["event_date"]),
    )


def _counts(counts: pl.DataFrame, days: pl.DataFrame, last_day_partial: date | None) -> pl.DataFrame:
    """Return event_date, count, partial for each of the days."""
    cut = pl.col("partial").any() if "partial" in counts.columns else pl.lit(value=False)
    sums = counts.group_by("event_date").agg(pl.col("count").sum(), partial=cut)
    goes_on = pl.lit(value=False) if last_day_partial is None else pl.col("event_date") >= last_day_partial
    return (
        days.join(sums, on="event_date", how="left")
        .sort("event_date")
        .with_columns(pl.col("count").fill_null(0), pl.col("partial").fill_null(value=False) | goes_on)
    )


def _line(label: str, color: str, counts: pl.DataFrame, span: _Span) -> list[Any]:
    """Return a solid line through what is whole, dashed ones from and to what is not, and the points."""
    day, whole = pl.col("event_date"), counts.filter(~pl.col("partial"))["event_date"]
    first, last = (whole.min(), whole.max()) if whole.len() else (date.max, date.max)
    parts = [(day.is_between(first, last), "solid"), (day <= first, "dashed"), (day >= last, "dashed")]
    drawn = [(counts.filter(part), dash) for part, dash in parts]
    curves = [
        hv.Curve(part, "event_date", "count", label=label).opts(
            color=color, line_width=2, line_dash=dash, backend="bokeh"
        )
        for part, dash in drawn
        if part.height > 1
    ]
    return [*curves, *_points(label, color, counts, span)]


def _points(label: str, color: str, daily: pl.DataFrame, span: _Span) -> list[Any]:
    """Return a mark a day where there is room for it, and unseen, larger ones that carry the tooltips."""
    marks = hv.Scatter(daily, "event_date", "count", label=label).opts(color=color, size=4, backend="bokeh")
    # The label travels as a column: it may be a banner tag, and tooltips show columns as text.
    cut = pl.when("partial").then(pl.lit(span.cut)).otherwise(pl.lit(""))
    named = daily.with_columns(series=pl.lit(label), cut=cut)
    targets = hv.Scatter(named, "event_date", ["count", "series", "cut"], label=label).opts(
        color=color,
        alpha=0,
        size=min(16, max(4, _TARGETS_WIDTH // daily.height)),
        tools=["hover"],
        hover_tooltips=[(span.tooltip, "@event_date{%F}@cut"), ("", "@series"), ("Players", "@count{0,0}")],
        hover_formatters={"@event_date": "datetime"},
        backend="bokeh",
    )
    return [marks, targets] if daily.height <= _MARKED_DAYS else [targets]
