"""How far each try at a funnel got: the events of people, in order, walked step by step for all tries at once.

In all functions `events` are the rows of `schema/queries/funnel_events.sql`: person, player_id, event_type, created_at,
event_id, banner_tag, is_entry, in the order of person, instant, place among the steps, id. A row is named by its number.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import polars as pl


def best_tries(events: pl.DataFrame, steps: Sequence[str], order: str, windows: Sequence[timedelta]) -> pl.DataFrame:
    """Return the try of each person that gets furthest, of equals the earliest; `windows` of the steps after the first.

    Out: one row a person; player_id; for each step its instant (step_1, step_2, ...), and the banner (banner_1, ...) and id
    (event_1, ...) of the event that filled it, null from the step on that was not reached.
    """
    rows = [f"row_{number}" for number, _ in enumerate(steps, 1)]
    tries = pl.DataFrame(_walk(events, steps, order, windows), schema=rows).with_columns(
        person=events["person"].filter(events["is_entry"]),
        reached=pl.sum_horizontal(pl.col(name).is_not_null() for name in rows),
    )
    best_first = tries.with_row_index("try").sort("person", "reached", "try", descending=[False, True, False])
    best = best_first.unique("person", keep="first", maintain_order=True)
    filled = {"created_at": "step", "banner_tag": "banner", "event_id": "event"}
    return pl.DataFrame(
        [
            events["player_id"].gather(best["row_1"]),
            *(
                events[c].gather(best[row]).alias(f"{name}_{n}")
                for c, name in filled.items()
                for n, row in enumerate(rows, 1)
            ),
        ]
    )


def has_ties(events: pl.DataFrame) -> bool:
    """Tell whether two events of a person are of one instant and type, so that only their ids put them in order."""
    same = [events[name] == events[name].shift() for name in ("person", "created_at", "event_type")]
    return bool((same[0] & same[1] & same[2]).any())


def _walk(events: pl.DataFrame, steps: Sequence[str], order: str, windows: Sequence[timedelta]) -> list[pl.Series]:
    """Return for each step the row of the event that fills it in each try, null where none does."""
    entry = _row_numbers(events).filter(events["is_entry"])
    person, entered_at = events["person"].gather(entry), events["created_at"].gather(entry)
    filled, used = [entry], {steps[0]: entry}
    for event_type, window in zip(steps[1:], windows, strict=True):
        candidate = _candidate(events, event_type, order, filled, used.get(event_type))
        within = (events["person"].gather(candidate) == person) & (
            events["created_at"].gather(candidate) <= entered_at + window
        )
        row = _where(within & filled[-1].is_not_null(), candidate)
        filled.append(row)
        used[event_type] = row
    return filled


def _candidate(
    events: pl.DataFrame, event_type: str, order: str, filled: list[pl.Series], used: pl.Series | None
) -> pl.Series:
    """Return the first row that may fill the next step, `used` being the row of its type that this try used last.

    It may belong to another person or lie outside the window; the caller looks.
    """
    rows = _row_numbers(events)
    of_type = events["event_type"] == event_type
    if order == "strict":
        return _where(of_type, rows).shift(-1).gather(filled[-1])
    anchor = filled[-1] if order == "ordered" else filled[0]
    # Events of one instant count as in order, so the search begins at the first row of the anchor's instant.
    from_instant = _where(of_type, rows).backward_fill().gather(_first_row_of_instant(events).gather(anchor))
    if used is None:
        return from_instant
    after_used = _where(of_type, rows).shift(-1).backward_fill().gather(used)
    later = pl.when(from_instant > after_used).then(from_instant).otherwise(after_used)
    return pl.select(pl.when(from_instant.is_not_null()).then(later)).to_series()


def _first_row_of_instant(events: pl.DataFrame) -> pl.Series:
    """Return for each row the first row of the same person and instant."""
    person, instant = events["person"], events["created_at"]
    begins = ((person != person.shift()) | (instant != instant.shift())).fill_null(value=True)
    return _where(begins, _row_numbers(events)).forward_fill()


def _row_numbers(events: pl.DataFrame) -> pl.Series:
    return pl.Series("row", range(events.height), dtype=pl.UInt32)


def _where(condition: pl.Series, rows: pl.Series) -> pl.Series:
    return pl.select(pl.when(condition).then(rows)).to_series()
