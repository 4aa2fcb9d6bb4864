"""`pixels rebuild`: what is computed anew from the records is what was there; a new file takes the old one's place at once or not."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pixels
from aggregator.lock import AlreadyRunning, writer_lock
from aggregator.rebuild import NoWarehouse, check, rebuild
from aggregator.run import run_pass
from aggregator.store.history import DamagedArchive
from aggregator.store.rebuilding import STEPS_OF_REBUILD as STEPS_OF_REBUILDING
from aggregator.store.rebuilding import NoRoom
from aggregator.store.recomputed import KEYS
from aggregator.writing import utc_now
from pixels.config import Settings, load_settings
from tests.colliding_records import APPENDED, collectors_refusals, deposits, records, refusal_record
from tests.interruptions import killed_at, many_records
from tests.local_log import append
from tests.oracle import Record, Refusal, differences, tables
from tests.sample_records import event
from tests.stored_tables import read_tables
from tests.waiting import until

SUMMER = datetime(2026, 7, 1, tzinfo=UTC)
"""The records of March are past their retention then, those of October are not."""
CARRIED_OVER = {
    "aggregation_runs", "archive_files", "banners", "erasures", "log_gaps", "log_offsets", "log_sources", "rebuild_checks",
    "rejected_events", "schema_migrations", "warehouse",
}  # fmt: skip


def with_records(home: Path, count: int = 300) -> list[Record]:
    """Records of November, stored by one pass."""
    made = many_records(count, seed=5)
    append(home, made, at_ms=APPENDED)
    run_pass(load_settings())
    return made


@settings(max_examples=4)
@given(
    sent=st.lists(st.one_of(records, records, deposits), min_size=1, max_size=40),
    refused=st.lists(collectors_refusals, max_size=3),
    zone=st.sampled_from(["UTC", "Europe/Berlin"]),
    new_zone=st.sampled_from(["Europe/Berlin", "Asia/Beirut", "America/New_York"]),
    count_bots=st.booleans(),
)
def test_any_records_give_the_same_tables_again_and_those_of_new_settings_too(
    sent: list[Record], refused: list[Refusal], zone: str, new_zone: str, count_bots: bool
) -> None:
    """With archived days on both sides of a change of clocks, a rebuild finds nothing to mend; then zone and bots change."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        first = Settings(_env_file=None, home=home, timezone=zone, retention_days=30)
        append(home, sent[::2], at_ms=APPENDED)
        append(home, map(refusal_record, refused), table="events_queue_rejected", at_ms=APPENDED)
        run_pass(first, now=lambda: SUMMER)
        append(home, sent[1::2], at_ms=APPENDED)
        run_pass(first)
        before = read_tables(first.warehouse_path)

        assert check(first).check.equal
        again = rebuild(first)
        assert not again.rebuilt.figures_changed
        assert not again.published
        assert differences(before, read_tables(first.warehouse_path)) == {}

        other = Settings(_env_file=None, home=home, timezone=new_zone, count_bots=count_bots, retention_days=30)
        rebuild(other, ["timezone", "count_bots"])
        expected = tables(sent, new_zone, count_bots=count_bots, refusals=refused)
        assert differences(expected, read_tables(first.warehouse_path)) == {}
        assert check(other).check.equal
        run_pass(other)
        assert differences(expected, read_tables(first.warehouse_path)) == {}


def test_every_table_is_computed_or_carried_over(pixels_home: Path) -> None:
    """What is no aggregate comes through unchanged, also a table that this version does not know; who adds one decides here."""
    with_records(pixels_home)
    path = load_settings().warehouse_path
    with duckdb.connect(str(path)) as con:
        names = {name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        con.execute('CREATE TABLE "a later one" AS SELECT 1 AS a')
        con.execute("INSERT INTO log_gaps VALUES ('s', 0, 1, 2, now(), 1)")

    def carried() -> dict[str, object]:
        with duckdb.connect(str(path), read_only=True) as con:
            rows = {
                name: con.execute(f'FROM "{name}" ORDER BY ALL').fetchall() for name in {*CARRIED_OVER, "a later one"}
            }
        return {**rows, "aggregation_runs": [row for row in rows["aggregation_runs"] if row[0] == 1]}

    before = carried()
    rebuild(load_settings())

    assert names == set(KEYS) | CARRIED_OVER
    assert carried() == before


def test_it_puts_right_what_was_tampered_with_and_publishes(pixels_home: Path) -> None:
    """Figures that differ are replaced, readers get them as a new snapshot, and the run is written down as a rebuild."""
    made = with_records(pixels_home)
    with duckdb.connect(str(load_settings().warehouse_path)) as con:
        con.execute("UPDATE daily_metrics SET count = count + 1")
        con.execute("DELETE FROM players")

    result = rebuild(load_settings())

    assert result.published
    with pixels.open(pixels_home) as wh:
        assert wh.snapshot == result.snapshot == result.rebuilt.run_id == 2
        assert wh.sql("SELECT kind FROM aggregation_runs ORDER BY run_id")["kind"].to_list() == ["pass", "rebuild"]
        file = pixels_home / "published" / wh.status().file
    assert differences(tables(made, "UTC"), read_tables(file)) == {}


@pytest.mark.parametrize("step", [*STEPS_OF_REBUILDING, "in_copy"])
def test_killed_at_any_step_it_leaves_a_sound_warehouse(step: str, pixels_home: Path) -> None:
    """Before the swap it is the old one, after it the new one; the next pass clears what is left, and publishes."""
    made = with_records(pixels_home)
    path = load_settings().warehouse_path
    with duckdb.connect(str(path)) as con:
        con.execute("UPDATE event_summary SET count = count + 1")
    old, new = read_tables(path), tables(made, "UTC")

    code = killed_at({"PIXELS_HOME": str(pixels_home)}, step, kind="rebuild")

    assert code == -signal.SIGKILL, f"the rebuild never came to {step}"
    swapped = step in ("after_swap", "in_copy")
    assert differences(new if swapped else old, read_tables(path)) == {}
    assert run_pass(load_settings()).published == swapped
    with pixels.open(pixels_home) as wh:
        published = read_tables(pixels_home / "published" / wh.status().file)
    assert differences(new, published) == {}
    assert not (pixels_home / "rebuild").exists()
    assert list(pixels_home.glob("*.wal")) == []


def test_beside_a_pass_it_ends_at_once_or_waits(pixels_home: Path) -> None:
    """Another process that writes is not disturbed: exit code 75, or with --wait the rebuild begins when that is done."""
    with_records(pixels_home)
    with writer_lock(pixels_home):
        with pytest.raises(AlreadyRunning) as refused:
            rebuild(load_settings())
        assert refused.value.exit_code == 75
        waiting = subprocess.Popen([sys.executable, "-m", "pixels", "rebuild", "--wait"], stdout=subprocess.PIPE)
        locks = Path("/proc/locks")
        until(lambda: any("->" in line and f" {waiting.pid} " in line for line in locks.read_text().splitlines()))
    assert waiting.wait(timeout=60) == 0


def test_a_signal_ends_it_and_changes_nothing(pixels_home: Path) -> None:
    """SIGTERM and Ctrl-C before the swap: exit code 75, a sentence on stderr, the same file, nothing left beside it."""
    with_records(pixels_home, 5_000)
    path = load_settings().warehouse_path
    inode = path.stat().st_ino

    for number in (signal.SIGTERM, signal.SIGINT):
        child = subprocess.Popen([sys.executable, "-m", "pixels", "rebuild"], stderr=subprocess.PIPE, text=True)
        until((pixels_home / "rebuild" / "recomputed.duckdb").exists)
        child.send_signal(number)
        _, told = child.communicate(timeout=60)

        assert (child.returncode, told.count("\n")) == (75, 1), told
        assert f"{number.name} ended it. Nothing was changed" in told
        assert path.stat().st_ino == inode
        assert not (pixels_home / "rebuild").exists()


def test_a_full_disk_ends_it_with_an_explanation(pixels_home: Path) -> None:
    """When no file can grow any further, the old warehouse stays as it was, and the next rebuild succeeds."""
    made = with_records(pixels_home, 5_000)
    limit = load_settings().warehouse_path.stat().st_size // 2
    code = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); from pixels.cli import main; main(['rebuild'])"

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)

    assert ended.returncode == 74, ended.stderr
    assert ended.stderr.startswith("pixels: ")
    assert "could not be written" in ended.stderr
    assert not (pixels_home / "rebuild").exists()
    assert not rebuild(load_settings()).rebuilt.figures_changed
    assert differences(tables(made, "UTC"), read_tables(load_settings().warehouse_path)) == {}


def test_a_disk_with_too_little_room_is_noticed_before(pixels_home: Path) -> None:
    """The error says how much it takes and how much there is, before anything is written."""
    with_records(pixels_home)
    with duckdb.connect(str(load_settings().warehouse_path)) as con:
        con.execute(
            "INSERT INTO archive_files VALUES ('f', 'records', '2026-01-01', 1, now(), now(), 10::BIGINT ** 17, '', now())"
        )

    with pytest.raises(NoRoom, match=r"takes up to 5\d+ MB beside the warehouse, but .* has \d+ MB left\. Make room"):
        rebuild(load_settings())


def test_an_archive_that_is_not_what_it_was_is_no_ground_to_compute_from(pixels_home: Path) -> None:
    """A file that is missing or was changed is named with its fault; the warehouse stays."""
    append(pixels_home, [event(1, created_at="2026-03-01T10:00:00Z"), event(2)], at_ms=APPENDED)
    run_pass(load_settings(retention_days=30), now=utc_now)
    (file,) = (pixels_home / "archive").glob("*/*.parquet")
    whole = file.read_bytes()

    for content, fault in ((whole[:-1] + b"?", "its SHA-256 is"), (None, "it is missing")):
        file.unlink() if content is None else file.write_bytes(content)
        found = check(load_settings())
        assert found.check.differences == {"archive_files": 1}
        assert found.checked.faults[f"2026-03-01/{file.name}"].startswith(fault)
        with pytest.raises(DamagedArchive, match=f"{file.name}: {fault}"):
            rebuild(load_settings())

    file.write_bytes(whole)
    assert check(load_settings()).check.equal


def test_without_a_warehouse_there_is_nothing_to_rebuild(pixels_home: Path) -> None:
    """An empty home stays empty; the error says what to run."""
    with pytest.raises(NoWarehouse, match="run `pixels aggregate`"):
        rebuild(load_settings())
    assert list(pixels_home.iterdir()) == []


def test_after_a_change_of_settings_passes_ask_for_them(pixels_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command says what to set; a pass without it is refused, and the refusal names the way back."""
    with_records(pixels_home)
    command = [sys.executable, "-m", "pixels", "rebuild", "--time-zone", "Asia/Beirut", "--count-bots"]

    done = subprocess.run(command, capture_output=True, text=True)

    assert done.returncode == 0
    assert "now_set='PIXELS_TIMEZONE=Asia/Beirut'" in done.stderr
    assert "now_set='PIXELS_COUNT_BOTS=True'" in done.stderr
    with pytest.raises(pixels.PixelsError, match="count all days anew: `pixels rebuild --time-zone UTC`"):
        run_pass(load_settings())
    monkeypatch.setenv("PIXELS_TIMEZONE", "Asia/Beirut")
    with pytest.raises(pixels.PixelsError, match="count all days anew: `pixels rebuild --no-count-bots`"):
        run_pass(load_settings())
    monkeypatch.setenv("PIXELS_COUNT_BOTS", "True")
    assert not run_pass(load_settings()).published
