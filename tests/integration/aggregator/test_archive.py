"""Old days leave the tables for Parquet files, and every table stays what the rules make of all records."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from click.testing import CliRunner

from aggregator.archive import STEPS_OF_ARCHIVE, CannotArchive, archive_due
from aggregator.run import PassResult, run_pass
from aggregator.store.archive import MANY_FILES, days_due
from aggregator.store.history import DamagedArchive
from aggregator.store.opening import open_for_writing
from pixels.cli import main
from pixels.config import Settings, load_settings
from tests.interruptions import APPENDED, archiving_half, killed_at, many_records, what_differs
from tests.local_log import append
from tests.oracle import Record, differences, local_day, tables
from tests.sample_records import event
from tests.stored_tables import read_tables

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOON_MS = int(NOON.timestamp() * 1000)


class Home:
    """A PIXELS_HOME whose passes run on 20 November 2026, retention a day, beside the list of all that was sent."""

    def __init__(self, path: Path, **settings: Any) -> None:
        self.path = path
        self.settings: Settings = load_settings(**{"home": path, "retention_days": 1, **settings})
        self.sent: list[Record] = []

    def after_a_pass_over(self, *records: Record, now: datetime = NOON) -> PassResult:
        """Append the records, do a pass, and compare every table with the rules."""
        append(self.path, records, at_ms=NOON_MS)
        self.sent += records
        result = run_pass(self.settings, now=lambda: now)
        assert self.differences() == {}
        return result

    def differences(self) -> dict[str, Any]:
        """What is stored otherwise than the rules say."""
        return differences(tables(self.sent, self.settings.timezone), read_tables(self.settings.warehouse_path))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.settings.warehouse_path), read_only=True) as con:
            return con.execute(query).fetchall()

    def archived(self, kind: str = "records") -> dict[date, list[Path]]:
        """The files that the warehouse lists, by day."""
        days: dict[date, list[Path]] = {}
        for day, file in self.rows(f"SELECT event_date, file FROM archive_files WHERE kind = '{kind}' ORDER BY ALL"):
            days.setdefault(day, []).append(self.settings.archive_dir / file)
        return days


def on(day: str, number: int, at: str = "10:00", **fields: Any) -> Record:
    """A visit on a day of November."""
    return event(number, created_at=f"2026-11-{day}T{at}:00.000Z", **fields)


def test_days_past_the_retention_leave_the_tables_whole(pixels_home: Path) -> None:
    """A day goes when it lies more than PIXELS_RETENTION_DAYS before today: its events and their repeats, into one file."""
    home = Home(pixels_home)

    home.after_a_pass_over(on("18", 1), on("18", 1, banner_tag="z"), on("18", 2), on("19", 3), on("20", 4))

    assert home.rows("SELECT id FROM events ORDER BY id") == [("e3",), ("e4",)]
    assert home.rows("SELECT id FROM repeated_records") == []
    ((file,),) = home.archived().values()
    stored = pl.read_parquet(file)
    assert (file.parent.name, stored["id"].to_list()) == ("2026-11-18", ["e1", "e1", "e2"])
    assert stored.schema["created_at"] == pl.Datetime("ms", "UTC")
    assert stored["event_date"].unique().to_list() == [date(2026, 11, 18)]


def test_refusals_past_the_retention_leave_with_their_payload(pixels_home: Path) -> None:
    """They go by the day of `rejected_at`; the count of the day stays."""
    home = Home(pixels_home)
    append(pixels_home, [b"\xffrubbish", b"more"], at_ms=APPENDED)

    run_pass(home.settings, now=lambda: NOON)

    ((file,),) = home.archived("refusals").values()
    assert home.rows("SELECT count(*) FROM rejected_events") == [(0,)]
    assert sorted(pl.read_parquet(file)["payload"].to_list()) == [b"more", b"\xffrubbish"]
    assert home.rows("SELECT event_date, count FROM daily_refusals") == [(date(2026, 11, 18), 2)]


def test_late_events_correct_archived_days(pixels_home: Path) -> None:
    """An earlier one takes the credit, one that replaces an archived event takes its place, a repeat changes nothing."""
    home = Home(pixels_home)
    home.after_a_pass_over(on("10", 1, banner_tag="m"), on("10", 2, banner_tag="m", event_type="deposit"))

    home.after_a_pass_over(on("10", 3, player_id="p1", banner_tag="z", at="09:00"))
    assert home.rows("SELECT banner_tag FROM counted_events WHERE player_id = 'p1'") == [("z",)]

    home.after_a_pass_over(on("10", 2, player_id="p9", banner_tag="a", at="08:00"))
    assert home.rows("SELECT player_id FROM players ORDER BY player_id") == [("p1",), ("p9",)]

    ((_, files),) = home.archived().items()
    result = home.after_a_pass_over(*home.sent)
    assert (len(files), result.outcome.records_repeated, result.published) == (3, 4, False)
    assert [*home.archived().values()] == [files]
    assert home.rows("SELECT count(*) FROM events") == [(0,)]


@pytest.mark.parametrize(
    ("time_zone", "instants"),
    [
        ("Europe/Berlin", ["2026-03-28T22:59:59.999Z", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59.999Z", "2026-03-29T22:00:00Z"]),
        ("Europe/Berlin", ["2026-10-24T21:59:59Z", "2026-10-24T22:00:00Z", "2026-10-25T22:59:59.999Z", "2026-10-25T23:00:00Z"]),
        # At 00:01 of the 29th the clock goes back to 23:01 of the 28th: that minute lies between two pieces of the day before.
        ("America/St_Johns", ["2006-10-29T02:29:59Z", "2006-10-29T02:30:30Z", "2006-10-29T02:31:30Z", "2006-10-29T03:30:30Z"]),
    ],
)  # fmt: skip
def test_a_day_of_the_archive_is_a_day_of_the_time_zone(pixels_home: Path, time_zone: str, instants: list[str]) -> None:
    """Also where the clock changes: the files of a day hold its records and no other's, until the day when it is due."""
    home = Home(pixels_home, timezone=time_zone)
    records = [event(number, created_at=instant) for number, instant in enumerate(instants)]
    days = sorted({local_day(record, home.settings.zone) for record in records})

    for day in days:
        now = datetime.combine(day + timedelta(days=2), NOON.time(), UTC)
        home.after_a_pass_over(*records, now=now)
        assert [*home.archived()] == [d for d in days if d <= day]


def test_the_same_rows_make_the_same_file(tmp_path: Path, pixels_home: Path) -> None:
    """Whatever order they came in: a file that a killed pass wrote is the one that the next pass writes."""
    records, names = [on("10", number) for number in range(500)], []
    for folder, seed in (("one", 1), ("two", 2)):
        home = Home(tmp_path / folder)
        home.after_a_pass_over(*random.Random(seed).sample(records, len(records)))
        names += [path.name for files in home.archived().values() for path in files]

    assert names[0] == names[1]


@pytest.mark.parametrize("step", STEPS_OF_ARCHIVE[1:])
def test_a_pass_killed_at_a_later_file_writes_the_same_file_again(step: str, pixels_home: Path) -> None:
    """What was archived before it stays, and the next pass ends in the same tables, with no file that is not listed."""
    records = many_records(300, seed=5)
    append(pixels_home, records, at_ms=APPENDED)
    env = {"PIXELS_HOME": str(pixels_home), **archiving_half()}

    assert killed_at(env, step, hit=3) == -signal.SIGKILL, f"the pass never came to {step}"
    assert len(Home(pixels_home).archived()) == 2

    assert what_differs(env, records) == {}
    listed = {path for files in Home(pixels_home).archived().values() for path in files}
    assert len(listed) == 4
    assert {path for path in (pixels_home / "archive").rglob("*") if path.is_file()} == listed


def test_a_missing_file_of_the_archive_is_named_and_nothing_changes(pixels_home: Path) -> None:
    """A late event of its day cannot be weighed without it; when it is back the pass goes on as if nothing had been."""
    home = Home(pixels_home)
    home.after_a_pass_over(on("10", 1), on("20", 2))
    ((file,),) = home.archived().values()
    file.rename(pixels_home / "elsewhere")
    append(pixels_home, [on("10", 1, banner_tag="a")], at_ms=NOON_MS)

    with pytest.raises(DamagedArchive, match=rf"{file.name} is missing.* Put the file back") as caught:
        run_pass(home.settings, now=lambda: NOON)
    assert caught.value.exit_code == 74
    assert home.rows("SELECT banner_tag, count FROM event_summary WHERE event_date = '2026-11-10'") == [("b", 1)]

    (pixels_home / "elsewhere").rename(file)
    home.after_a_pass_over(on("10", 1, banner_tag="a"))


def test_a_damaged_file_of_the_archive_is_explained(pixels_home: Path) -> None:
    """Bytes that are no Parquet end the pass with the folder and what to do, not with a traceback of the reader."""
    home = Home(pixels_home)
    home.after_a_pass_over(on("10", 1))
    ((file,),) = home.archived().values()
    file.write_bytes(b"PAR1" + b"\xff" * 500)
    append(pixels_home, [on("10", 1, banner_tag="a")], at_ms=NOON_MS)

    with pytest.raises(DamagedArchive, match=r"cannot be read: .* Put the file back"):
        run_pass(home.settings, now=lambda: NOON)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    if os.geteuid() and not os.environ.get("CI"):
        pytest.skip("a small disk is mounted for this test, and only root may do so")
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def test_an_archive_on_a_full_disk_of_its_own_holds_up_no_figure(pixels_home: Path, tmp_path: Path) -> None:
    """The pass publishes, then fails with what to do; the rows stay in the tables until a pass finds room."""
    with small_disk(tmp_path / "disk", "256k") as disk:
        (pixels_home / "archive").symlink_to(disk)
        home = Home(pixels_home)
        ballast = disk / "ballast"
        ballast.write_bytes(b"x" * (shutil.disk_usage(disk).free - 40_000))
        noise = random.Random(3)
        append(
            pixels_home,
            sent := [on("10", n, metadata={"s": noise.randbytes(100).hex()}) for n in range(1_000)],
            at_ms=NOON_MS,
        )
        home.sent += sent

        with pytest.raises(CannotArchive, match=r"2026-11-10 could not be written: No space left.*Make room"):
            run_pass(home.settings, now=lambda: NOON)
        assert home.rows("SELECT count(*) FROM events") == [(1_000,)]
        assert differences(tables(sent, "UTC"), read_tables(pixels_home / "published" / "snapshot-000001.duckdb")) == {}
        assert [path.name for path in disk.rglob("*") if path.is_file()] == ["ballast"]

        ballast.unlink()
        home.after_a_pass_over()
        assert home.rows("SELECT count(*) FROM events") == [(0,)]
        assert list(home.archived()) == [date(2026, 11, 10)]


def test_a_snapshot_lists_the_archive_that_its_tables_go_with(pixels_home: Path) -> None:
    """An older snapshot goes on showing its own set of records when the warehouse has archived more."""
    home = Home(pixels_home)
    home.after_a_pass_over(on("10", 1), on("19", 2))
    before = list(home.sent)
    home.after_a_pass_over(on("10", 3), now=NOON + timedelta(days=1))

    for number, sent in ((1, before), (2, home.sent)):
        snapshot = pixels_home / "published" / f"snapshot-{number:06d}.duckdb"
        assert differences(tables(sent, "UTC"), read_tables(snapshot)) == {}


def test_a_day_with_many_files_takes_one_more_a_day(pixels_home: Path) -> None:
    """Late records in every pass would otherwise be a file in every pass."""
    day, settings = date(2026, 11, 10), load_settings()
    with open_for_writing(settings, NOON) as con:
        con.execute("INSERT INTO events VALUES ('e', 'p', 'visit', 'b', '{}', NULL, NULL, '2026-11-10T10:00:00Z')")
        for number in range(MANY_FILES):
            assert days_due(con, "records", "UTC", NOON.date(), 1) == [day], f"with {number} files"
            con.execute(
                "INSERT INTO archive_files VALUES (?, 'records', ?, 1, ?, ?, 1, '', ?)", [str(number), day, *[NOON] * 3]
            )

        assert days_due(con, "records", "UTC", NOON.date(), 1) == []
        assert days_due(con, "records", "UTC", NOON.date() + timedelta(days=1), 1) == [day]


def test_archiving_ends_when_asked(pixels_home: Path) -> None:
    """A long history is archived a day at a time, and SIGTERM ends it after the day it is at."""
    home, steps = Home(pixels_home), list[str]()
    append(pixels_home, [on("10", 1), on("11", 2), on("12", 3)], at_ms=NOON_MS)
    run_pass(load_settings(), now=lambda: NOON)

    with open_for_writing(home.settings, NOON) as con:
        archive_due(con, home.settings, NOON, steps.append, lambda: "before_archive_commit" in steps)

    assert list(home.archived()) == [date(2026, 11, 10)]


def test_rows_of_passes_that_found_nothing_go_after_a_week(pixels_home: Path) -> None:
    """Those that stored something stay, and the newest, which says until when all is stored."""
    home = Home(pixels_home, retention_days=90)
    home.after_a_pass_over(on("19", 1))
    for hours in (1, 24, 24 * 8, 24 * 9 + 2):
        home.after_a_pass_over(now=NOON + timedelta(hours=hours))

    assert home.rows("SELECT run_id FROM aggregation_runs ORDER BY run_id") == [(1,), (4,), (5,)]


def test_a_lost_warehouse_comes_back_from_an_older_snapshot_and_the_log(pixels_home: Path) -> None:
    """What the snapshot lacks is read again, and days that were archived after it are archived again, into the same files."""
    home = Home(pixels_home)
    home.after_a_pass_over(on("10", 1), on("11", 2), on("19", 3))
    home.after_a_pass_over(on("10", 4), on("11", 2, banner_tag="a"))
    files = home.archived()

    home.settings.warehouse_path.unlink()
    shutil.copy(pixels_home / "published" / "snapshot-000001.duckdb", home.settings.warehouse_path)
    home.after_a_pass_over()

    assert home.archived() == files


def test_an_archive_without_its_warehouse_is_imported_word_for_word(pixels_home: Path) -> None:
    """With warehouse, snapshots and log lost the archive still gives its days back, repeats and signed money among them."""
    paid: dict[str, Any] = {
        "event_type": "deposit",
        "metadata": {"amount": "5", "currency": "EUR", "txid": "t", "_key": "shop"},
    }
    home = Home(pixels_home)
    home.after_a_pass_over(
        on("10", 1), on("10", 1, banner_tag="z"), on("11", 2, **paid), on("11", 3, source_ip="192.0.2.1")
    )
    (pixels_home / "archive").rename(pixels_home / "old")
    home.settings.warehouse_path.unlink()
    shutil.rmtree(pixels_home / "published")
    shutil.rmtree(pixels_home / "log")

    files = map(str, pixels_home.glob("old/*/records-*.parquet"))
    CliRunner().invoke(main, ["import", "--trusted", *files], catch_exceptions=False)

    assert home.differences() == {}
    assert home.rows("SELECT amount FROM counted_deposits WHERE is_verified") == [(5,)]
