"""A pass that is killed at any step, and run again, ends in the tables of one clean pass."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aggregator.run import STEPS, run_pass
from pixels.config import load_settings
from tests.local_log import append
from tests.oracle import Record, differences, read_tables, tables

REPOSITORY = Path(__file__).parents[3]
APPENDED = 1_795_000_000_000
PROVE = bool(os.environ.get("PIXELS_PROVE"))


def many_records(count: int, seed: int) -> list[Record]:
    """Records of a few days with repeats, replacements and late ones among them."""
    rng = random.Random(seed)
    records: list[Record] = []
    for number in range(count):
        again = rng.random() < 0.1 and records
        records.append(
            {
                "id": rng.choice(records)["id"] if again else f"e{seed}-{number}",
                "event_type": rng.choices(["visit", "registration", "deposit"], [8, 2, 1])[0],
                "player_id": f"p{rng.randrange(count // 3)}",
                "banner_tag": f"b{rng.randrange(5)}",
                "metadata": {"s": f"v-{rng.randrange(count // 4)}"},
                "created_at": f"2026-11-{rng.randrange(1, 9):02d}T{rng.randrange(24):02d}:{rng.randrange(60):02d}:00.{rng.randrange(3):03d}Z",
            }
        )
    return records


def interrupt(step: str, hit: int = 1, delay_ms: float = 0) -> int:
    """Run a pass that dies there; return its exit code."""
    return subprocess.run(
        [sys.executable, "-m", "tests.interrupted_pass", step, str(hit), str(delay_ms)],
        cwd=REPOSITORY,
        env={**os.environ, "PIXELS_BATCH_SIZE": "400"},
        capture_output=True,
        timeout=120,
    ).returncode


def assert_tables_are_right(home: Path, records: list[Record]) -> None:
    """One more pass, then warehouse and published snapshot equal the rules over all records."""
    run_pass(load_settings(home=home))
    expected = tables(records, "UTC")
    pointer = json.loads((home / "published" / "current.json").read_text())
    assert differences(expected, read_tables(str(home / "warehouse.duckdb"))) == {}
    assert differences(expected, read_tables(str(home / "published" / pointer["file"]))) == {}
    assert not list((home / "published").glob(".*.tmp"))


@pytest.mark.parametrize("step", STEPS)
def test_a_pass_killed_at_a_named_step_repeats_at_most_one_batch(step: str, pixels_home: Path) -> None:
    """Killed there in its second pass, after a first clean one, nothing is lost and nothing counts twice."""
    records = many_records(1_000, seed=1)
    append(pixels_home, records[:300], at_ms=APPENDED)
    run_pass(load_settings())
    append(pixels_home, records[300:], at_ms=APPENDED)

    hit = 2 if step in ("after_read", "before_commit", "after_commit") else 1
    assert interrupt(step, hit) == -signal.SIGKILL, f"the pass never came to {step}"

    assert_tables_are_right(pixels_home, records)


def test_passes_killed_in_the_middle_of_a_checkpoint_and_of_a_copy(pixels_home: Path) -> None:
    """Dying a few milliseconds into the checkpoint or the copy leaves a warehouse that opens and is right."""
    records: list[Record] = []
    for number, (step, delay) in enumerate(
        [("before_checkpoint", 1.0), ("before_checkpoint", 4.0), ("before_checkpoint", 9.0), ("in_copy", 0.5)]
    ):
        more = many_records(600, seed=10 + number)
        records += more
        append(pixels_home, more, slot=number % 2, at_ms=APPENDED)
        interrupt(step, delay_ms=delay)

    assert_tables_are_right(pixels_home, records)


def test_passes_killed_at_random_moments(pixels_home: Path) -> None:
    """Killed from outside after a random time, again and again, while records keep coming."""
    rng = random.Random(7)
    records: list[Record] = []
    killed = 0
    for number in range(150 if PROVE else 6):
        more = many_records(500, seed=100 + number)
        records += more
        append(pixels_home, more, slot=number % 3, at_ms=APPENDED)
        child = subprocess.Popen(
            [sys.executable, "-m", "pixels", "aggregate"],
            env={**os.environ, "PIXELS_BATCH_SIZE": "100"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        warehouse = pixels_home / "warehouse.lock"
        while not warehouse.exists() and child.poll() is None:
            time.sleep(0.005)
        time.sleep(rng.uniform(0.3, 2.0))  # the random moment itself, not a wait for a condition
        child.kill()
        killed += child.wait() == -signal.SIGKILL

    assert killed, "every pass was quicker than the kill"
    assert_tables_are_right(pixels_home, records)
