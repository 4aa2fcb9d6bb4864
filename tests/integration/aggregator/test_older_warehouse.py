"""A warehouse that an older version made is brought up to date by the next pass, and readers get its new tables."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

import pixels
from aggregator.erasure import erase
from aggregator.rebuild import check
from aggregator.run import run_pass
from pixels.config import load_settings
from pixels.errors import ConfigurationError
from pixels.resources import sql
from tests.local_log import append
from tests.oracle import Refusal, differences, tables
from tests.sample_records import event
from tests.stored_tables import read_tables

APPENDED = 1_795_000_000_000
SEEN = datetime(2026, 11, 17, 10, tzinfo=UTC)


def first_warehouse(home: Path, metadata: str = "{}") -> None:
    """Write what version 0.1 leaves after a pass over one visit and one refusal, its snapshot included."""
    published = home / "published"
    published.mkdir()
    for file in (home / "warehouse.duckdb", published / "snapshot-000001.duckdb"):
        with duckdb.connect(str(file)) as con:
            con.execute("SET TimeZone = 'UTC'")
            con.execute(sql("schema_migrations.sql"))
            con.execute(sql("migrations/0001_first_tables.sql"))
            con.execute("INSERT INTO schema_migrations VALUES ('0001_first_tables', ?)", [SEEN])
            con.execute("INSERT INTO warehouse VALUES ('a-uuid', 'UTC', false, ?)", [SEEN])
            con.execute("INSERT INTO events VALUES ('e1', 'p1', 'visit', 'b', ?, NULL, NULL, ?)", [metadata, SEEN])
            con.execute("INSERT INTO counted_events VALUES ('2026-11-17', 'visit', 'p1', 'b', 'e1', ?)", [SEEN])
            con.execute("INSERT INTO daily_metrics VALUES ('2026-11-17', 'visit', 1)")
            con.execute("INSERT INTO event_summary VALUES ('2026-11-17', 'visit', 'b', 1)")
            con.execute("INSERT INTO players VALUES ('p1', $1, $1, NULL, NULL, 0)", [SEEN])
            con.execute("INSERT INTO rejected_events VALUES ('s', 0, 1, 'unknown_path', '', ''::BLOB, ?)", [SEEN])
            con.execute("INSERT INTO aggregation_runs VALUES (1, $1, $1, 2, 1, 0, 1, 0, 1, true, '0.1.0')", [SEEN])
    pointer = {
        "snapshot": 1,
        "file": "snapshot-000001.duckdb",
        **dict.fromkeys(("as_of", "complete_until", "last_pass_at", "checked_at", "last_event_at"), SEEN.isoformat()),
        "time_zone": "UTC",
        "is_demo": False,
        "schema_version": 1,
        "code_version": "0.1.0",
        "offsets": [],
    }
    (published / "current.json").write_text(json.dumps(pointer))


def test_a_pass_migrates_it_and_goes_on_counting(pixels_home: Path) -> None:
    """What was stored stays, its refusals are one each, and what comes now is counted by the rules."""
    first_warehouse(pixels_home)
    append(pixels_home, [event(2), event(3, metadata={"_bot": "x"})], at_ms=APPENDED)
    append(
        pixels_home,
        [{"reason": "unknown_path", "received_at": "2026-11-17T10:00:00Z", "payload": "", "count": 9}],
        table="events_queue_rejected",
        at_ms=APPENDED,
    )

    result = run_pass(load_settings())

    seen = [event(1), event(2), event(3, metadata={"_bot": "x"})]
    refused = [Refusal(SEEN, "unknown_path"), Refusal(SEEN, "unknown_path", 9)]
    found = read_tables(pixels_home / "warehouse.duckdb")
    assert differences(tables(seen, "UTC", refusals=refused), found) == {}
    with pixels.open(pixels_home) as wh:
        assert wh.snapshot == result.snapshot == 3
        assert wh.sql("SELECT count FROM rejected_events ORDER BY count").rows() == [(1,), (9,)]


def test_a_pass_that_finds_nothing_computes_what_the_older_version_did_not(pixels_home: Path) -> None:
    """The first pass rebuilds the figures by itself, once, as a run of its own, and readers need not wait for an event."""
    first_warehouse(pixels_home)

    first, second = run_pass(load_settings()), run_pass(load_settings())

    assert (first.published, second.published) == (True, False)
    refused = [Refusal(SEEN, "unknown_path")]
    with pixels.open(pixels_home) as wh:
        snapshot = pixels_home / "published" / wh.status().file
        assert differences(tables([event(1)], "UTC", refusals=refused), read_tables(snapshot)) == {}
        assert wh.sql("SELECT run_id FROM aggregation_runs WHERE kind = 'rebuild'").rows() == [(2,)]
        assert wh.snapshot == 2
    assert check(load_settings()).check.equal


def test_its_snapshot_is_read_until_then(pixels_home: Path) -> None:
    """A new reader opens what an older version published, by its home and by its file."""
    first_warehouse(pixels_home)

    for path in (pixels_home, pixels_home / "published" / "snapshot-000001.duckdb"):
        with pixels.open(path) as wh:
            assert wh.metrics("2026-11-17", "2026-11-17")["count"].to_list() == [1]
            assert wh.complete_until == SEEN


def test_where_marked_visits_were_counted_they_go_on_counting(pixels_home: Path) -> None:
    """No version before knew the mark, so a warehouse that holds one counts crawlers, and says so."""
    first_warehouse(pixels_home, metadata='{"_bot":"x"}')

    with pytest.raises(ConfigurationError, match="Set PIXELS_COUNT_BOTS=true"):
        run_pass(load_settings())

    run_pass(load_settings(count_bots=True))
    seen = [event(1, metadata={"_bot": "x"})]
    refused = [Refusal(SEEN, "unknown_path")]
    found = read_tables(pixels_home / "warehouse.duckdb")
    assert differences(tables(seen, "UTC", count_bots=True, refusals=refused), found) == {}


def test_an_erasure_renames_in_the_snapshots_of_an_older_version_too(pixels_home: Path) -> None:
    """They have other tables, and are brought up to date as they are written anew."""
    first_warehouse(pixels_home)

    done, _ = erase(load_settings(), ["p1"])

    assert done.snapshots == ["published/snapshot-000001.duckdb"]
    for file in pixels_home.glob("**/*.duckdb"):
        with duckdb.connect(str(file), read_only=True) as con:
            for table in ("events", "players", "counted_events"):
                assert con.execute(f"SELECT player_id FROM {table}").fetchall() == [tuple(done.erased)], (file, table)
    with pixels.open(pixels_home / "published" / "snapshot-000001.duckdb") as wh:
        assert wh.snapshot == 1
        assert wh.metrics("2026-11-17", "2026-11-17")["count"].to_list() == [1]
