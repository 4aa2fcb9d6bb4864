"""200 passes killed with -9, at every named step and at random moments, while records keep coming.

After every 20 kills a clean pass runs and all tables are compared with the rules over every record so far.
"""

from __future__ import annotations

import json
import random
import signal
from collections import Counter
from pathlib import Path

from aggregator.run import STEPS
from tests.interruptions import APPENDED, many_records, pass_killed_after, pass_killed_at, what_differs
from tests.local_log import append
from tests.oracle import Record

KILLS = 200
COMPARE_EVERY = 20
RECORDS_A_ROUND = 300


def prove(work: Path, seed: int) -> dict[str, object]:
    """Return the figures; goes on from `work/state.json` when an earlier run was ended."""
    state_file, home = work / "state.json", work / "home"
    number, differing, kills = 0, 0, Counter[str]()
    if state_file.exists():
        state = json.loads(state_file.read_text())
        number, differing, kills = state["rounds"], state["differing"], Counter(state["kills"])
    records: list[Record] = []
    for earlier in range(number):
        records += many_records(RECORDS_A_ROUND, seed + earlier)
    while kills.total() < KILLS:
        more = many_records(RECORDS_A_ROUND, seed + number)
        records += more
        append(home, more, slot=number % 4, at_ms=APPENDED)
        moment, code = _kill(home, random.Random(seed + number), number)
        number += 1
        if code == -signal.SIGKILL:
            kills[moment] += 1
            if kills.total() % COMPARE_EVERY == 0:
                differing += len(what_differs(home, records))
        state_file.write_text(json.dumps({"rounds": number, "differing": differing, "kills": kills}))
        print(f"\rkilled_passes: {kills.total()} of {KILLS} kills, {differing} differences", end="", flush=True)
    print()
    return {
        "kills": kills.total(),
        "kills_at": dict(sorted(kills.items())),
        "records": len(records),
        "tables_that_differ": differing,
    }


def _kill(home: Path, rng: random.Random, number: int) -> tuple[str, int]:
    """Kill one pass: at the named steps in turn, a moment after one of them, or from outside at any time."""
    if number % 3 == 0:
        return "random moment", pass_killed_after(home, rng.uniform(0.3, 1.8))
    step = STEPS[number // 3 * 2 % len(STEPS) if number % 3 == 1 else (number // 3 * 2 + 1) % len(STEPS)]
    delay_ms = rng.choice([0, 0, 0.5, 2, 6])
    code = pass_killed_at(home, step, delay_ms=delay_ms, batch_size=120)
    return (f"just after {step}" if delay_ms else step), code
