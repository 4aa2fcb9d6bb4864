"""The funnel: of the people who took the first step, how many took the next ones in time."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import polars as pl

from pixels.dimensions import Dimensions, EventColumns
from pixels.errors import BadParameter
from pixels.period import Period
from pixels.rates import rate
from pixels.resources import resource_path
from pixels.snapshot import Snapshot
from pixels.tries import best_tries, has_ties

STEPS = ("visit", "registration", "deposit")
ORDERS = ("ordered", "strict", "any")
ENTRANTS = ("all", "new")
Window = str | Sequence[str] | Mapping[str, str]
"""A length of time such as 7d for all steps, a list of one for each step after the first, or one for each event type."""
_QUANTILES = {"p25": 0.25, "median": 0.5, "p75": 0.75, "p90": 0.9}
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
_WINDOW = re.compile(r"([1-9][0-9]{0,4})([dhm])")


@dataclass(frozen=True)
class FunnelQuestion:
    """What is asked of a funnel; see `ask` for the words."""

    steps: tuple[str, ...]
    windows: tuple[timedelta, ...]
    """The time that each step after the first may take, from the entry on."""
    window: timedelta
    """The longest of them: how long a try can take."""
    order: str
    entrants: str


def ask(steps: Sequence[str], window: Window, order: str, entrants: str) -> FunnelQuestion:
    """Check the parameters of a funnel. Raises BadParameter that names the wrong one."""
    known = _event_types()
    if isinstance(steps, str) or not isinstance(steps, Sequence) or not steps or any(s not in known for s in steps):
        raise BadParameter("steps", f"{steps!r} is not a list of steps; each is one of {', '.join(known)}")
    windows = _windows(window, steps[1:])
    return FunnelQuestion(
        steps=tuple(steps),
        windows=windows,
        window=max(windows, default=parse_window(window) if isinstance(window, str) else timedelta()),
        order=one_of("order", order, ORDERS),
        entrants=one_of("entrants", entrants, ENTRANTS),
    )


def _windows(window: object, later_steps: Sequence[str]) -> tuple[timedelta, ...]:
    """Return the window of each step after the first."""
    if isinstance(window, Mapping):
        if set(window) != set(later_steps):
            raise BadParameter(
                "window", f"{window!r} has not one length for each of {', '.join(dict.fromkeys(later_steps))}"
            )
        return tuple(parse_window(window[event_type]) for event_type in later_steps)
    if isinstance(window, Sequence) and not isinstance(window, str):
        if len(window) != len(later_steps):
            raise BadParameter(
                "window", f"{window!r} has not one length for each of the {len(later_steps)} later steps"
            )
        return tuple(parse_window(length) for length in window)
    return (parse_window(window),) * len(later_steps)


def parse_window(window: object, parameter: str = "window") -> timedelta:
    """Read a length of time: a whole number of days, hours or minutes, such as 7d, 12h or 30m. Raises BadParameter."""
    match = _WINDOW.fullmatch(window) if isinstance(window, str) else None
    if match is None:
        raise BadParameter(parameter, f"{window!r} is not a length of time; write for example 7d, 12h or 30m")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def funnel(
    dimensions: Dimensions, period: Period, question: FunnelQuestion, by: str | None, complete_until: datetime
) -> pl.DataFrame:
    """Count the people who took each step; one row a step, or one a value of the dimension `by` and step.

    People enter with the first step on a day of the period. Later steps count up to their window after the entry, that
    instant included, also when the period is over by then. Of several tries of a person the one that gets furthest
    counts, of equals the earliest, so everybody is in the funnel once, under the banner of that entry, or what else of the
    entry is asked for. One event fills one step; steps of the same instant count as in order.

    step, event_type, [the dimension,]
    players                    people who took this and all steps before it
    entered                    people who took the first step: the denominator of
    rate                       players / entered; null when nobody entered
    mature_players, mature_entered, mature_rate    the same for entries whose longest window was over by `complete_until`
    immature                   entered - mature_entered: people who may still go on
    p25_seconds_from_entry, median_..., p75_..., p90_...    of `players`, from entry to this step, between two of them
                               linearly (Hyndman and Fan, "Sample Quantiles", 1996: type 7)
    """
    tries = people(dimensions, period, question, complete_until, by)
    return _tabulate(tries, question.steps, [] if by is None else [by])


def people(
    dimensions: Dimensions,
    period: Period,
    question: FunnelQuestion,
    complete_until: datetime,
    *by: str | None,
    named: bool = False,
) -> pl.DataFrame:
    """Return the people who entered, each once, by the try that counts.

    player_id                  of the player, or of the visitor whom nothing links to one; null unless `named`
    [each dimension of `by`]   of the entry
    mature                     whether the longest window of the entry was over by `complete_until`
    step_1, step_2, ...        instants, null from the step on that was not taken
    banner_1, banner_2, ...    of the events that filled the steps
    event_1, event_2, ...      their ids; may be null unless a dimension needs events
    """
    wanted = [name for name in by if name is not None]
    identified = any(map(dimensions.needs_events, wanted))
    events = _events(dimensions.snapshot, period, question, named=named, identified=identified)
    if not identified and has_ties(events):
        events = _events(dimensions.snapshot, period, question, named=named, identified=True)
    tries = best_tries(events, question.steps, question.order, question.windows)
    for name in wanted:
        tries = dimensions.add(tries, name, of_step(1))
    return tries.with_columns(mature=pl.col("step_1") + question.window <= complete_until)


def _events(
    snapshot: Snapshot, period: Period, question: FunnelQuestion, *, named: bool, identified: bool
) -> pl.DataFrame:
    return snapshot.query(
        "funnel_events",
        start=period.start,
        end=period.end,
        steps=list(question.steps),
        window_days=question.window.days,
        entrants=question.entrants,
        named=named,
        identified=identified,
    )


def of_step(number: int) -> EventColumns:
    """Return how `people` names the event that filled a step."""
    return EventColumns(f"banner_{number}", f"event_{number}", f"step_{number}")


def _tabulate(tries: pl.DataFrame, steps: Sequence[str], dimension: list[str]) -> pl.DataFrame:
    rows = [_count_step(tries, number, event_type, dimension) for number, event_type in enumerate(steps, start=1)]
    order = [pl.col("entered").neg(), *dimension, "step"] if dimension else ["step"]
    return pl.concat(rows).sort(order, nulls_last=True)


def _count_step(tries: pl.DataFrame, number: int, event_type: str, dimension: list[str]) -> pl.DataFrame:
    instant, mature = pl.col(f"step_{number}"), pl.col("mature")
    counts: dict[str, pl.Expr] = {
        "players": instant.count(),
        "entered": pl.len(),
        "mature_players": (instant.is_not_null() & mature).sum(),
        "mature_entered": mature.sum(),
        "immature": (~mature).sum(),
    }
    measures = [expression.cast(pl.Int64).alias(name) for name, expression in counts.items()]
    measures += _quantiles((instant - pl.col("step_1")).dt.total_milliseconds())
    counted = tries.group_by(dimension).agg(measures) if dimension else tries.select(measures)
    return counted.select(
        pl.lit(number, pl.Int64).alias("step"),
        pl.lit(event_type).alias("event_type"),
        *dimension,
        "players",
        "entered",
        rate("players", "entered").alias("rate"),
        "mature_players",
        "mature_entered",
        rate("mature_players", "mature_entered").alias("mature_rate"),
        "immature",
        *(f"{name}_seconds_from_entry" for name in _QUANTILES),
    )


def _quantiles(milliseconds: pl.Expr) -> list[pl.Expr]:
    # Between whole milliseconds lie steps of 0.05 ms: five decimals hold every one of them.
    return [
        (milliseconds.quantile(quantile, "linear") / 1000).round(5).alias(f"{name}_seconds_from_entry")
        for name, quantile in _QUANTILES.items()
    ]


def one_of(parameter: str, value: Any, choices: Sequence[Any]) -> Any:
    """Return the value if it is one of the choices. Raises BadParameter that names `parameter`."""
    if not isinstance(value, str | None) or value not in choices:
        raise BadParameter(parameter, f"{value!r} is not one of {', '.join(map(str, choices))}")
    return value


@cache
def _event_types() -> tuple[str, ...]:
    contract = json.loads((resource_path("schema") / "event.schema.json").read_text("utf-8"))
    return tuple(contract["properties"]["event_type"]["enum"])
