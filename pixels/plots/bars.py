"""Banners and funnel steps as bars."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import polars as pl

from pixels.errors import BadParameter
from pixels.plots.theme import (
    EVENT_COLORS,
    GREY,
    HEIGHT,
    STEP_LABELS,
    WIDTH,
    boxes,
    by_value,
    check_limit,
    dashes_drawn,
    dressed,
    high_enough,
    load_backend,
    named_places,
    nothing_to_draw,
    percent,
    short_labels,
    texts,
    thousands_on_x,
    thousands_on_y,
)

MEASURES = {"visits": "visit", "registrations": "registration", "deposits": "deposit"}
_DASHED: dict[str, Any] = {"fill_alpha": 0.3, "line_dash": "dashed", "line_color": GREY, "line_width": 1.5}
_MEASURE_LABELS = {"visits": "Daily unique visitors", "registrations": "Registrations", "deposits": "Deposit days"}


def banners_bars(
    frame: pl.DataFrame, measure: str = "visits", limit: int = 15, width: int | None = WIDTH, height: int = HEIGHT
) -> Any:
    """Draw one measure of `wh.banners(...)`: visits, registrations or deposits; the `limit` largest, largest on top.

    By another dimension its values stand in the place of banners. The title says when there are more. `width` None fills
    the page; many bars make it higher.
    """
    if measure not in MEASURES:
        raise BadParameter("measure", f"{measure!r} is not one of {', '.join(MEASURES)}")
    check_limit(limit)
    if frame.is_empty():
        return nothing_to_draw(width, height)
    load_backend()
    named, heading = by_value(frame, frame.columns[0])
    largest = named.sort(measure, "value", descending=[True, False]).head(limit)
    # Bars stack upwards from the first row.
    labels = pl.Series("label", short_labels(largest["value"].to_list()), dtype=pl.String)
    rows = largest.with_columns(labels).reverse()
    bars = hv.Bars(rows, "label", [measure, *(name for name in MEASURES if name != measure), "value"]).opts(
        color=EVENT_COLORS[MEASURES[measure]],
        line_color=None,
        bar_width=0.7,
        tools=["hover"],
        hover_tooltips=[
            (heading, "@value"),
            *((label, f"@{name}{{0,0}}") for name, label in _MEASURE_LABELS.items()),
        ],
        invert_axes=True,
        backend="bokeh",
    )
    return dressed(
        bars,
        width,
        high_enough(height, rows.height),
        title=_of_more(limit, frame.height, heading),
        xlabel=heading,
        ylabel=_MEASURE_LABELS[measure],
        ylim=(0, None),
        hooks=[thousands_on_x],
    )


def funnel_bars(frame: pl.DataFrame, limit: int = 6, width: int | None = WIDTH, height: int = HEIGHT) -> Any:
    """Draw `wh.funnel(...)`: a bar a step, with its share of those who entered.

    The part of those whose window is not over, who may still go on, is pale in a dashed frame. By a dimension: the bars of the `limit` values that most people entered by, side by side. `width` None fills the page.
    """
    check_limit(limit)
    if frame.is_empty():
        return nothing_to_draw(width, height)
    load_backend()
    dimension = frame.columns[2] if frame.columns[2] != "players" else None
    named, heading = (frame, "") if dimension is None else by_value(frame, dimension)
    # The name of a banner is a dimension too: its column is read before a step is described.
    described = named.with_columns(
        name=pl.format("{}. {}", "step", pl.col("event_type").replace(STEP_LABELS)),
        share=percent("rate"),
        mature_share=percent("mature_rate"),
    )
    if dimension is None:
        rows, places, title = _one_funnel(described)
    else:
        rows, places, title = _beside_each_other(described, limit, heading)
    highest = max(1, _largest(rows, "players"))
    labels = [] if dimension else [_shares(rows)]
    return dressed(
        hv.Overlay([*_bars_of_steps(rows, heading), *labels]),
        width,
        height,
        title=title,
        xlabel=heading or "Step",
        ylabel="Players",
        **places,
        ylim=(0, highest * 1.15),
        legend_position="top",
        legend_cols=4,
        show_legend=dimension is not None,
        hooks=[thousands_on_y, dashes_drawn],
    )


def _one_funnel(frame: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, Any], str]:
    """Place the steps from left to right; return them, the axis of the places, and no title."""
    rows = frame.with_columns(left=pl.col("step") - 0.4, right=pl.col("step") + 0.4)
    return rows, {"xticks": list(rows.select("step", "name").iter_rows())}, ""


def _beside_each_other(frame: pl.DataFrame, limit: int, heading: str) -> tuple[pl.DataFrame, dict[str, Any], str]:
    """Place the steps of the largest values side by side; return them, the axis of the places, and a title."""
    sizes = frame.filter(pl.col("step") == 1).sort("entered", "value", descending=[True, False])
    values = sizes["value"].head(limit).to_list()
    places = pl.DataFrame(
        {"value": values, "place": range(len(values))}, schema={"value": pl.String, "place": pl.Int64}
    )
    bar = 0.8 / _largest(frame, "step")
    left = pl.col("place") - 0.4 + (pl.col("step") - 1) * bar
    rows = frame.join(places, on="value", maintain_order="left").with_columns(left=left, right=left + bar * 0.92)
    title = _of_more(limit, sizes.height, heading)
    return rows, named_places(values), title


def _of_more(limit: int, number: int, heading: str) -> str:
    if number <= limit:
        return ""
    return f"The largest {limit} of {number:,}" + (" banners" if heading == "Banner" else "")


def _bars_of_steps(rows: pl.DataFrame, heading: str) -> list[Any]:
    """Return the bars of each step, so that the legend names them: whose window is over, and on top whose is not."""
    shown = ["name", "players", "entered", "share", "mature_share", "mature_entered", "immature"]
    shown += ["value"] if heading else []
    over = rows.with_columns(bottom=pl.lit(0), top="mature_players")
    not_over = rows.filter(pl.col("players") > pl.col("mature_players")).with_columns(
        bottom="mature_players", top="players"
    )
    tooltips = _funnel_tooltips(heading)
    return [
        boxes(step, shown, tooltips, str(step["name"][0]), color=EVENT_COLORS[step["event_type"][0]], **look)
        for part, look in ((over, {}), (not_over, _DASHED))
        for step in part.partition_by("step", maintain_order=True)
    ]


def _funnel_tooltips(heading: str) -> list[tuple[str, str]]:
    return [
        *([(heading, "@value")] if heading else []),
        ("Step", "@name"),
        ("Players", "@players{0,0}"),
        ("Of those who entered", "@share of @entered{0,0}"),
        ("Of those whose window is over", "@mature_share of @mature_entered{0,0}"),
        ("Window not over yet", "@immature{0,0}"),
    ]


def _shares(rows: pl.DataFrame) -> Any:
    """Return the share of each step as text above its bar."""
    return texts(rows.select("step", "players", "share"), "10pt", text_baseline="bottom")


def _largest(rows: pl.DataFrame, column: str) -> int:
    return int(rows[column].max())  # type: ignore[arg-type]
