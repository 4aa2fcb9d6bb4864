"""A pass that is killed at any step, and run again, ends in the tables of one clean pass."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from aggregator.run import STEPS, run_pass
from pixels.config import load_settings
from tests.interruptions import APPENDED, many_records, pass_killed_after, pass_killed_at, what_differs
from tests.local_log import append
from tests.oracle import Record


@pytest.mark.parametrize("step", STEPS)
def test_a_pass_killed_at_a_named_step_repeats_at_most_one_batch(step: str, pixels_home: Path) -> None:
    """Killed there in its second pass, after a first clean one, nothing is lost and nothing counts twice."""
    records = many_records(1_000, seed=1)
    append(pixels_home, records[:300], at_ms=APPENDED)
    run_pass(load_settings())
    append(pixels_home, records[300:], at_ms=APPENDED)

    hit = 2 if step in ("after_read", "before_commit", "after_commit") else 1
    assert pass_killed_at(pixels_home, step, hit=hit) == -signal.SIGKILL, f"the pass never came to {step}"

    assert what_differs(pixels_home, records) == {}


def test_passes_killed_in_the_middle_of_a_checkpoint_and_of_a_copy(pixels_home: Path) -> None:
    """Dying a few milliseconds into the checkpoint or the copy leaves a warehouse that opens and is right."""
    records: list[Record] = []
    moments = [("before_checkpoint", 1.0), ("before_checkpoint", 4.0), ("before_checkpoint", 9.0), ("in_copy", 0.5)]
    for number, (step, delay_ms) in enumerate(moments):
        more = many_records(600, seed=10 + number)
        records += more
        append(pixels_home, more, slot=number % 2, at_ms=APPENDED)
        pass_killed_at(pixels_home, step, delay_ms=delay_ms)

    assert what_differs(pixels_home, records) == {}


def test_passes_killed_at_random_moments(pixels_home: Path) -> None:
    """Killed from outside after a random time, again and again, while records keep coming."""
    rng = random.Random(7)
    records: list[Record] = []
    codes = []
    for number in range(5):
        more = many_records(500, seed=100 + number)
        records += more
        append(pixels_home, more, slot=number % 3, at_ms=APPENDED)
        codes.append(pass_killed_after(pixels_home, rng.uniform(0.5, 2.5)))

    assert -signal.SIGKILL in codes, "every pass was quicker than the kill"
    assert what_differs(pixels_home, records) == {}
