"""Readers share no lock with the writer: neither holds the other up, and no reader sees half of a pass."""

from __future__ import annotations

from pathlib import Path

from aggregator.run import run_pass
from tests.interruptions import APPENDED, many_records, settings_of, what_differs
from tests.local_log import append
from tests.oracle import Record
from tests.readers import reading


def test_passes_publish_beside_readers_that_read_and_that_stand_still(pixels_home: Path) -> None:
    """Passes come and go, snapshots are pruned while they are open, and every read is of one whole state."""
    env = {"PIXELS_HOME": str(pixels_home)}
    records: list[Record] = []

    def one_pass() -> int:
        more = many_records(200, seed=len(records))
        records.extend(more)
        append(pixels_home, more, at_ms=APPENDED)
        return run_pass(settings_of(env)).snapshot

    numbers = [one_pass()]
    with reading(env, 2) as readers:
        numbers += [one_pass() for _ in range(2)]
        with readers.standing_still():
            numbers += [one_pass() for _ in range(4)]
        saw = readers.finish()

    assert numbers == sorted(set(numbers)), "a pass did not publish"
    assert [(reader["errors"], reader["torn"]) for reader in saw] == [([], [])] * 2
    assert all(reader["snapshots"] > 1 for reader in saw)
    assert what_differs(env, records) == {}
