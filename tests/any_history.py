"""A warehouse through any history, beside a model: the list of what was ever appended to its logs, and the plain rules.

Used small and seeded by `make test`, and for half an hour by `make prove`.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
import uuid
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from aggregator.run import STEPS, PassResult, run_pass
from pixels.config import Settings
from tests.colliding_records import (
    APPENDED,
    bad_records,
    collectors_refusals,
    deposits,
    records,
    refusal_of,
    refusal_record,
)
from tests.local_log import append
from tests.oracle import Record, Refusal, Tables, differences, tables
from tests.stored_tables import contradictions, read_tables

Sent = Record | bytes | Refusal
some = st.lists(st.one_of(records, records, deposits, bad_records, collectors_refusals), min_size=1, max_size=8)
SLOTS = 2
RETENTION_DAYS = 30
BEGIN = datetime(2026, 10, 26, 12, tzinfo=UTC)
"""The records of March are past the retention from the first pass on, those of October are when a month has gone by."""


class Killed(BaseException):
    """A pass ends here and now."""


class AnyHistory(RuleBasedStateMachine):
    """Whatever happens, in whatever order: after each full pass every table is what the rules make of all records."""

    done: ClassVar[Counter[str]] = Counter()
    """How often each rule was gone through, over all histories of the process."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="any-history-"))
        self.now = BEGIN
        self.on_the_way: list[Sent] = []
        self.sent: list[Sent] = []
        self.in_logs: dict[int, list[Sent]] = {}

    @initialize(
        zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Beirut"]), batch_size=st.integers(1, 30), bots=st.booleans()
    )
    def begin(self, zone: str, batch_size: int, bots: bool) -> None:
        self.settings = Settings(
            _env_file=None,
            home=self.home,
            timezone=zone,
            batch_size=batch_size,
            count_bots=bots,
            retention_days=RETENTION_DAYS,
            log_retention_days=36_500,
        )

    @rule(more=some)
    def send(self, more: list[Sent]) -> None:
        """Records set out for the log; they arrive late, or in another order, or with the next ones."""
        self.on_the_way += more
        self.sent += more

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        """A sender did not hear that its record was stored."""
        again = data.draw(st.lists(st.sampled_from(range(len(self.sent))), min_size=1, max_size=4))
        self.on_the_way += [self.sent[number] for number in again]
        self.done["duplicate"] += 1

    @precondition(lambda self: self.on_the_way)
    @rule(data=st.data(), slot=st.integers(0, SLOTS - 1))
    def arrive(self, data: st.DataObject, slot: int) -> None:
        """Some of what is on the way is appended, in any order; the rest is delayed."""
        numbers = data.draw(st.lists(st.sampled_from(range(len(self.on_the_way))), unique=True, min_size=1))
        self._append([self.on_the_way[number] for number in numbers], slot)
        self.on_the_way = [sent for number, sent in enumerate(self.on_the_way) if number not in numbers]
        self.done["append"] += 1
        self.done["delay"] += bool(self.on_the_way)
        self.done["reorder"] += numbers != sorted(numbers)

    @rule()
    def one_pass(self) -> None:
        """A pass drains the logs, and all tables are those of the rules."""
        self._pass()
        self.compare()
        self.done["pass"] += 1

    @rule(step=st.sampled_from(STEPS), hit=st.integers(1, 3))
    def killed_pass(self, step: str, hit: int) -> None:
        """A pass ends at a step; readers have a snapshot in which nothing contradicts itself, as before."""
        left = hit

        def die_at(reached: str) -> None:
            nonlocal left
            left -= reached == step
            if reached == step and left == 0:
                raise Killed

        try:
            run_pass(self.settings, on_step=die_at, now=lambda: self.now)
        except Killed:
            self.done["kill"] += 1
        if self.settings.published_dir.joinpath("current.json").exists():
            assert contradictions(self._snapshot()) == []

    @precondition(lambda self: self.in_logs and len(self.in_logs) < 5)
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        """A slot's file is there a second time, as another log: all its records are read again."""
        slot, copy = data.draw(st.sampled_from(sorted(self.in_logs))), SLOTS + len(self.in_logs)
        copy_slot(self.settings.log_dir, slot, copy)
        self.in_logs[copy] = list(self.in_logs[slot])
        self.done["replay"] += 1

    @rule(days=st.sampled_from([1, 20, 40]))
    def time_passes(self, days: int) -> None:
        """Days get old enough to be archived by the next pass, and records of them still come."""
        self.now += timedelta(days=days)
        self.done["retain"] += days > 1

    def compare(self) -> None:
        """Hold the warehouse and the published snapshot to the rules."""
        expected = self.expected()
        assert differences(expected, read_tables(self.settings.warehouse_path)) == {}
        assert differences(expected, read_tables(self._snapshot())) == {}
        assert contradictions(self._snapshot()) == []

    def expected(self) -> Tables:
        """The tables that follow from all that the logs were given."""
        given = [sent for slot in self.in_logs.values() for sent in slot]
        return tables(
            [sent for sent in given if isinstance(sent, dict)],
            self.settings.timezone,
            count_bots=self.settings.count_bots,
            refusals=[refusal_of(sent) if isinstance(sent, bytes) else sent for sent in given if not isinstance(sent, dict)],
        )  # fmt: skip

    def teardown(self) -> None:
        """Everything arrives at last; then a pass makes up for whatever was cut short, and another has nothing to do."""
        try:
            if hasattr(self, "settings"):
                self._append(self.on_the_way, slot=0)
                self._pass()
                self.compare()
                assert not self._pass().published
        finally:
            shutil.rmtree(self.home)

    def _append(self, values: list[Sent], slot: int) -> None:
        by_collector = [refusal_record(v) for v in values if isinstance(v, Refusal)]
        append(self.home, [v for v in values if not isinstance(v, Refusal)], slot=slot, at_ms=APPENDED)
        append(self.home, by_collector, slot=slot, table="events_queue_rejected", at_ms=APPENDED)
        self.in_logs.setdefault(slot, []).extend(values)

    def _pass(self) -> PassResult:
        return run_pass(self.settings, now=lambda: self.now)

    def _snapshot(self) -> Path:
        pointer = json.loads((self.settings.published_dir / "current.json").read_text())
        return self.settings.published_dir / str(pointer["file"])


def copy_slot(log_dir: Path, slot: int, copy: int) -> None:
    """Copy a slot's file as a log of its own: other name, other identity, the same records."""
    source, target = (log_dir / f"slot-{number:03d}.sqlite" for number in (slot, copy))
    with closing(sqlite3.connect(source)) as db, closing(sqlite3.connect(target)) as other:
        db.backup(other)
        with other:
            other.execute("UPDATE log_identity SET log_uuid = ?", [str(uuid.uuid4())])
