"""What stands above every page, whatever it is about: the running day, what was refused, which banners there are."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from panel_app.situation import Situation
from panel_app.source import Answers, Standing
from pixels import Warehouse
from pixels.period import Period
from pixels.pointer import Pointer

_TAG = "banner_tag"
_NEWEST = 5


@dataclass(frozen=True)
class Strip:
    """Frames of the library, and the banners and dimensions to choose from."""

    today: pl.DataFrame
    """`wh.today`, whatever days and banners are chosen."""
    refused: pl.DataFrame
    """Refused events of the days: reason, count; the most frequent first."""
    tags: tuple[str, ...]
    """Every banner of the days, the most visitors first."""
    dimensions: tuple[str, ...]
    """What a banner decides, and tables can be split by."""
    last_refused: pl.DataFrame
    """Before anything is counted, the newest refusals (`wh.rejected`); else no row."""
    refused_ever: int
    """And how many there are."""


def read_strip(answers: Answers, where: Situation, standing: Standing) -> Strip:
    """Ask the snapshot. Raises PixelsError."""
    return Strip(
        today=answers.ask(_today, _Moment(standing)),
        refused=answers.ask(_refused, where.period),
        tags=answers.ask(_tags, where.period),
        dimensions=answers.warehouse.dimensions,
        last_refused=answers.ask(_last_refused, where.data is None),
        refused_ever=answers.ask(_refused_ever, where.data is None),
    )


@dataclass(frozen=True, eq=False)
class _Moment:
    """Until when the running day is complete, which moves without a newer snapshot."""

    standing: Standing

    def __hash__(self) -> int:
        return hash(self.standing.complete_until)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Moment) and other.standing.complete_until == self.standing.complete_until


def _today(warehouse: Warehouse, moment: _Moment) -> pl.DataFrame:
    pointer = moment.standing
    return (warehouse.standing_for(pointer) if isinstance(pointer, Pointer) else warehouse).today()


def _refused(warehouse: Warehouse, period: Period) -> pl.DataFrame:
    refused = warehouse.refused(period.start, period.end)
    return refused.group_by("reason").agg(pl.col("count").sum()).sort("count", "reason", descending=[True, False])


def _tags(warehouse: Warehouse, period: Period) -> tuple[str, ...]:
    banners = warehouse.banners(period.start, period.end)
    return tuple(banners.sort("visits", _TAG, descending=[True, False])[_TAG])


def _last_refused(warehouse: Warehouse, nothing_counts: bool) -> pl.DataFrame:
    return warehouse.rejected(limit=_NEWEST) if nothing_counts else pl.DataFrame()


def _refused_ever(warehouse: Warehouse, nothing_counts: bool) -> int:
    return int(warehouse.rejected_by_reason()["count"].sum()) if nothing_counts else 0
