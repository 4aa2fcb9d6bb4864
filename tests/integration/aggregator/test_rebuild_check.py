"""`pixels rebuild --check`: each table is compared row by row with what the records give, and what differs is named."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

import pixels
from aggregator.check_text import check_as_text
from aggregator.rebuild import CheckResult, check
from aggregator.run import run_pass
from aggregator.store.comparison import Compared, Difference
from aggregator.store.recomputed import UnreadableRecord
from pixels.config import load_settings
from tests.local_log import append
from tests.sample_records import event

APPENDED = 1_795_000_000_000
AT = datetime(2026, 11, 17, 10, tzinfo=UTC)
DAY = AT.date()
MONEY = {"txid": "t1", "amount": "25.00", "currency": "EUR", "_key": "shop"}


@pytest.fixture
def home(pixels_home: Path) -> Path:
    """A row in each table: a visit that came twice, a registration with a visitor key, a deposit with money, a refusal."""
    records = [
        event(1),
        event(1, created_at="2026-11-17T11:00:00.000Z"),
        event(2, event_type="registration", metadata={"s": "v-1"}),
        event(3, event_type="deposit", metadata=MONEY),
    ]
    refusal = {"reason": "unknown_path", "received_at": "2026-11-17T10:00:00Z", "payload": ""}
    append(pixels_home, records, at_ms=APPENDED)
    append(pixels_home, [refusal], table="events_queue_rejected", at_ms=APPENDED)
    run_pass(load_settings())
    return pixels_home


def tamper(statement: str) -> None:
    with duckdb.connect(str(load_settings().warehouse_path)) as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(statement)


def found(result: CheckResult) -> dict[str, Compared]:
    return {table.table: table for table in result.checked.tables if table.differing}


VISIT = {"event_date": DAY, "event_type": "visit"}
TAMPERED = {
    "daily_metrics": (
        "UPDATE daily_metrics SET count = 7 WHERE event_type = 'visit'",
        Difference(VISIT, [{"count": 7}], [{"count": 1}]),
        "event_date 2026-11-17, event_type visit: count is 7, recomputed 1",
    ),
    "event_summary": (
        "DELETE FROM event_summary WHERE event_type = 'visit'",
        Difference({**VISIT, "banner_tag": "b"}, [], [{"count": 1}]),
        "event_date 2026-11-17, event_type visit, banner_tag b: is missing: count 1",
    ),
    "counted_events": (
        "INSERT INTO counted_events FROM counted_events WHERE event_type = 'visit'",
        Difference({**VISIT, "player_id": "p1"}, [{"banner_tag": "b", "event_id": "e1", "created_at": AT}], []),
        "player_id p1: should not be there: banner_tag b, event_id e1, created_at 2026-11-17T10:00:00.000Z",
    ),
    "players": (
        "UPDATE players SET total_deposits = 2 WHERE player_id = 'p3'",
        Difference(
            {"player_id": "p3"},
            [{"first_seen": AT, "last_event_at": AT, "registration_at": None, "deposit_at": AT, "total_deposits": 2}],
            [{"first_seen": AT, "last_event_at": AT, "registration_at": None, "deposit_at": AT, "total_deposits": 1}],
        ),
        "player_id p3: total_deposits is 2, recomputed 1",
    ),
    "visitor_links": (
        "UPDATE visitor_links SET player_id = 'p1'",
        Difference(
            {"visitor_key": "v-1"},
            [{"player_id": "p1", "event_id": "e2", "linked_at": AT}],
            [{"player_id": "p2", "event_id": "e2", "linked_at": AT}],
        ),
        "visitor_key v-1: player_id is p1, recomputed p2",
    ),
    "counted_deposits": (
        "UPDATE counted_deposits SET amount = 26, is_verified = false",
        None,
        "player_id p3, txid t1, event_id e3: amount is 26.0000, recomputed 25.0000, is_verified is False, recomputed True",
    ),
    "daily_accounting": (
        "UPDATE daily_accounting SET bots = 1, received = 3 WHERE event_type = 'visit'",
        None,
        "event_type visit, banner_tag b: received is 3, recomputed 2, bots is 1, recomputed 0",
    ),
    "daily_refusals": (
        "UPDATE daily_refusals SET reason = 'too_large'",
        None,
        "event_date 2026-11-17, reason too_large: should not be there: count 1",
    ),
    "repeated_records": (
        "DELETE FROM repeated_records",
        None,
        "event_date 2026-11-17, event_type visit, banner_tag b: received is 2, recomputed 1, same_event_again is 1",
    ),
    "events": (
        "INSERT INTO events FROM repeated_records",
        None,
        "id e1, created_at 2026-11-17T11:00:00.000Z: should not be there: player_id p1",
    ),
}


@pytest.mark.parametrize("table", TAMPERED)
def test_a_row_that_was_tampered_with_is_named(table: str, home: Path) -> None:
    """The table, the key, what is stored and what the records give; changed, deleted, doubled and added rows alike."""
    statement, difference, line = TAMPERED[table]
    tamper(statement)

    result = check(load_settings())

    assert not result.check.equal
    assert line in check_as_text(result.check, result.checked, result.seconds)
    if difference:
        assert found(result)[table].first == [difference]


def test_a_banner_that_is_changed_in_a_record_shows_in_what_was_computed_from_it(home: Path) -> None:
    """The records are what is believed; so the aggregates no longer fit, each is named, and so are the sums."""
    tamper("UPDATE events SET banner_tag = 'mine' WHERE id = 'e3'")

    assert check(load_settings()).check.differences == {
        "counted_events": 1,
        "event_summary": 2,
        "counted_deposits": 1,
        "daily_accounting": 2,
    }


def test_a_record_that_nobody_can_read_is_explained(home: Path) -> None:
    """Metadata that is no JSON was not written by a pass; it ends the check with what was wrong, and changes nothing."""
    tamper("UPDATE events SET metadata = '{' WHERE id = 'e3'")

    with pytest.raises(UnreadableRecord, match="json_valid"):
        check(load_settings())

    assert not (home / "rebuild").exists()


def test_equal_and_differing_figures_are_told_to_readers_and_kept(home: Path) -> None:
    """Each check is a row; the newest is in the pointer, later passes keep it there, and a check makes no snapshot."""
    with pixels.open(home) as wh:
        assert wh.last_check is None
        last_pass_at = wh.last_pass_at
    first = check(load_settings()).check
    with pixels.open(home) as wh:
        assert wh.last_pass_at == last_pass_at
    tamper("UPDATE daily_metrics SET count = count + 1")
    second = check(load_settings()).check
    append(home, [event(9)], at_ms=APPENDED)
    run_pass(load_settings())

    with pixels.open(home) as wh:
        told = wh.last_check
        rows = wh.sql("SELECT snapshot, is_equal, differences FROM rebuild_checks ORDER BY checked_at").rows()
        runs = wh.sql("SELECT kind FROM aggregation_runs").rows()
    assert told is not None
    assert (told.snapshot, told.equal, told.differences) == (1, False, {"daily_metrics": 3, "sums": 3})
    assert (told.checked_at - second.checked_at).total_seconds() < 0.001
    assert rows == [(1, True, "{}"), (1, False, json.dumps(second.differences))]
    assert runs == [("pass",), ("pass",)]
    assert first.equal


def test_the_command_says_equal_or_differs_by_its_output_and_its_exit_code(home: Path) -> None:
    """`equal` and 0, `differs` and 65; as JSON the same, with the first differences of each table."""

    def run(*options: str) -> tuple[int, str]:
        done = subprocess.run([sys.executable, "-m", "pixels", "rebuild", *options], capture_output=True, text=True)
        return done.returncode, done.stdout or done.stderr

    code, said = run("--check")
    assert code == 0
    assert said.startswith("equal: snapshot 1, from 5 records, in ")
    assert "  players, 3 rows: equal" in said.splitlines()

    tamper("INSERT INTO visitor_links SELECT 'k' || chr(27) || '[2J' || i, 'p', 'e', now() FROM range(25) AS r(i)")
    code, said = run("--check")
    assert (code, said.split(":")[0]) == (65, "differs")
    assert "  visitor_links, 26 rows: 25 differ" in said.splitlines()
    assert "    ... and 5 more" in said.splitlines()
    assert "\x1b" not in said

    code, said = run("--check", "--json")
    told = json.loads(said)
    assert (code, told["equal"], told["differences"]) == (65, False, {"visitor_links": 25})
    assert len(told["first"]["visitor_links"]) == 20

    assert run("--check", "--count-bots")[0] == run("--json")[0] == 2
