"""The people behind a count of the funnel."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from pixels import funnel
from pixels.dimensions import TAG, Dimensions
from pixels.errors import BadParameter
from pixels.period import Period
from pixels.rules import INSTANT


def funnel_players(
    dimensions: Dimensions,
    period: Period,
    question: funnel.FunnelQuestion,
    complete_until: datetime,
    step: int,
    where: Mapping[str, str | None],
    *,
    dropped: bool,
) -> pl.DataFrame:
    """List who is counted in `players` of a step; or with `dropped` who took the step before it and not this one.

    One row a person, in the order of entries: as many as `funnel` counts, in all, or of those whose entry has all the values
    that `where` gives for dimensions (None: no value). Raises BadParameter.

    player_id      of the player, or the visitor key of somebody whom nothing links to one
    banner_tag     of the entry
    entered_at     when the first step was taken
    step_at        when this step was taken; null for those who dropped
    visitor_keys   list of the keys that became the player, whose events count as the player's
    mature         whether the window of the entry was over by `complete_until`
    """
    _check(step, len(question.steps), dropped=dropped)
    people = funnel.people(
        dimensions, period, question, complete_until, TAG, *(n for n in where if n != TAG), named=True
    )
    took = pl.col(f"step_{step}").is_not_null()
    listed = people.filter(~took & pl.col(f"step_{step - 1}").is_not_null() if dropped else took)
    for name, value in where.items():
        listed = listed.filter(pl.col(name).eq_missing(pl.lit(value)))
    keys = dimensions.snapshot.query("linked_keys")
    return (
        listed.join(keys, on="player_id", how="left")
        .select(
            "player_id",
            "banner_tag",
            pl.col("step_1").cast(INSTANT).alias("entered_at"),
            pl.col(f"step_{step}").cast(INSTANT).alias("step_at"),
            pl.col("visitor_keys").fill_null([]),
            "mature",
        )
        .sort("entered_at", "player_id")
    )


def checked_where(dimensions: Dimensions, banner: object, where: object) -> dict[str, str | None]:
    """Read which entries are asked for: those of a banner, those with the values of dimensions. Raises BadParameter."""
    if not isinstance(banner, str | None):
        raise BadParameter("banner", f"{banner!r} is no banner tag")
    if not isinstance(where, Mapping | None) or not all(
        isinstance(value, str | None) for value in (where or {}).values()
    ):
        raise BadParameter("where", f"{where!r} does not give each dimension its value, as {{'affiliate': 'X'}} does")
    chosen = {dimensions.check(name, "where"): value for name, value in (where or {}).items()}
    if banner is None:
        return chosen
    if TAG in chosen:
        raise BadParameter("banner", f"{banner!r} is asked for, and where={where!r} as well; give one of them")
    return {**chosen, TAG: banner}


def _check(step: object, steps: int, *, dropped: object) -> None:
    if not isinstance(step, int) or isinstance(step, bool) or not 1 <= step <= steps:
        raise BadParameter("step", f"{step!r} is not the number of a step, from 1 to {steps}")
    if not isinstance(dropped, bool):
        raise BadParameter("dropped", f"{dropped!r} is neither True nor False")
    if dropped and step == 1:
        raise BadParameter("dropped", "nobody drops out at step 1, which is the entry; ask for a later step")
