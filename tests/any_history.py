"""A warehouse through any history, beside a model: the list of what was ever appended to its logs, and the plain rules.

Used small and seeded by `make test`, and for half an hour by `make prove`.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import duckdb
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from aggregator.banners import import_banners
from aggregator.erasure import STEPS_OF_ERASURE, erase
from aggregator.imports.run import Import, import_files
from aggregator.rebuild import STEPS_OF_REBUILD, check, rebuild
from aggregator.run import STEPS, PassResult, run_pass
from collector.past import PastEvents
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
from tests.forgotten import forgotten, names_of
from tests.local_log import append, copy_slot
from tests.oracle import Record, Refusal, Tables, differences, tables
from tests.stored_tables import contradictions, read_tables
from tests.tampering import tables_with_rows, tamper, ways_to_tamper

Sent = Record | bytes | Refusal
some = st.lists(
    st.one_of(records, records, deposits, deposits, bad_records, collectors_refusals), min_size=4, max_size=12
)
ZONES = ["UTC", "Europe/Berlin", "Asia/Beirut"]
SLOTS = 2
slots = st.integers(0, SLOTS - 1)
erasable = st.sampled_from(["p1", "p2", "v-1"])
RETENTION_DAYS = 30
BEGIN = datetime(2026, 10, 26, 12, tzinfo=UTC)
"""The records of March are past the retention from the first pass on, those of October are when a month has gone by."""


WHAT_HAPPENS = {
    "append", "duplicate", "delay", "reorder", "pass", "kill", "replay", "import", "erase", "retain", "late for an archived day",
    "rebuild", "rebuild with other settings", "check", "tamper", "banners",
}  # fmt: skip


class Killed(BaseException):
    """A pass ends here and now."""


class AnyHistory(RuleBasedStateMachine):
    """Whatever happens, in whatever order: after each full pass every table is what the rules make of all records."""

    done: ClassVar[Counter[str]] = Counter()
    """How often each rule was gone through, over all histories of the process."""

    def __init__(self) -> None:
        super().__init__()
        self.home, self.elsewhere = (Path(tempfile.mkdtemp(prefix="any-history-")) for _ in range(2))
        self.now = BEGIN
        self.on_the_way: list[Sent] = []
        self.sent: list[Sent] = []
        self.in_logs: dict[int, list[Sent]] = {}
        self.imported: list[Record] = []
        self.banners: dict[str, str] = {}
        """The names of banners, by tag."""
        self.erased: frozenset[str] = frozenset()
        self.drained = False
        """Whether all that the logs hold is stored, so that the tables are known."""

    @initialize(zone=st.sampled_from(ZONES), batch_size=st.integers(1, 30), bots=st.booleans())
    def begin(self, zone: str, batch_size: int, bots: bool) -> None:
        self.settings = Settings(
            _env_file=None, home=self.home, timezone=zone, batch_size=batch_size, count_bots=bots,
            retention_days=RETENTION_DAYS, log_retention_days=36_500,
        )  # fmt: skip

    @rule(more=some, data=st.data(), slot=slots)
    def send(self, more: list[Sent], data: st.DataObject, slot: int) -> None:
        """Some of what is on the way is appended, in any order; the rest is delayed."""
        self.sent += more
        way = self.on_the_way + more
        numbers = data.draw(st.lists(st.sampled_from(range(len(way))), unique=True, min_size=len(way) // 2))
        self.on_the_way = [sent for number, sent in enumerate(way) if number not in numbers]
        self._append([way[number] for number in numbers], slot)
        self.done["append"] += 1
        self.done["delay"] += bool(self.on_the_way)
        self.done["reorder"] += numbers != sorted(numbers)

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), slot=slots)
    def send_again(self, data: st.DataObject, slot: int) -> None:
        """A sender did not hear that its record was stored."""
        numbers = data.draw(st.lists(st.sampled_from(range(len(self.sent))), min_size=1, max_size=4))
        self._append([self.sent[number] for number in numbers], slot)
        self.done["duplicate"] += 1

    @rule(more=some, data=st.data(), slot=slots)
    def one_pass(self, more: list[Sent], data: st.DataObject, slot: int) -> None:
        """A pass drains the logs, and all tables are those of the rules."""
        self.send(more, data, slot)
        self._pass()
        self.compare()
        self.done["pass"] += 1

    @rule(step=st.sampled_from(STEPS), hit=st.integers(1, 3))
    def killed_pass(self, step: str, hit: int) -> None:
        """A pass ends at a step; readers have a snapshot in which nothing contradicts itself, as before."""
        self._killed(lambda on_step: run_pass(self.settings, on_step=on_step, now=self.clock), step, hit)

    @precondition(lambda self: self._made())
    @rule(step=st.sampled_from(STEPS_OF_REBUILD), of_check=st.booleans())
    def killed_rebuild(self, step: str, of_check: bool) -> None:
        """A rebuild, or a comparison, ends at a step: before, at or after the new file takes the old one's place."""
        done = check if of_check else rebuild
        self._killed(lambda on_step: done(self.settings, on_step=on_step, now=self.clock), step, 1)
        self._compare_if_known()

    @rule(more=st.lists(st.one_of(records, deposits), min_size=1, max_size=8), kill=st.sampled_from([None, *STEPS]))
    def import_file(self, more: list[Record], kill: str | None) -> None:
        """History comes in from a file; an import that was killed is done again."""
        file = self.elsewhere / "history.ndjson"
        file.write_text("".join(json.dumps(record) + "\n" for record in more))
        what = Import((str(file),), PastEvents(self.settings, trusted=True), format="ndjson")
        if kill:
            self._killed(lambda on_step: import_files(self.settings, what, on_step=on_step, now=self.clock), kill, 1)
        assert import_files(self.settings, what, now=self.clock).refused == 0
        self.imported += more
        self._compare_if_known()
        self.done["import"] += 1

    @rule(player=erasable, kill=st.sampled_from([None, *STEPS_OF_ERASURE]), more=some, data=st.data())
    def erase_player(self, player: str, kill: str | None, more: list[Sent], data: st.DataObject) -> None:
        """A player is forgotten, in what is stored and in what comes later; an erasure that was killed is done again."""
        self.send(more, data, slot=0)
        self._pass()
        names = names_of(player, self.expected(), self._key())
        if kill:
            self._killed(lambda on_step: erase(self.settings, [player], on_step=on_step, now=self.clock), kill, 1)
        erase(self.settings, [player], now=self.clock)
        self.erased |= names
        self.compare()
        self.done["erase"] += 1

    @precondition(lambda self: self._made())
    @rule()
    def rebuild_all(self) -> None:
        """Computed anew from what is stored, nothing is another figure than before, whatever was done or killed."""
        assert not rebuild(self.settings, now=self.clock).rebuilt.figures_changed
        self._compare_if_known()
        self.done["rebuild"] += 1

    @precondition(lambda self: self._made())
    @rule(zone=st.sampled_from(ZONES), bots=st.booleans())
    def rebuild_with_other_settings(self, zone: str, bots: bool) -> None:
        """Days begin at another hour, or crawlers count: all tables follow, those of archived days too."""
        self.settings = self.settings.model_copy(update={"timezone": zone, "count_bots": bots})
        rebuild(self.settings, ["timezone", "count_bots"], now=self.clock)
        self._compare_if_known()
        self.done["rebuild with other settings"] += 1

    @precondition(lambda self: self._made())
    @rule()
    def check_all(self) -> None:
        """A comparison says equal, at any moment."""
        found = check(self.settings, now=self.clock)
        assert found.check.equal, found.checked
        self.done["check"] += 1

    @precondition(lambda self: self._made() and bool(tables_with_rows(self.settings.warehouse_path)))
    @rule(data=st.data())
    def tamper_and_mend(self, data: st.DataObject) -> None:
        """A comparison names the one row that somebody changed, and no other; a rebuild puts it right."""
        path = self.settings.warehouse_path
        table, rows = data.draw(st.sampled_from(sorted(tables_with_rows(path).items())))
        way = data.draw(st.sampled_from(ways_to_tamper(path, table)))
        key = tamper(path, table, data.draw(st.integers(0, rows - 1)), way)
        found = check(self.settings, now=self.clock)
        named = {t.table: [each.key for each in t.first] for t in found.checked.tables if t.differing}
        named.pop("sums", None)
        assert (found.check.equal, named) == (False, {table: [key]})
        assert rebuild(self.settings, now=self.clock).rebuilt.figures_changed
        self._compare_if_known()
        self.done["tamper"] += 1

    @precondition(lambda self: self.in_logs and len(self.in_logs) < 5)
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        """A slot's file is there a second time, as another log: all its records are read again."""
        slot, copy = data.draw(st.sampled_from(sorted(self.in_logs))), SLOTS + len(self.in_logs)
        copy_slot(self.home, slot, copy)
        self.in_logs[copy] = list(self.in_logs[slot])
        self.drained = False
        self.done["replay"] += 1

    @rule(days=st.sampled_from([1, 20, 40]))
    def time_passes(self, days: int) -> None:
        """Days get old enough to be archived by the next pass, and records of them still come."""
        self.now += timedelta(days=days)
        self.done["retain"] += days > 1

    @rule(
        names=st.dictionaries(st.sampled_from(["b", "c", "p1"]), st.sampled_from(["left", "right"])),
        replace=st.booleans(),
        kill=st.sampled_from([None, *STEPS]),
    )
    def say_of_banners(self, names: dict[str, str], replace: bool, kill: str | None) -> None:
        """Something is said of banners: it stays, whatever becomes of records and players; a killed import is done again."""
        file = self.elsewhere / "banners.csv"
        file.write_text("banner_tag,name\n" + "".join(f"{tag},{name}\n" for tag, name in names.items()))

        def work(on_step: Callable[[str], None] = lambda step: None) -> None:
            import_banners(self.settings, str(file), replace=replace, on_step=on_step, now=self.clock)

        if kill:
            self._killed(work, kill, 1)
        work()
        self.banners = names if replace else {**self.banners, **names}
        self._compare_if_known()
        self.done["banners"] += 1

    def compare(self) -> None:
        """Hold the warehouse and the published snapshot to the rules."""
        expected = self.expected()
        for file in (self.settings.warehouse_path, self._snapshot()):
            found = differences(expected, read_tables(file))
            assert not found, f"{file.name} differs (expected, found): {found}"
            with duckdb.connect(str(file), read_only=True) as con:
                assert dict(con.execute("SELECT banner_tag, name FROM banners").fetchall()) == self.banners
        assert contradictions(self._snapshot()) == []
        self.done["comparison"] += 1

    def expected(self) -> Tables:
        """The tables that follow from all that the logs were given."""
        given = [sent for slot in self.in_logs.values() for sent in slot]
        key = self._key() or b""
        return tables(
            [forgotten(sent, self.erased, key) for sent in [*given, *self.imported] if isinstance(sent, dict)],
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
                self.check_all()
                self.done["history"] += 1
        finally:
            shutil.rmtree(self.home)
            shutil.rmtree(self.elsewhere)

    def _append(self, values: list[Sent], slot: int) -> None:
        by_collector = [refusal_record(v) for v in values if isinstance(v, Refusal)]
        append(self.home, [v for v in values if not isinstance(v, Refusal)], slot=slot, at_ms=APPENDED)
        append(self.home, by_collector, slot=slot, table="events_queue_rejected", at_ms=APPENDED)
        self.in_logs.setdefault(slot, []).extend(values)
        self.drained = False
        self.done["late for an archived day"] += any(self.settings.archive_dir.glob("*/records-*.parquet"))

    def _pass(self) -> PassResult:
        done = run_pass(self.settings, now=self.clock)
        self.drained = True
        return done

    def _killed(self, work: Callable[[Callable[[str], None]], object], step: str, hit: int) -> None:
        """Do something that ends when `step` is reached for the `hit`-th time; if it never is, it is simply done."""
        left = hit

        def die_at(reached: str) -> None:
            nonlocal left
            left -= reached == step
            if reached == step and left == 0:
                self.done["kill"] += 1
                self.done[f"kill {step}"] += 1
                raise Killed

        with suppress(Killed):
            work(die_at)
        if self.settings.published_dir.joinpath("current.json").exists():
            assert contradictions(self._snapshot()) == []

    def _compare_if_known(self) -> None:
        if self.drained:
            self.compare()

    def _key(self) -> bytes | None:
        """The key of erased names, once somebody was erased."""
        return (self.home / "erasure.key").read_bytes() if self.erased else None

    def _made(self) -> bool:
        return self.settings.warehouse_path.exists()

    def clock(self) -> datetime:
        """The time, which stands still until it passes."""
        return self.now

    def _snapshot(self) -> Path:
        pointer = json.loads((self.settings.published_dir / "current.json").read_text())
        return self.settings.published_dir / str(pointer["file"])
