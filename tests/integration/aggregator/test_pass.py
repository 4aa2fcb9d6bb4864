"""A pass as cron runs it: what it does, what it refuses, what it tells."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from aggregator.failures import CannotWrite
from aggregator.local_source import DamagedLog
from aggregator.run import run_pass
from aggregator.snapshots import CannotPublish
from aggregator.store.opening import DamagedWarehouse
from pixels.cli import main
from pixels.config import load_settings
from pixels.errors import ConfigurationError
from tests.local_log import append
from tests.sample_records import event

APPENDED = 1_795_000_000_000


def pointer(home: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((home / "published" / "current.json").read_text())
    return read


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(query).fetchall()


def test_a_pass_prints_one_json_line_of_results(pixels_home: Path) -> None:
    """What was read, stored, counted and published stands on stdout, for scripts."""
    append(pixels_home, [event(1), event(2), event(2), b"rubbish"], at_ms=APPENDED)

    result = CliRunner().invoke(main, ["aggregate"], catch_exceptions=False)

    line = json.loads(result.stdout)
    assert result.exit_code == 0
    assert line["records_read"] == 4
    assert (line["events_stored"], line["records_repeated"], line["records_rejected"]) == (2, 1, 1)
    assert (line["snapshot"], line["published"]) == (1, True)


def test_an_empty_pass_publishes_no_new_file_and_moves_complete_until(pixels_home: Path) -> None:
    """A quiet night does not look stale, and costs no copy."""
    append(pixels_home, [event(1)], at_ms=APPENDED)
    run_pass(load_settings(), now=lambda: datetime(2026, 11, 22, 1, tzinfo=UTC))
    before = pointer(pixels_home)

    result = run_pass(load_settings(), now=lambda: datetime(2026, 11, 22, 2, tzinfo=UTC))
    after = pointer(pixels_home)

    assert not result.published
    assert (after["snapshot"], after["file"], after["as_of"]) == (before["snapshot"], before["file"], before["as_of"])
    assert (before["complete_until"], after["complete_until"]) == (
        "2026-11-22T01:00:00.000Z",
        "2026-11-22T02:00:00.000Z",
    )
    assert after["last_pass_at"] == after["checked_at"] == "2026-11-22T02:00:00.000Z"


def test_a_second_pass_at_the_same_time_leaves_at_once_with_exit_code_0(pixels_home: Path) -> None:
    """The one that runs does the work, so cron has nothing to complain of."""
    with (pixels_home / "warehouse.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        result = CliRunner().invoke(main, ["aggregate"], catch_exceptions=False)

    assert result.exit_code == 0
    assert result.stdout == ""
    assert "another pass is running" in result.stderr


def test_another_time_zone_than_the_warehouse_counts_in_is_an_error(pixels_home: Path) -> None:
    """Days cannot change their meaning from one pass to the next."""
    run_pass(load_settings())

    with pytest.raises(ConfigurationError, match="counts its days in UTC, but PIXELS_TIMEZONE is Asia/Tokyo"):
        run_pass(load_settings(timezone="Asia/Tokyo"))


def test_visits_of_crawlers_are_stored_and_do_not_count(pixels_home: Path) -> None:
    """Marked visits are in `events`, in no count, and make nobody a player; the pass tells how many."""
    mark = {"metadata": {"_bot": "Googlebot"}}
    append(
        pixels_home,
        [
            event(1),
            event(2, **mark),
            event(3, **mark, event_type="registration"),
            event(4, **mark, event_type="deposit"),
        ],
        at_ms=APPENDED,
    )

    line = json.loads(CliRunner().invoke(main, ["aggregate"], catch_exceptions=False).stdout)

    warehouse = pixels_home / "warehouse.duckdb"
    assert (line["events_stored"], line["events_counted"], line["bots_set_aside"]) == (4, 3, 1)
    assert rows(warehouse, "SELECT bots_set_aside FROM aggregation_runs") == [(1,)]
    assert rows(warehouse, "SELECT id FROM events ORDER BY id") == [("e1",), ("e2",), ("e3",), ("e4",)]
    assert rows(warehouse, "SELECT player_id FROM players ORDER BY player_id") == [("p1",), ("p3",), ("p4",)]
    assert rows(warehouse, "SELECT event_type, count FROM daily_metrics ORDER BY event_type") == [
        ("deposit", 1),
        ("registration", 1),
        ("visit", 1),
    ]


def test_visits_of_crawlers_count_when_the_setting_says_so(pixels_home: Path) -> None:
    """Then the mark changes nothing."""
    append(pixels_home, [event(1), event(2, metadata={"_bot": "Googlebot"})], at_ms=APPENDED)

    result = run_pass(load_settings(count_bots=True))

    assert (result.outcome.events_counted, result.outcome.bots_set_aside) == (2, 0)
    assert rows(pixels_home / "warehouse.duckdb", "SELECT count FROM daily_metrics") == [(2,)]


@pytest.mark.parametrize(("made_with", "says"), [(False, "does not count"), (True, "counts")])
def test_a_warehouse_keeps_to_its_rule_for_crawlers(
    pixels_home: Path, monkeypatch: pytest.MonkeyPatch, made_with: bool, says: str
) -> None:
    """The rule cannot change from one pass to the next; the command says what to do and ends with exit code 78."""
    run_pass(load_settings(count_bots=made_with))
    monkeypatch.setenv("PIXELS_COUNT_BOTS", str(not made_with))

    result = CliRunner().invoke(main, ["aggregate"])

    assert result.exit_code == 78
    assert f"{says} visits of crawlers, but PIXELS_COUNT_BOTS is {str(not made_with).lower()}" in result.stderr
    assert f"Set PIXELS_COUNT_BOTS={str(made_with).lower()}" in result.stderr


def test_a_warehouse_of_a_newer_version_is_left_alone(pixels_home: Path) -> None:
    """An older Pixels says so instead of writing into tables it does not know."""
    run_pass(load_settings())
    with duckdb.connect(str(pixels_home / "warehouse.duckdb")) as con:
        con.execute("INSERT INTO schema_migrations VALUES ('9999_from_the_future', now())")

    with pytest.raises(DamagedWarehouse, match="made by a newer Pixels"):
        run_pass(load_settings())


def test_a_file_that_is_no_warehouse_is_explained(pixels_home: Path) -> None:
    """A damaged file is named, with what to do; it is not overwritten."""
    (pixels_home / "warehouse.duckdb").write_bytes(b"not a database" * 1000)

    with pytest.raises(DamagedWarehouse, match="cannot be opened"):
        run_pass(load_settings())


def test_a_damaged_slot_file_is_explained_and_nothing_is_stored_from_it(pixels_home: Path) -> None:
    """A log file that cannot be read stops the pass with its name and a way out."""
    append(pixels_home, [event(1)], at_ms=APPENDED)
    (pixels_home / "log" / "slot-001.sqlite").write_bytes(b"SQLite format 3\x00" + b"\xff" * 4000)

    with pytest.raises(DamagedLog, match=r"slot-001\.sqlite cannot be read"):
        run_pass(load_settings())


def test_a_slot_file_replaced_by_an_older_copy_is_noticed(pixels_home: Path, tmp_path: Path) -> None:
    """New records under offsets that were stored before would be skipped in silence; so it is an error."""
    append(pixels_home, [event(1)], at_ms=APPENDED)
    slot = pixels_home / "log" / "slot-000.sqlite"
    shutil.copy(slot, tmp_path / "older.sqlite")
    append(pixels_home, [event(2), event(3)], at_ms=APPENDED)
    run_pass(load_settings())
    for leftover in slot.parent.glob("slot-000.sqlite-*"):
        leftover.unlink()
    shutil.copy(tmp_path / "older.sqlite", slot)

    with pytest.raises(DamagedLog, match="replaced by an older copy"):
        run_pass(load_settings())


def test_a_slot_file_whose_making_was_interrupted_holds_nothing(pixels_home: Path) -> None:
    """A collector killed while it made its file leaves one without tables; the pass goes on."""
    (pixels_home / "log").mkdir()
    sqlite3.connect(pixels_home / "log" / "slot-000.sqlite").close()
    (pixels_home / "log" / "slot-000.sqlite").touch()
    append(pixels_home, [event(1)], slot=1, at_ms=APPENDED)

    assert run_pass(load_settings()).outcome.events_stored == 1


def test_records_are_trimmed_only_when_stored_and_old(pixels_home: Path) -> None:
    """The log keeps what the warehouse does not have, and for PIXELS_LOG_RETENTION_DAYS also what it has."""
    append(pixels_home, [event(1)], at_ms=APPENDED - 8 * 86_400_000)
    append(pixels_home, [event(2)], at_ms=APPENDED)
    run_pass(load_settings(), now=lambda: datetime.fromtimestamp(APPENDED / 1000, UTC))

    with sqlite3.connect(pixels_home / "log" / "slot-000.sqlite") as db:
        kept = db.execute("SELECT record_offset FROM events_queue").fetchall()
    db.close()
    assert kept == [(2,)]
    assert run_pass(load_settings()).outcome.records_read == 0


def test_refusals_of_the_collector_are_kept_with_their_reason(pixels_home: Path) -> None:
    """What the collector refused is in `rejected_events` after the pass; a refusal that is none is kept as well."""
    refusal = {
        "reason": "missing_player_id",
        "detail": "playerId",
        "received_at": "2026-11-17T10:00:00.000Z",
        "payload": "GET /visit?bannerTag=a\xe9",
        "source_ip": "192.0.2.1",
        "user_agent": None,
    }
    append(
        pixels_home, [refusal, {**refusal, "reason": "made_up"}, b"\xff"], table="events_queue_rejected", at_ms=APPENDED
    )

    result = run_pass(load_settings())

    stored = rows(
        pixels_home / "warehouse.duckdb",
        'SELECT reason, payload FROM rejected_events ORDER BY source, partition, "offset"',
    )
    assert result.outcome.records_rejected == 3
    assert stored[0] == ("missing_player_id", "GET /visit?bannerTag=a\xe9".encode("latin-1"))
    assert [reason for reason, _ in stored[1:]] == ["bad_refusal", "bad_refusal"]
    assert rows(pixels_home / "warehouse.duckdb", "SELECT count(*) FROM events") == [(0,)]


def test_a_refusal_that_stands_for_many_is_stored_with_its_count(pixels_home: Path) -> None:
    """What the collector only counted is one row, that says how many."""
    summary = {"reason": "unknown_path", "received_at": "2026-11-17T10:00:00Z", "payload": "", "count": 250}
    append(
        pixels_home,
        [summary, {**summary, "count": 0}],
        table="events_queue_rejected",
        at_ms=APPENDED,
    )

    run_pass(load_settings())

    stored = rows(pixels_home / "warehouse.duckdb", 'SELECT reason, count FROM rejected_events ORDER BY "offset"')
    assert stored == [("unknown_path", 250), ("bad_refusal", 1)]


def test_old_snapshots_go_and_the_newest_three_stay(pixels_home: Path) -> None:
    """A reader keeps the file it has open; the folder does not grow."""
    for number in range(5):
        append(pixels_home, [event(number)], at_ms=APPENDED)
        run_pass(load_settings())

    names = sorted(path.name for path in (pixels_home / "published").glob("snapshot-*"))
    assert names == ["snapshot-000003.duckdb", "snapshot-000004.duckdb", "snapshot-000005.duckdb"]


def test_a_missing_snapshot_file_is_published_again(pixels_home: Path) -> None:
    """Somebody deleted the file the pointer names: the next pass, also an empty one, makes up for it."""
    append(pixels_home, [event(1)], at_ms=APPENDED)
    run_pass(load_settings())
    (pixels_home / "published" / pointer(pixels_home)["file"]).unlink()

    assert run_pass(load_settings()).published
    assert (pixels_home / "published" / pointer(pixels_home)["file"]).exists()


@pytest.mark.parametrize("damage", ["{", "{}", "[]", '{"snapshot": 1}', ""])
def test_a_damaged_pointer_is_written_anew(pixels_home: Path, damage: str) -> None:
    """It says nothing that the warehouse does not know, so the next pass, also an empty one, mends it."""
    append(pixels_home, [event(1)], at_ms=APPENDED)
    run_pass(load_settings())
    before = pointer(pixels_home)
    (pixels_home / "published" / "current.json").write_text(damage)

    assert run_pass(load_settings()).published
    assert pointer(pixels_home)["file"] == before["file"]


def test_the_demo_mark_of_a_home_is_written_into_its_warehouse(pixels_home: Path) -> None:
    """Every reader of a demo snapshot can say that it is one."""
    (pixels_home / "DEMO").touch()
    run_pass(load_settings())

    assert pointer(pixels_home)["is_demo"] is True


def test_a_warehouse_that_was_made_anew_is_published_though_its_number_is_the_same(pixels_home: Path) -> None:
    """Somebody deletes the warehouse, and the log holds other events by then: run 1 is not run 1."""
    append(pixels_home, [event(1)], at_ms=APPENDED)
    run_pass(load_settings())
    (pixels_home / "warehouse.duckdb").unlink()
    append(pixels_home, [event(2)], slot=1, at_ms=APPENDED)

    result = run_pass(load_settings())

    assert (result.snapshot, result.published) == (1, True)
    published = pixels_home / "published" / pointer(pixels_home)["file"]
    assert rows(published, "SELECT count(*) FROM events") == [(2,)]


def test_snapshots_are_pruned_by_number(pixels_home: Path) -> None:
    """After the millionth pass the names are longer, and the oldest still goes first."""
    append(pixels_home, [event(0)], at_ms=APPENDED)
    run_pass(load_settings())
    with duckdb.connect(str(pixels_home / "warehouse.duckdb")) as con:
        con.execute("UPDATE aggregation_runs SET run_id = 999997")
    for number in range(1, 5):
        append(pixels_home, [event(number)], at_ms=APPENDED)
        run_pass(load_settings())

    names = {path.name for path in (pixels_home / "published").glob("snapshot-*")}
    assert names == {"snapshot-999999.duckdb", "snapshot-1000000.duckdb", "snapshot-1000001.duckdb"}


def test_a_log_that_this_user_may_not_read_is_an_error_and_not_an_empty_one(pixels_home: Path) -> None:
    """Collector and cron under different users: "data through now" would be a lie."""
    append(pixels_home, [event(1)], at_ms=APPENDED)
    run_pass(load_settings())
    before = pointer(pixels_home)
    (pixels_home / "log").rename(pixels_home / "elsewhere")
    (pixels_home / "log").touch()  # root may read everything, so the folder is made unreadable as a file is

    with pytest.raises(DamagedLog, match="cannot be read: Not a directory"):
        run_pass(load_settings())
    assert pointer(pixels_home) == before


@pytest.mark.parametrize("zone", ["localtime", "Factory"])
def test_a_zone_that_names_no_place_makes_no_warehouse(pixels_home: Path, zone: str) -> None:
    """It would be written into the warehouse for good, and the first event could not be given a day."""
    with pytest.raises(ConfigurationError, match="days cannot be counted"):
        run_pass(load_settings(timezone=zone))
    assert run_pass(load_settings(timezone="UTC")).run_id == 1


def test_an_empty_file_left_by_a_full_disk_is_made_anew(pixels_home: Path) -> None:
    """The first pass made the file and could not write into it."""
    (pixels_home / "warehouse.duckdb").touch()

    assert run_pass(load_settings()).run_id == 1


def test_snapshots_may_lie_on_another_file_system(pixels_home: Path) -> None:
    """Where blocks cannot be shared they are copied."""
    with TemporaryDirectory(dir="/dev/shm") as elsewhere:
        (pixels_home / "published").symlink_to(elsewhere)
        append(pixels_home, [event(1)], at_ms=APPENDED)

        assert run_pass(load_settings()).published
        assert rows(pixels_home / "published" / pointer(pixels_home)["file"], "SELECT count(*) FROM events") == [(1,)]


@pytest.mark.parametrize("spare_kb", [0, 200, 900, 2_000, 3_000, 4_500])
def test_a_full_disk_is_explained_and_costs_nothing(pixels_home: Path, tmp_path: Path, spare_kb: int) -> None:
    """Wherever the room ends: a clear error, no damage, and the next pass after room was made has it all."""
    if os.geteuid() and not os.environ.get("CI"):
        pytest.skip("a small disk is mounted for this test, and only root may do so")
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", small], check=True)
    try:
        append(small, [event(n, metadata={"pad": "x" * 500}) for n in range(3_000)], at_ms=APPENDED)
        settings = load_settings(home=small, log_retention_days=36_500)
        run_pass(settings)
        append(small, [event(n, metadata={"pad": "y" * 500}) for n in range(3_000, 6_000)], at_ms=APPENDED)
        ballast = small / "ballast"
        free = shutil.disk_usage(small).free
        ballast.write_bytes(b"x" * max(0, free - spare_kb * 1024))

        with pytest.raises((CannotWrite, CannotPublish, DamagedLog), match=r"[Mm]ake room"):
            run_pass(settings)

        ballast.unlink()
        run_pass(settings)
        published = small / "published" / pointer(small)["file"]
        assert rows(published, "SELECT count(*), count(DISTINCT player_id) FROM counted_events") == [(6_000, 6_000)]
    finally:
        subprocess.run(["umount", small], check=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_passes_in_a_row_end_when_asked(pixels_home: Path, number: signal.Signals) -> None:
    """`--every` keeps running, a line for each pass, and leaves with exit code 0 long before the next is due."""
    command = [sys.executable, "-m", "pixels", "aggregate", "--every", "1h"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert json.loads(child.stdout.readline())["run_id"] == 1
        child.send_signal(number)
        assert child.wait(30) == 0
