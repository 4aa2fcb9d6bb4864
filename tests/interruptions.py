"""Records that collide, passes that are killed, and the comparison with the rules; used by tests and by `make prove`."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from aggregator.run import run_pass
from pixels.config import load_settings
from tests.oracle import Record, differences, tables
from tests.stored_tables import read_tables

REPOSITORY = Path(__file__).parents[1]
APPENDED = 1_795_000_000_000  # 2026-11-18, later than every record


def many_records(count: int, seed: int) -> list[Record]:
    """Records of a few days with repeats, replacements and late ones among them."""
    rng = random.Random(seed)
    records: list[Record] = []
    for number in range(count):
        again = rng.random() < 0.1 and records
        minute = f"{rng.randrange(24):02d}:{rng.randrange(60):02d}:00.{rng.randrange(3):03d}"
        records.append(
            {
                "id": rng.choice(records)["id"] if again else f"e{seed}-{number}",
                "event_type": rng.choices(["visit", "registration", "deposit"], [8, 2, 1])[0],
                "player_id": f"p{rng.randrange(count // 3)}",
                "banner_tag": f"b{rng.randrange(5)}",
                "metadata": {"s": f"v-{rng.randrange(count // 4)}"}
                | ({"_bot": "crawler"} if rng.random() < 0.1 else {}),
                "created_at": f"2026-11-{rng.randrange(1, 9):02d}T{minute}Z",
            }
        )
    return records


def pass_killed_at(home: Path, step: str, *, hit: int = 1, delay_ms: float = 0, batch_size: int = 400) -> int:
    """Run a pass that kills itself where `step` is reached for the `hit`-th time, or a little later; return its exit code."""
    return subprocess.run(
        [sys.executable, "-m", "tests.interrupted_pass", step, str(hit), str(delay_ms)],
        cwd=REPOSITORY,
        env={**os.environ, "PIXELS_HOME": str(home), "PIXELS_BATCH_SIZE": str(batch_size)},
        capture_output=True,
        timeout=120,
    ).returncode


def pass_killed_after(home: Path, seconds: float) -> int:
    """Run `pixels aggregate` and kill it from outside after a time; return its exit code."""
    child = subprocess.Popen(
        [sys.executable, "-m", "pixels", "aggregate"],
        env={**os.environ, "PIXELS_HOME": str(home), "PIXELS_BATCH_SIZE": "100"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(seconds)  # the moment itself, not a wait for a condition
    child.kill()
    return child.wait()


def what_differs(home: Path, records: list[Record]) -> dict[str, object]:
    """Do one more pass, then compare warehouse and published snapshot with the rules over all records."""
    run_pass(load_settings(home=home))
    expected = tables(records, "UTC")
    pointer = json.loads((home / "published" / "current.json").read_text())
    return {
        **{f"warehouse.{k}": v for k, v in differences(expected, read_tables(str(home / "warehouse.duckdb"))).items()},
        **{
            f"snapshot.{k}": v
            for k, v in differences(expected, read_tables(str(home / "published" / pointer["file"]))).items()
        },
        **{f"leftover.{path.name}": path for path in (home / "published").glob(".*.tmp")},
    }
