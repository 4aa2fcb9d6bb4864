"""Half an hour of histories, each of up to 50 steps in any order, held to the plain rules after every one of them."""

from __future__ import annotations

import time
from pathlib import Path

import hypothesis
from hypothesis.stateful import run_state_machine_as_test

from tests.any_history import AnyHistory

MINUTES = 30
HISTORIES_AT_ONCE, STEPS = 5, 50


def prove(work: Path, seed: int) -> dict[str, object]:
    """Return what happened how often; a difference ends it with the shortest history that shows it."""
    AnyHistory.done.clear()
    how = hypothesis.settings(
        max_examples=HISTORIES_AT_ONCE, stateful_step_count=STEPS, deadline=None, database=None, derandomize=False
    )
    began, rounds = time.monotonic(), 0
    while time.monotonic() - began < MINUTES * 60:
        run_state_machine_as_test(hypothesis.seed(seed + rounds)(AnyHistory), settings=how)
        rounds += 1
        print(f"\rany_history: {AnyHistory.done['history']} histories", end="", flush=True)
    print()
    happened = dict(sorted(AnyHistory.done.items()))
    return {
        "minutes": MINUTES,
        "histories": happened.pop("history"),
        "comparisons": happened.pop("comparison"),
        "tables_that_differed": 0,
        "happened": {name: count for name, count in happened.items() if not name.startswith("kill ")},
        "kills_at": {name.removeprefix("kill "): count for name, count in happened.items() if name.startswith("kill ")},
    }
