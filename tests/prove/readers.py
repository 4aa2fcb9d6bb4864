"""100 passes beside four processes that read in a loop, and 100 while the same four stand still with their snapshots open."""

from __future__ import annotations

import statistics
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.interruptions import APPENDED, many_records, what_differs
from tests.local_log import append
from tests.oracle import Record
from tests.readers import cpu_seconds_of_a_pass, reading

PASSES, READERS, RECORDS_A_PASS = 100, 4, 2_000


def prove(work: Path, seed: int) -> dict[str, object]:
    """Return the figures; the two kinds of pass take turns, so both meet the same warehouse and the same machine."""
    with TemporaryDirectory(dir=work) as folder:
        home = Path(folder)
        env = {"PIXELS_HOME": folder}
        records: list[Record] = []
        beside: list[float] = []
        alone: list[float] = []

        def one_pass() -> float:
            more = many_records(RECORDS_A_PASS, seed + len(records))
            records.extend(more)
            append(home, more, at_ms=APPENDED)
            return cpu_seconds_of_a_pass(env)

        one_pass()
        with reading(env, READERS) as readers:
            for number in range(PASSES):
                beside.append(one_pass())
                with readers.standing_still():
                    alone.append(one_pass())
                print(f"\rreaders: {number + 1} of {PASSES} passes", end="", flush=True)
            saw = readers.finish()
        print()
        return {
            "passes_beside_readers": len(beside),
            "passes_while_they_stood_still": len(alone),
            "readers": READERS,
            "reads": sum(reader["reads"] for reader in saw),
            "snapshots_seen_by_each_at_least": min(reader["snapshots"] for reader in saw),
            "errors": sum(len(reader["errors"]) for reader in saw),
            "torn_states": sum(len(reader["torn"]) for reader in saw),
            "cpu_seconds_of_a_pass_beside_readers": round(statistics.mean(beside), 3),
            "cpu_seconds_of_a_pass_while_they_stood_still": round(statistics.mean(alone), 3),
            "ratio": round(sum(beside) / sum(alone), 2),
            "records": len(records),
            "tables_that_differ": len(what_differs(env, records)),
        }
