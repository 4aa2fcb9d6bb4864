"""Read the tables of `tests/oracle.py` out of a warehouse or a snapshot, and its archive; imports nothing of the project."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from tests.oracle import ACCOUNTS, Record, Row, Tables, as_row, local_day, winners_and_losers

RECORD_COLUMNS = "id, player_id, event_type, banner_tag, metadata, source_ip, user_agent, created_at"
Query = Callable[[str], list[Row]]

_BY_DAY = "SELECT event_date, event_type, sum(count) FROM event_summary GROUP BY ALL"
_COUNTED_OF_ACCOUNTS = "SELECT event_date, event_type, banner_tag, counted FROM daily_accounting WHERE counted > 0"
_BY_BANNER = "SELECT event_date, event_type, banner_tag, count(*) FROM counted_events GROUP BY ALL"
_DEPOSIT_DAYS = "SELECT player_id, count(*) FROM counted_events WHERE event_type = 'deposit' GROUP BY ALL"
CLAIMS = {
    "event_summary sums to daily_metrics": f"({_BY_DAY} EXCEPT FROM daily_metrics) UNION ALL (FROM daily_metrics EXCEPT {_BY_DAY})",
    "accounting agrees with event_summary": (
        f"({_COUNTED_OF_ACCOUNTS} EXCEPT FROM event_summary) UNION ALL (FROM event_summary EXCEPT {_COUNTED_OF_ACCOUNTS})"
    ),
    "counted events are those of event_summary": (
        f"({_BY_BANNER} EXCEPT FROM event_summary) UNION ALL (FROM event_summary EXCEPT {_BY_BANNER})"
    ),
    "received is the sum of the accounts": f"FROM daily_accounting WHERE received <> {' + '.join(ACCOUNTS)}",
    "players have their deposit days": (
        f"(SELECT player_id, total_deposits FROM players WHERE total_deposits > 0 EXCEPT {_DEPOSIT_DAYS}) "
        f"UNION ALL ({_DEPOSIT_DAYS} EXCEPT SELECT player_id, total_deposits FROM players)"
    ),
}
"""What is true of every whole state, and the keys for which it is not."""


def read_tables(path: str | Path) -> Tables:
    """Read all tables; fail where a key stands twice, or a record lies where it should not.

    Events and their repeats are what all records together say, those of the archive among them: of a day that is archived
    the file does not say which record is the event.
    """
    with duckdb.connect(str(path), read_only=True) as con:
        con.execute("SET TimeZone = 'UTC'")

        def rows(query: str) -> list[Row]:
            return [tuple(map(_plain, row)) for row in con.execute(query).fetchall()]

        events, repeated = _records(rows, Path(path))
        return Tables(
            events=events,
            repeated_records=repeated,
            counted_events=frozenset(
                _distinct(rows("SELECT event_date, event_type, player_id, banner_tag, event_id, created_at FROM counted_events"))
            ),
            daily_metrics=_single(rows("SELECT event_date, event_type, count FROM daily_metrics"), 2),
            event_summary=_single(rows("SELECT event_date, event_type, banner_tag, count FROM event_summary"), 3),
            players=_keyed(
                rows("SELECT player_id, first_seen, last_event_at, registration_at, deposit_at, total_deposits FROM players"), 1
            ),
            visitor_links=_keyed(rows("SELECT visitor_key, player_id, event_id, linked_at FROM visitor_links"), 1),
            counted_deposits=_keyed(
                rows(
                    "SELECT player_id, txid, CASE WHEN txid IS NULL THEN event_id END, "
                    "event_date, banner_tag, event_id, created_at, currency, amount, is_verified FROM counted_deposits"
                ),
                3,
            ),
            daily_accounting=_keyed(
                rows(f"SELECT event_date, event_type, banner_tag, received, {', '.join(ACCOUNTS)} FROM daily_accounting"), 3
            ),
            daily_refusals=_single(rows("SELECT event_date, reason, count FROM daily_refusals"), 2),
        )  # fmt: skip


def _records(rows: Query, path: Path) -> tuple[frozenset[Row], frozenset[Row]]:
    """The records that are events, and those that are an event again, wherever they lie: each stands once."""
    ((zone_name,),) = rows("SELECT time_zone FROM warehouse")
    zone = ZoneInfo(zone_name)
    live, live_repeats = (
        list(map(_as_record, rows(f"SELECT {RECORD_COLUMNS} FROM {table}"))) for table in ("events", "repeated_records")
    )
    archived = []
    for file, day, count in rows("SELECT file, event_date, row_count FROM archive_files WHERE kind = 'records'"):
        in_file = rows(f"SELECT {RECORD_COLUMNS}, event_date FROM read_parquet('{_archive_of(path) / file}')")
        assert (len(in_file), {row[-1] for row in in_file}) == (count, {day}), f"{file} is not what its row says"
        archived += [_as_record(row[:-1]) for row in in_file]
    assert {local_day(r, zone) for r in archived} == {
        d for (d,) in rows("SELECT DISTINCT event_date FROM archive_files WHERE kind = 'records'")
    }, "records lie in another day's file"
    winners, losers = winners_and_losers(live + live_repeats + archived, zone)
    found = list(map(as_row, live + live_repeats + archived))
    assert len(found) == len(set(found)), "a record is stored twice"
    events, repeated = frozenset(map(as_row, winners)), frozenset(map(as_row, losers))
    assert events.issuperset(map(as_row, live)), "`events` holds a record that is another event's repeat"
    assert repeated.issuperset(map(as_row, live_repeats)), "`repeated_records` holds a record that is an event"
    return events, repeated


def _archive_of(path: Path) -> Path:
    """The archive beside a warehouse, or beside the folder of a snapshot."""
    return next(folder / "archive" for folder in path.absolute().parents if (folder / "archive").is_dir())


def _as_record(row: Row) -> Record:
    names = RECORD_COLUMNS.split(", ")
    record = dict(zip(names, row, strict=True))
    return {**record, "metadata": json.loads(record["metadata"]), "created_at": record["created_at"].isoformat()}


def _distinct(rows: list[Row]) -> list[Row]:
    assert len(rows) == len(set(rows)), "a row stands twice"
    return rows


def _keyed(rows: list[Row], width: int) -> dict[Any, Row]:
    """Rows by their first columns; one column is the key itself."""
    found = {(row[:width] if width > 1 else row[0]): row[width:] for row in rows}
    assert len(found) == len(rows), f"a key stands twice: {len(rows)} rows, {len(found)} keys"
    return found


def _single(rows: list[Row], width: int) -> dict[Any, int]:
    return {key: value for key, (value,) in _keyed(rows, width).items()}


def _plain(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def contradictions(path: str | Path) -> list[str]:
    """Say which sums in a file disagree; a reader of a whole state finds none."""
    found = []
    with duckdb.connect(str(path), read_only=True) as con:
        for claim, query in CLAIMS.items():
            (count,) = con.execute(f"SELECT count(*) FROM ({query})").fetchone() or (0,)
            if count:
                found.append(f"{claim}: not for {count} keys")
    return found
