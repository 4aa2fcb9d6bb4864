"""A line as small as a word: which way it went."""

from __future__ import annotations

import polars as pl

WIDTH, HEIGHT = 84, 26
_EDGE = 2.0


def sparkline(daily: pl.DataFrame) -> str:
    """Draw a measure by day (event_date, value, partial); days that are not whole, at the end, are left out.

    It stands beside the number it belongs to and tells nothing that the trend's table does not, so readers of the screen
    are spared it.
    """
    whole = daily.filter(~pl.col("partial"))["value"].to_list()
    known = [value for value in whole if value is not None]
    if len(known) < 2:
        return '<svg class="spark" aria-hidden="true"></svg>'
    low, high = min(0.0, *known), max(known) or 1.0
    step = (WIDTH - 2 * _EDGE) / max(1, len(whole) - 1)
    runs: list[list[str]] = [[]]
    for place, value in enumerate(whole):
        if value is None:
            runs.append([])
        else:
            up = (value - low) / (high - low) if high > low else 0.0
            runs[-1].append(f"{_EDGE + place * step:.1f},{HEIGHT - _EDGE - up * (HEIGHT - 2 * _EDGE):.1f}")
    lines = "".join(f'<polyline points="{" ".join(run)}"/>' for run in runs if len(run) > 1)
    return (
        f'<svg class="spark" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" aria-hidden="true">{lines}</svg>'
    )
