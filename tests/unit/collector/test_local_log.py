"""The embedded log on a real disk: durable, one commit for many, honest when it cannot."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collector.sinks import EVENTS, REJECTED, LocalLog, LogUnavailable, open_local_log

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
NOW_MS = 1_795_363_200_000


class TickingClock:
    """Shows a millisecond more whenever it is read."""

    def __init__(self) -> None:
        self.readings = 0

    def __call__(self) -> datetime:
        self.readings += 1
        return NOW + timedelta(milliseconds=self.readings)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LocalLog]:
    opened = open_local_log(tmp_path, clock=lambda: NOW)
    yield opened
    opened.close()


def rows(log: LocalLog, table: str = EVENTS) -> list[tuple[int, int, bytes | None, bytes]]:
    with closing(sqlite3.connect(log.path)) as reader:
        return reader.execute(f"SELECT * FROM {table} ORDER BY record_offset").fetchall()


async def test_a_record_is_in_the_file_when_append_returns(log: LocalLog) -> None:
    """Each stream has a table of its own, with the collector's time."""
    await log.append(EVENTS, b"player", b"{event}")
    await log.append(REJECTED, None, b"{refusal}")

    assert rows(log, EVENTS) == [(1, NOW_MS, b"player", b"{event}")]
    assert rows(log, REJECTED) == [(1, NOW_MS, None, b"{refusal}")]


async def test_the_file_is_written_so_that_a_power_cut_takes_nothing(log: LocalLog) -> None:
    """Write-ahead log, synced at every commit."""
    assert log.file._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert log.file._connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


async def test_all_requests_that_wait_share_a_commit(tmp_path: Path) -> None:
    """While one commit runs, the others queue up, and the next commit takes them all."""
    clock = TickingClock()
    with closing(open_local_log(tmp_path, clock=clock)) as log:
        await asyncio.gather(*(log.append(EVENTS, b"p", b"%d" % n) for n in range(500)))

        stored = rows(log)
        commits = {appended_at for _, appended_at, _, _ in stored}
        assert [value for _, _, _, value in stored] == [b"%d" % n for n in range(500)]
        assert len(commits) == clock.readings < 50


async def test_a_full_queue_refuses_at_once_and_loses_nothing_it_took(tmp_path: Path) -> None:
    """When the disk does not keep up, memory does not grow: what is beyond the bound fails, the rest is stored."""
    with closing(open_local_log(tmp_path, clock=lambda: NOW, capacity=3)) as log:
        with closing(sqlite3.connect(log.path, isolation_level=None)) as blocker:
            blocker.execute("BEGIN IMMEDIATE")  # no commit of the log gets past this
            waiting = [asyncio.ensure_future(log.append(EVENTS, None, b"%d" % n)) for n in range(10)]
            refused, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            assert all(isinstance(task.exception(), LogUnavailable) for task in refused)
            blocker.execute("ROLLBACK")
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)

        taken = [b"%d" % n for n, outcome in enumerate(outcomes) if outcome is None]
        assert 3 <= len(taken) <= 6  # the queue, and what the writer had taken before it was full
        assert [value for _, _, _, value in rows(log)] == taken


async def test_a_full_disk_reaches_every_request_and_passes(log: LocalLog) -> None:
    """All that wait are told; once there is room again, so is the next."""
    pages = log.file._connection.execute("PRAGMA page_count").fetchone()[0]
    log.file._connection.execute(f"PRAGMA max_page_count = {pages}")

    outcomes = await asyncio.gather(*(log.append(EVENTS, None, bytes(3000)) for _ in range(20)), return_exceptions=True)
    assert all(isinstance(outcome, LogUnavailable) and "full" in str(outcome) for outcome in outcomes)

    log.file._connection.execute("PRAGMA max_page_count = 1000000")
    await log.append(EVENTS, None, b"after")
    assert [value for _, _, _, value in rows(log)] == [b"after"]


async def test_a_record_that_sqlite_cannot_take_fails_and_the_writer_goes_on(
    log: LocalLog, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault of ours must not leave requests waiting for ever."""
    with pytest.raises(LogUnavailable):
        await log.append(EVENTS, object(), b"record")  # type: ignore[arg-type]

    await log.append(EVENTS, None, b"next")
    assert [value for _, _, _, value in rows(log)] == [b"next"]


async def test_a_request_that_gave_up_does_not_disturb_the_others(log: LocalLog) -> None:
    """Its record may be stored; theirs are."""
    gave_up = asyncio.ensure_future(log.append(EVENTS, None, b"1"))
    stays = asyncio.ensure_future(log.append(EVENTS, None, b"2"))
    await asyncio.sleep(0)
    gave_up.cancel()

    await stays
    assert b"2" in [value for _, _, _, value in rows(log)]


async def test_closing_stores_what_waits_and_refuses_what_comes_later(tmp_path: Path) -> None:
    """A graceful stop loses nothing."""
    log = open_local_log(tmp_path, clock=lambda: NOW)
    waiting = [asyncio.ensure_future(log.append(EVENTS, None, b"%d" % n)) for n in range(100)]
    await asyncio.sleep(0)

    await asyncio.to_thread(log.close)

    assert await asyncio.gather(*waiting) == [None] * 100
    assert len(rows(log)) == 100
    with pytest.raises(LogUnavailable):
        await log.append(EVENTS, None, b"late")
    with pytest.raises(LogUnavailable):
        log.append_all(EVENTS, [(None, b"late")], NOW)


def test_every_open_log_has_a_slot_and_a_file_of_its_own(tmp_path: Path) -> None:
    """Two writers on one file would wait for each other; a slot given back is taken again."""
    first, second = open_local_log(tmp_path), open_local_log(tmp_path)
    first.close()
    third = open_local_log(tmp_path)
    second.close()
    third.close()

    assert [log.path.name for log in (first, second, third)] == [
        "slot-000.sqlite",
        "slot-001.sqlite",
        "slot-000.sqlite",
    ]


def test_a_log_keeps_its_identity_and_never_reuses_an_offset(tmp_path: Path) -> None:
    """The aggregator deletes what it has stored long ago; "next offset" keeps its meaning."""
    identities = []
    for n in range(3):
        with closing(open_local_log(tmp_path)) as log:
            log.append_all(EVENTS, [(None, b"%d" % n)], NOW)
            identities.append(log.file._connection.execute("SELECT * FROM log_identity").fetchall())
            assert [offset for offset, *_ in rows(log)] == [n + 1]
            log.file._connection.execute("DELETE FROM events_queue")

    assert identities[0] == identities[1] == identities[2]
    assert len(identities[0]) == 1


def test_many_records_are_appended_at_once(log: LocalLog) -> None:
    """In order, in one transaction, with the time that was given."""
    log.append_all(REJECTED, ((b"k", b"%d" % n) for n in range(10_000)), NOW - timedelta(days=1))

    stored = rows(log, REJECTED)
    assert [value for _, _, _, value in stored] == [b"%d" % n for n in range(10_000)]
    assert {(appended_at, key) for _, appended_at, key, _ in stored} == {(NOW_MS - 86_400_000, b"k")}


def test_records_that_fail_half_way_leave_nothing(log: LocalLog) -> None:
    """All of them or none."""

    def half() -> Iterator[tuple[bytes | None, bytes]]:
        yield None, b"first"
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="the source broke"):
        log.append_all(EVENTS, half(), NOW)
    assert rows(log) == []


def test_a_folder_that_cannot_be_used_is_an_explained_error(tmp_path: Path) -> None:
    """The message names the folder and what to do."""
    (tmp_path / "log").write_text("a file where the folder should be")

    with pytest.raises(LogUnavailable, match=r"log.* cannot be opened.*Check the folder"):
        open_local_log(tmp_path / "log")


def test_a_file_that_is_no_log_is_an_explained_error_and_gives_the_slot_back(tmp_path: Path) -> None:
    """Also when the fault is in the file itself."""
    (tmp_path / "slot-000.sqlite").write_bytes(b"not a database, " * 100)

    with pytest.raises(LogUnavailable, match="not a database"):
        open_local_log(tmp_path)
    (tmp_path / "slot-000.sqlite").unlink()
    with closing(open_local_log(tmp_path)) as log:
        assert log.path.name == "slot-000.sqlite"
