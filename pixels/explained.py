"""What explains a change: which part of a whole moved the most with it, and which changes are left to chance."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import polars as pl

_CHANCE = 2.0
_MOST = 0.5


@dataclass(frozen=True)
class Part:
    """The part whose own change goes the furthest in the direction of the whole."""

    name: str | None
    change: int
    explains_most: bool
    """Whether it is at least half of the change of the whole."""


def is_chance(now: int, before: int) -> bool:
    """Whether two counts differ by no more than chance alone makes them differ in about one of twenty cases.

    Two standard deviations of the difference of two independent Poisson counts, sqrt(now + before).
    """
    return abs(now - before) <= _CHANCE * sqrt(now + before)


def largest_part(counts: pl.DataFrame, name: str) -> Part | None:
    """Return the part that explains a change the most; None when the whole did not change.

    `counts` has a row a part: its name in the column `name`, `now` and `before`, which is null where it was not there.
    """
    changes = counts.select(pl.col(name), change=pl.col("now").fill_null(0) - pl.col("before").fill_null(0))
    whole = int(changes["change"].sum())
    moved = changes.filter(pl.col("change") * whole > 0).sort(pl.col("change").abs(), name, descending=[True, False])
    if moved.is_empty():
        return None
    part, change = moved.row(0)
    return Part(part, change, abs(change) >= _MOST * abs(whole))
