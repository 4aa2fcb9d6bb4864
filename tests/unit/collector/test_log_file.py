"""A file of the log or the spool: what is read and forgotten, how large it may grow, and that it shrinks again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.event_log import EVENTS, REJECTED, LogUnavailable, Stream
from collector.log_file import READ_BYTES, LogFile, Record, Waiting, look_into, what_waits
from collector.slots import adopt_slots, open_slot

MANY = 20_000


@pytest.fixture
def file(tmp_path: Path) -> Iterator[LogFile]:
    with closing(open_slot(tmp_path)) as opened:
        yield opened


def fill(file: LogFile, count: int, *, stream: Stream = EVENTS, at_ms: int = 1, value: bytes = b"v") -> None:
    file.add({stream: [(at_ms, b"%d" % n, value) for n in range(count)]}, count * len(value))


def fill_without_end(file: LogFile) -> None:
    while True:
        fill(file, 100, value=bytes(400))


def test_records_come_back_in_order_byte_for_byte(file: LogFile) -> None:
    """From the offset after which one asks, as many as one asks for; each stream has its own."""
    every_byte = bytes(range(256))
    file.add({EVENTS: [(1, b"k", every_byte), (1, None, b""), (1, b"", b"3")], REJECTED: [(2, None, b"r")]}, 0)

    assert file.read(EVENTS, 0, 2) == [Record(1, b"k", every_byte), Record(2, None, b"")]
    assert file.read(EVENTS, 2, 2) == [Record(3, b"", b"3")]
    assert file.read(REJECTED, 0, 2) == [Record(1, None, b"r")]
    assert file.read(EVENTS, 3, 2) == []


def test_a_batch_of_large_records_is_cut_by_its_bytes(file: LogFile) -> None:
    """However many records one asks for, memory stays bounded."""
    fill(file, 10, value=bytes(READ_BYTES // 3))

    assert len(file.read(EVENTS, 0, 1000)) == 4


def test_what_was_forgotten_is_gone_and_the_rest_stays(file: LogFile) -> None:
    """Any of the records, not only the first ones; their offsets are not given again."""
    fill(file, 5)
    file.forget(EVENTS, [1, 3, 5])
    fill(file, 1)

    assert [record.offset for record in file.read(EVENTS, 0, 10)] == [2, 4, 6]


def test_what_waits_is_told_with_the_time_of_the_oldest(file: LogFile) -> None:
    """Over both streams, to anybody, while somebody has the file open."""
    assert look_into(file.path) == Waiting(0, None)
    fill(file, 3, at_ms=20)
    fill(file, 2, at_ms=10, stream=REJECTED)
    assert look_into(file.path) == Waiting(5, 10)
    file.forget(REJECTED, [1, 2])
    assert look_into(file.path) == Waiting(3, 20)


def test_what_waits_is_found_without_reading_it(file: LogFile) -> None:
    """A scrape must not take longer when much waits: SQLite takes as many steps for a few records as for thousands."""

    def steps() -> int:
        count = 0

        def step() -> int:
            nonlocal count
            count += 1
            return 0

        with closing(sqlite3.connect(file.path)) as connection:
            connection.set_progress_handler(step, 1)
            what_waits(connection)
        return count

    fill(file, 10)
    few = steps()
    fill(file, 5_000)
    assert 0 < steps() <= few


def test_a_full_file_takes_records_again_when_some_were_forgotten(tmp_path: Path) -> None:
    """The limit is on what is in use, not on what the file has on disk."""
    with closing(open_slot(tmp_path, limit=1_000_000)) as file:
        with pytest.raises(LogUnavailable, match="PIXELS_SPOOL_LIMIT"):
            fill_without_end(file)
        assert file.path.stat().st_size <= 1_000_000
        with pytest.raises(LogUnavailable):
            file.prove()

        records = file.read(EVENTS, 0, 1000)
        file.forget(EVENTS, [record.offset for record in records])
        file.prove()
        fill(file, 100, value=bytes(400))


def test_records_that_a_limit_keeps_out_leave_nothing_behind(tmp_path: Path) -> None:
    """All of them or none."""
    with closing(open_slot(tmp_path, limit=200_000)) as file:
        with pytest.raises(LogUnavailable):
            fill(file, 1000, value=bytes(400))
        assert look_into(file.path) == Waiting(0, None)


def test_the_file_shrinks_when_it_has_been_emptied(file: LogFile) -> None:
    """The disk gets the room back."""
    fill(file, MANY, value=bytes(400))
    with closing(sqlite3.connect(file.path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    full = file.path.stat().st_size
    assert full > MANY * 400
    assert not file.shrink()  # nothing is free

    file.forget(EVENTS, [record.offset for record in every(file)])
    while file.shrink():
        pass

    assert file.path.stat().st_size < full / 5  # a megabyte is not worth the work


def every(file: LogFile) -> Iterator[Record]:
    after = 0
    while records := file.read(EVENTS, after, 1000):
        yield from records
        after = records[-1].offset


def test_what_could_not_be_deleted_is_not_handed_out_again(file: LogFile) -> None:
    """It was delivered; sending it every second while a disk is full would be a flood."""
    fill(file, 3)
    with closing(sqlite3.connect(file.path, isolation_level=None)) as blocker:
        blocker.execute("BEGIN IMMEDIATE")
        file._connection.execute("PRAGMA busy_timeout = 10")
        with pytest.raises(LogUnavailable, match="cannot delete"):
            file.forget(EVENTS, [1, 2])
        with pytest.raises(LogUnavailable, match="cannot delete"):
            file.read(EVENTS, 0, 10)
        blocker.execute("ROLLBACK")

    assert [record.offset for record in file.read(EVENTS, 0, 10)] == [3]


def test_a_file_is_adopted_when_it_holds_records_and_nobody_holds_it(tmp_path: Path) -> None:
    """Not that of a worker which lives, not an empty one, and not what was never finished."""
    owned, left, empty = open_slot(tmp_path), open_slot(tmp_path), open_slot(tmp_path)
    for file in (owned, left):
        fill(file, 1)
    left.close()
    empty.close()
    sqlite3.connect(tmp_path / "slot-007.sqlite").close()

    adopted = []
    for file in adopt_slots(tmp_path):
        adopted.append(file.path.name)
        assert list(adopt_slots(tmp_path)) == []  # it has an owner now
        file.close()
    owned.close()

    assert adopted == ["slot-001.sqlite"]
    assert list(adopt_slots(tmp_path / "no such folder")) == []


def test_a_file_that_cannot_be_read_does_not_hold_up_the_others(tmp_path: Path) -> None:
    """It is told of when they are done."""
    for number in range(2):
        (tmp_path / f"slot-{number:03}.sqlite").write_bytes(b"not a database, " * 100)
    (tmp_path / "slot-000.sqlite").rename(tmp_path / "slot-009.sqlite")
    with closing(open_slot(tmp_path)) as file:
        fill(file, 1)

    orphans = adopt_slots(tmp_path)
    with closing(next(orphans)) as orphan:
        assert orphan.path.name == "slot-000.sqlite"
    with pytest.raises(LogUnavailable, match=r"slot-001.*not a database"):
        next(orphans)


@given(
    st.lists(st.tuples(st.sampled_from([EVENTS, REJECTED]), st.none() | st.binary(max_size=8), st.binary(max_size=64)))
)
def test_whatever_is_added_is_read_until_it_is_forgotten(
    tmp_path_factory: pytest.TempPathFactory, records: list[tuple[Stream, bytes | None, bytes]]
) -> None:
    """Any keys and values, in any mixture of streams."""
    with closing(open_slot(tmp_path_factory.mktemp("log"))) as file:
        for stream, key, value in records:
            file.add({stream: [(0, key, value)]}, len(value))
        for stream in (EVENTS, REJECTED):
            expected = [(key, value) for s, key, value in records if s == stream]
            found = file.read(stream, 0, 1000)
            assert [(record.key, record.value) for record in found] == expected
            file.forget(stream, [record.offset for record in found[::2]])
            assert [(r.key, r.value) for r in file.read(stream, 0, 1000)] == expected[1::2]


def test_the_way_to_a_new_folder_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a power cut could take a new folder away, and with it events that were acknowledged."""
    synced: list[Path] = []
    monkeypatch.setattr("os.fsync", lambda descriptor: synced.append(Path(f"/proc/self/fd/{descriptor}").readlink()))

    for _ in range(2):
        open_slot(tmp_path / "home" / "log").close()

    assert synced == [tmp_path / "home", tmp_path]
