"""The rules of what counts, in plain Python over the set of records; imports nothing of the project.

A record is the dict of an event's JSON. The tables are dicts and sets of plain values, so that any store that keeps the
rules can be compared with them.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

Record = dict[str, Any]


@dataclass(frozen=True)
class Tables:
    """Every table, as values that compare."""

    events: frozenset[tuple[Any, ...]]
    counted_events: frozenset[tuple[Any, ...]]
    daily_metrics: dict[tuple[date, str], int]
    event_summary: dict[tuple[date, str, str], int]
    players: dict[str, tuple[Any, ...]]
    visitor_links: dict[str, tuple[Any, ...]]


def instant(text: str) -> datetime:
    """Parse created_at and cut it to milliseconds, UTC."""
    moment = datetime.fromisoformat(text).astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def canonical(record: Record) -> bytes:
    """Canonical JSON: keys sorted, no spaces, UTF-8, created_at in UTC milliseconds, absent fields at their default."""
    moment = instant(record["created_at"])
    full = {
        **record,
        "created_at": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z",
        "metadata": record.get("metadata", {}),
        "source_ip": record.get("source_ip"),
        "user_agent": record.get("user_agent"),
    }
    return json.dumps(full, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def is_bot(record: Record) -> bool:
    """A declared crawler is marked, on visits only."""
    return record["event_type"] == "visit" and "_bot" in record.get("metadata", {})


def tables(records: list[Record], time_zone: str, *, count_bots: bool = False) -> Tables:
    """Compute every table from the records, in any order and with any repetition."""
    zone = ZoneInfo(time_zone)
    records = [{**r, "player_id": r["player_id"].strip(), "banner_tag": r["banner_tag"].strip()} for r in records]

    def day(record: Record) -> date:
        return instant(record["created_at"]).astimezone(zone).date()

    events: dict[tuple[date, str], Record] = {}
    for record in sorted(records, key=lambda r: (instant(r["created_at"]), r["id"], r["banner_tag"], canonical(r))):
        events.setdefault((day(record), record["id"]), record)
    in_order = sorted(
        (r for r in events.values() if count_bots or not is_bot(r)), key=lambda r: (instant(r["created_at"]), r["id"])
    )

    counted: dict[tuple[date, str, str], Record] = {}
    for r in in_order:
        counted.setdefault((day(r), r["event_type"], r["player_id"]), r)

    players: dict[str, list[Any]] = {}
    for r in in_order:
        at = instant(r["created_at"])
        row = players.setdefault(r["player_id"], [at, at, None, None, 0])
        row[1] = at
        if r["event_type"] == "registration":
            row[2] = row[2] or at
        if r["event_type"] == "deposit":
            row[3] = row[3] or at
    for _, event_type, player in counted:
        players[player][4] += event_type == "deposit"

    links: dict[str, tuple[Any, ...]] = {}
    for r in in_order:
        key = r.get("metadata", {}).get("s", "")
        if r["event_type"] == "registration" and key:
            links.setdefault(key, (r["player_id"], r["id"], instant(r["created_at"])))

    return Tables(
        events=frozenset(
            (
                r["id"], r["player_id"], r["event_type"], r["banner_tag"],
                json.dumps(r.get("metadata", {}), sort_keys=True), r.get("source_ip"), r.get("user_agent"),
                instant(r["created_at"]),
            )
            for r in events.values()
        ),
        counted_events=frozenset(
            (*key, r["banner_tag"], r["id"], instant(r["created_at"])) for key, r in counted.items()
        ),
        daily_metrics=dict(Counter((key[0], key[1]) for key in counted)),
        event_summary=dict(Counter((key[0], key[1], r["banner_tag"]) for key, r in counted.items())),
        players={player: tuple(row) for player, row in players.items()},
        visitor_links=links,
    )  # fmt: skip


def read_tables(path: str) -> Tables:
    """Read the same tables from a DuckDB file."""
    import duckdb

    with duckdb.connect(path, read_only=True) as con:
        con.execute("SET TimeZone = 'UTC'")

        def rows(query: str) -> list[tuple[Any, ...]]:
            return [tuple(map(_plain, row)) for row in con.execute(query).fetchall()]

        events = rows(
            "SELECT id, player_id, event_type, banner_tag, metadata, source_ip, user_agent, created_at FROM events"
        )
        counted = rows("SELECT event_date, event_type, player_id, banner_tag, event_id, created_at FROM counted_events")
        daily = rows("SELECT event_date, event_type, count FROM daily_metrics")
        summary = rows("SELECT event_date, event_type, banner_tag, count FROM event_summary")
        players = rows(
            "SELECT player_id, first_seen, last_event_at, registration_at, deposit_at, total_deposits FROM players"
        )
        links = rows("SELECT visitor_key, player_id, event_id, linked_at FROM visitor_links")
    found = Tables(
        events=frozenset((*e[:4], json.dumps(json.loads(e[4]), sort_keys=True), *e[5:]) for e in events),
        counted_events=frozenset(counted),
        daily_metrics={(d, t): n for d, t, n in daily},
        event_summary={(d, t, b): n for d, t, b, n in summary},
        players={p: tuple(rest) for p, *rest in players},
        visitor_links={key: tuple(rest) for key, *rest in links},
    )
    lengths = [len(rows_) for rows_ in (events, counted, daily, summary, players, links)]
    distinct = [len(getattr(found, name)) for name in Tables.__dataclass_fields__]
    assert lengths == distinct, f"a table holds a key twice: {lengths} rows, {distinct} keys"
    return found


def _plain(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def differences(expected: Tables, found: Tables) -> dict[str, tuple[Any, Any]]:
    """Name the tables that differ, with both contents; empty when all are equal."""
    return {
        name: (getattr(expected, name), getattr(found, name))
        for name in Tables.__dataclass_fields__
        if getattr(expected, name) != getattr(found, name)
    }


__all__ = ["Record", "Tables", "canonical", "differences", "instant", "is_bot", "read_tables", "tables"]
