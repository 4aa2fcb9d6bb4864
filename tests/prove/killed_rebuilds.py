"""Rebuilds killed with -9: before, at and after the new file takes the old one's place, and at random moments."""

from __future__ import annotations

import random
import signal
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from aggregator.rebuild import STEPS_OF_REBUILD, check, rebuild
from aggregator.run import run_pass
from tests.interruptions import (
    APPENDED,
    Environment,
    archiving_half,
    killed_after,
    killed_at,
    many_records,
    readers_contradictions,
    settings_of,
    what_differs,
)
from tests.local_log import append
from tests.oracle import Record, differences, tables
from tests.stored_tables import read_tables
from tests.tampering import tables_with_rows, tamper, ways_to_tamper

KILLS = 100
RECORDS_A_ROUND = 200
RANDOM = "random moment"


def prove(work: Path, seed: int) -> dict[str, object]:
    """Return the figures. In every other round a row was tampered with, so that the new file is another than the old."""
    with TemporaryDirectory(dir=work) as folder:
        env = {"PIXELS_HOME": folder, **archiving_half()}
        records: list[Record] = []
        kills, number, found = Counter[str](), 0, Counter[str]()
        while kills.total() < KILLS:
            rng = random.Random(seed + number)
            more = many_records(RECORDS_A_ROUND, seed + number)
            records += more
            append(Path(folder), more, at_ms=APPENDED)
            run_pass(settings_of(env))
            moment, killed = _round(env, rng, number, records, found)
            kills[moment] += killed
            number += 1
            print(f"\rkilled_rebuilds: {kills.total()} of {KILLS} kills", end="", flush=True)
        print()
        return {
            "kills": kills.total(),
            "kills_at": dict(sorted(kills.items())),
            "fewest_kills_at_a_step": min(kills[step] for step in STEPS_OF_REBUILD),
            "rows_tampered_with": found["tampered"],
            "files_that_were_neither_the_old_nor_the_new_one": found["neither"],
            "write_ahead_logs_left": found["wal"],
            "contradictions_that_readers_saw": found["contradictions"],
            "checks_that_were_not_as_they_should": found["check"],
            "tables_that_differ": len(what_differs(env, records)),
        }


def _round(
    env: Environment, rng: random.Random, number: int, records: list[Record], found: Counter[str]
) -> tuple[str, bool]:
    """Kill a rebuild; look at what it left, and at what the next comparison says."""
    settings = settings_of(env)
    path = settings.warehouse_path
    if number % 2:
        table, rows = rng.choice(sorted(tables_with_rows(path).items()))
        tamper(path, table, rng.randrange(rows), rng.choice(ways_to_tamper(path, table)))
        found["tampered"] += 1
    old, new = read_tables(path), tables(records, settings.timezone)
    step = STEPS_OF_REBUILD[number // 2 % len(STEPS_OF_REBUILD)]
    at_random = number % 5 == 4
    code = killed_after(env, rng.uniform(0.4, 2.0), "rebuild") if at_random else killed_at(env, step, kind="rebuild")
    found["contradictions"] += len(readers_contradictions(settings))
    left = read_tables(path)
    found["neither"] += bool(differences(old, left)) and bool(differences(new, left))
    found["check"] += check(settings).check.equal is bool(differences(new, left))
    found["wal"] += len(list(settings.home.rglob("*.wal")))
    if differences(new, left):
        rebuild(settings)
    return (RANDOM if at_random else step), code == -signal.SIGKILL
