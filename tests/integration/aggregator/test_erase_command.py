"""`pixels erase` on the command line: whom it asks, what it prints, what it refuses."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from aggregator.lock import writer_lock
from aggregator.run import run_pass
from pixels.config import load_settings
from pixels.resources import resource_path, sql
from tests.erased import erased_name
from tests.local_log import append
from tests.sample_records import event
from tests.stored_tables import read_tables

APPENDED = 1_795_000_000_000
ERASE = [sys.executable, "-m", "pixels", "erase"]


def players(home: Path) -> set[str]:
    return set(read_tables(home / "warehouse.duckdb").players)


@pytest.fixture
def home(pixels_home: Path) -> Path:
    """Three players, published."""
    append(pixels_home, [event(1), event(2), event(3)], at_ms=APPENDED)
    run_pass(load_settings())
    return pixels_home


def test_ids_come_from_standard_input_and_the_record_names_nobody(home: Path) -> None:
    """One a line; stdout is one JSON object, stderr is for a person, and neither has an id in it."""
    ended = subprocess.run([*ERASE, "-", "--yes"], input="p1\n\n p2 \r\n", capture_output=True, text=True)

    assert (ended.returncode, players(home)) == (0, {erased_name(home, "p1"), erased_name(home, "p2"), "p3"})
    record = json.loads(ended.stdout)
    assert set(record["erased"]) == players(home) - {"p3"}
    assert record["rows"] == {"events": 2, "players": 2, "counted_events": 2}
    assert record["published"]
    assert "the name is now erased-" in ended.stderr
    assert "p1" not in ended.stdout + ended.stderr


def test_nobody_to_ask_needs_yes(home: Path) -> None:
    """Without a terminal nothing is erased that is not confirmed; the exit code says how it was called."""
    for arguments in (["p1"], ["-"]):
        ended = subprocess.run([*ERASE, *arguments], input="p1\n", capture_output=True, text=True)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert "--yes" in ended.stderr
    assert players(home) == {"p1", "p2", "p3"}


@pytest.mark.parametrize(("answer", "code"), [("n", 1), ("y", 0)])
def test_a_person_is_asked_first(answer: str, code: int, home: Path) -> None:
    """On a terminal it says how much is concerned, and does it only when the answer is yes."""
    terminal, end = pty.openpty()
    os.write(terminal, f"{answer}\n".encode())
    ended = subprocess.run([*ERASE, "p1"], stdin=end, capture_output=True, text=True)
    os.close(end)
    os.close(terminal)

    assert ended.returncode == code
    assert "1 counted events" in ended.stderr
    assert ("p1" in players(home)) is (answer == "n")


def test_an_id_of_which_nothing_is_held_is_erased_for_what_may_come(home: Path) -> None:
    """It says that no row named anybody, changes no snapshot's number, and renames the event that comes later."""
    ended = subprocess.run([*ERASE, "p4", "--yes"], capture_output=True, text=True)

    record = json.loads(ended.stdout)
    assert (ended.returncode, record["rows"], record["snapshot"], record["published"]) == (0, {}, 1, False)
    assert "No row named anybody" in ended.stderr

    append(home, [event(4)], at_ms=APPENDED)
    run_pass(load_settings())
    assert erased_name(home, "p4") in players(home)


def test_it_leaves_at_once_when_another_process_writes(home: Path) -> None:
    """Exit code 75, as every command that writes, unless it is told to wait."""
    with writer_lock(home):
        ended = subprocess.run([*ERASE, "p1", "--yes"], capture_output=True, text=True)

    assert (ended.returncode, ended.stdout) == (75, "")
    assert players(home) == {"p1", "p2", "p3"}


NAMES_NOBODY = {
    "aggregation_runs": {"code_version", "kind"},
    "archive_files": {"file", "kind", "sha256"},
    "banners": {"affiliate", "banner_tag", "campaign", "name"},  # who places a banner is no player
    "counted_deposits": {"banner_tag", "currency", "event_id"},
    "counted_events": {"banner_tag", "event_id", "event_type"},
    "daily_accounting": {"banner_tag", "event_type"},
    "daily_metrics": {"event_type"},
    "daily_refusals": {"reason"},
    "erasures": {"name_hmac"},
    "event_summary": {"banner_tag", "event_type"},
    "events": {"banner_tag", "event_type", "id"},
    "log_gaps": {"source"},
    "log_offsets": {"source"},
    "log_sources": {"place", "source"},
    "rebuild_checks": {"code_version", "differences"},  # how many rows differ, by table
    "rejected_events": {"reason", "source"},
    "repeated_records": {"banner_tag", "event_type", "id"},
    "schema_migrations": {"name"},
    "visitor_links": {"event_id"},
    "warehouse": {"erasure_key_check", "time_zone", "warehouse_uuid"},
}
IS_RENAMED = {
    "counted_deposits": {"player_id", "txid"},
    "counted_events": {"player_id"},
    "events": {"metadata", "player_id", "source_ip", "user_agent"},
    "players": {"player_id"},
    "rejected_events": {"detail", "payload"},
    "repeated_records": {"metadata", "player_id", "source_ip", "user_agent"},
    "visitor_links": {"player_id", "visitor_key"},
}


def test_every_column_that_can_name_somebody_is_known() -> None:
    """A new column of text has to be put in one of the two lists: either it names nobody, or an erasure renames in it."""
    with duckdb.connect() as con:
        con.execute(sql("schema_migrations.sql"))
        for migration in sorted((resource_path("schema") / "migrations").glob("*.sql")):
            con.execute(migration.read_text("utf-8"))
        texts = con.execute(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND data_type IN ('VARCHAR', 'BLOB')"
        ).fetchall()

    known = {(table, column) for lists in (NAMES_NOBODY, IS_RENAMED) for table in lists for column in lists[table]}
    assert set(texts) == known
