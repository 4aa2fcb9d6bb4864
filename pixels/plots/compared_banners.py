"""The rates of banners with their intervals, and which may be the best."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import polars as pl

from pixels.plots.theme import (
    GREY,
    HEIGHT,
    PALETTE,
    WIDTH,
    by_value,
    check_limit,
    dressed,
    load_backend,
    nothing_to_draw,
    percent,
    places_on_y,
    short_labels,
    texts,
)

_PER_PLACE, _AROUND = 34, 110
_LEAST_ROOM, _LETTERS, _BESIDE, _NARROWEST = 0.18, 60, 215, 390
"""A part of the plot; and pixels: of what is written at the right, of what stands left of the axis, and of a page as narrow as a phone."""
_SHOWN = ["value", "observed", "of_counts", "expected", "likely", "best", "converted", "entries"]


def compare_banners_intervals(
    frame: pl.DataFrame, limit: int = 15, width: int | None = WIDTH, height: int = HEIGHT
) -> Any:
    """Draw `wh.compare_banners(...)`: a line a banner, the most probable to be the best on top, that probability at the right.

    The broad line is where the banner's own rate is likely to lie, given all banners, with a point at the rate to be expected;
    the thin one below it is Wilson's interval of its own counts, with a ring at its rate. The first `limit` of those that have
    entries; the title says when there are more. `width` None fills the page; many lines make it higher.
    """
    check_limit(limit)
    known = frame.filter(pl.col("entries") > 0)
    if known.is_empty():
        return nothing_to_draw(width, height, "Nobody whose window is over")
    load_backend()
    named, heading = by_value(known, frame.columns[0])
    rows = _placed(named, limit)
    least = float(rows.select(pl.min_horizontal("rate_lower", "expected_lower")).min().item()) * 100
    most = float(rows.select(pl.max_horizontal("rate_upper", "expected_upper")).max().item()) * 100
    wide = most - least
    end = least + wide / (1 - _room(width))
    compared = rows.filter(pl.col("expected_rate").is_not_null())
    return dressed(
        hv.Overlay(
            [
                *_lines(rows, heading, "rate", "Own counts", -0.16, {"line_width": 2, "color": GREY}, GREY),
                *_lines(
                    compared, heading, "expected", "Given all", 0.1, {"line_width": 7, "color": PALETTE[0]}, "white"
                ),
                _written(compared, end),
            ]
        ),
        width,
        max(height, _PER_PLACE * rows.height + _AROUND),
        title=f"The first {limit} of {known.height:,}" if known.height > limit else "",
        xlabel="Rate (%), 95 % intervals",
        ylabel=heading,
        xlim=(max(0, least - wide * 0.03), end),
        ylim=(-0.6, rows.height + 0.1),
        yticks=list(rows.select("place", "label").iter_rows()),
        legend_position="top",
        legend_cols=2,
        hooks=[places_on_y],
    )


def _placed(named: pl.DataFrame, limit: int) -> pl.DataFrame:
    """Return the rows to draw with their places, the first on top, and what is written of each."""
    first = named.head(limit)
    likely = pl.format("{} to {}", percent("expected_lower"), percent("expected_upper"))
    return first.with_columns(
        pl.Series("label", short_labels(first["value"].to_list()), dtype=pl.String),
        place=(pl.len() - 1 - pl.int_range(pl.len())).cast(pl.Float64),
        observed=percent("rate"),
        of_counts=pl.format("{} to {}", percent("rate_lower"), percent("rate_upper")),
        expected=percent("expected_rate"),
        likely=pl.when(pl.col("expected_rate").is_not_null()).then(likely).otherwise(pl.lit("-")),
        best=_chance("probability_best"),
    )


def _room(width: int | None) -> float:
    """Return the part of the plot that is left for what is written at its right end; reports make a wide plot narrow."""
    return max(_LEAST_ROOM, min(0.4, _LETTERS / ((_NARROWEST if width is None else width) - _BESIDE)))


def _written(rows: pl.DataFrame, place: float) -> Any:
    """Return the probabilities as text at the right, below what they are."""
    across = pl.lit(place).alias("across")
    heading = rows.head(1).select(across, pl.col("place") + 0.75, pl.lit("Best?").alias("best"))
    return texts(
        pl.concat([heading, rows.select(across, "place", "best")]), "9pt", text_align="right", text_baseline="middle"
    )


def _chance(probability: str) -> pl.Expr:
    """Write a probability as 61 %, never as certain, and a dash where there is none."""
    chance = pl.col(probability)
    whole = pl.format("{} %", (chance * 100).round(0).cast(pl.Int64))
    few, many = pl.lit("< 1 %"), pl.lit("> 99 %")
    written = pl.when(chance > 0.99).then(many).when(chance < 0.01).then(few).otherwise(whole)
    return pl.when(chance.is_not_null()).then(written).otherwise(pl.lit("-"))


def _lines(
    rows: pl.DataFrame, heading: str, of: str, name: str, above: float, look: dict[str, Any], inside: str
) -> list[Any]:
    """Return the intervals of one kind, and the point in each."""
    point = "rate" if of == "rate" else "expected_rate"
    drawn = rows.select(
        *_SHOWN,
        left=pl.col(f"{of}_lower") * 100,
        right=pl.col(f"{of}_upper") * 100,
        middle=pl.col(point) * 100,
        up=pl.col("place") + above,
        up_too=pl.col("place") + above,
    )
    tooltips = [
        (heading, "@value"),
        ("Observed", "@observed, @converted{0,0} of @entries{0,0}"),
        ("95 % by its own counts", "@of_counts"),
        ("Expected, given all", "@expected"),
        ("95 % given all", "@likely"),
        ("Probability to be the best", "@best"),
    ]
    hover = {"tools": ["hover"], "hover_tooltips": tooltips}
    return [
        hv.Segments(drawn, ["left", "up", "right", "up_too"], _SHOWN, label=name).opts(
            **look, **hover, backend="bokeh"
        ),
        hv.Points(drawn, ["middle", "up"], _SHOWN).opts(
            color=inside, line_color=look["color"], line_width=2, size=8, **hover, backend="bokeh"
        ),
    ]
