"""Make a published snapshot from a list of events, in plain Python, without the aggregator.

    sample = SampleWarehouse(tmp_path)
    sample.publish(visit("p1", "brandA", "2026-11-01T10:00"), deposit("p1", "brandA", "2026-11-02T10:00"))
    wh = pixels.open(sample.home)

The tables are computed by the plainest reading of the rules, so that the read side is tested against the rules and not
against the write side.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import duckdb

from pixels import __version__
from pixels.resources import resource_path, sql

MIGRATIONS = sorted((resource_path("schema") / "migrations").glob("*.sql"))
_numbers = count(1)


@dataclass(frozen=True)
class Event:
    """One event as the aggregator would store it."""

    event_type: str
    player_id: str
    banner_tag: str
    created_at: datetime
    s: str = ""
    id: str = field(default_factory=lambda: f"event-{next(_numbers):09d}")
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What else it carries."""

    @property
    def order(self) -> tuple[datetime, str]:
        """Which of several events is the earlier one."""
        return self.created_at, self.id

    def day(self, time_zone: str) -> date:
        """The calendar day of the event."""
        return self.created_at.astimezone(ZoneInfo(time_zone)).date()


def at(text: str) -> datetime:
    """Read an instant, UTC unless it says otherwise."""
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def visit(player_id: str, banner_tag: str, when: str, s: str = "") -> Event:
    """A visit."""
    return Event("visit", player_id, banner_tag, at(when), s)


def registration(player_id: str, banner_tag: str, when: str, s: str = "") -> Event:
    """A registration; `s` is the visitor key it carries."""
    return Event("registration", player_id, banner_tag, at(when), s)


def deposit(player_id: str, banner_tag: str, when: str, s: str = "", **metadata: str) -> Event:
    """A deposit; its money is in `txid`, `amount` and `currency`, and it is signed by `_key`."""
    return Event("deposit", player_id, banner_tag, at(when), s, metadata=metadata)


def counted(events: Iterable[Event], time_zone: str) -> list[Event]:
    """Keep the earliest event of each day, type and player."""
    kept: dict[tuple[date, str, str], Event] = {}
    for event in sorted(events, key=lambda event: event.order):
        kept.setdefault((event.day(time_zone), event.event_type, event.player_id), event)
    return list(kept.values())


def visitor_links(events: Iterable[Event]) -> dict[str, Event]:
    """The earliest registration that carries each visitor key."""
    links: dict[str, Event] = {}
    for event in sorted(events, key=lambda event: event.order):
        if event.event_type == "registration" and event.s:
            links.setdefault(event.s, event)
    return links


@dataclass
class SampleWarehouse:
    """A PIXELS_HOME whose snapshots are written by hand."""

    home: Path
    time_zone: str = "UTC"
    is_demo: bool = False
    events: list[Event] = field(default_factory=list)
    snapshot: int = 0
    refused: Counter[tuple[date, str]] = field(default_factory=Counter)
    """How many were refused on which day for which reason."""
    banners: dict[str, tuple[str | None, str | None, str | None, Decimal | None]] = field(default_factory=dict)
    """Affiliate, campaign, name and cost of banners."""
    uuid: str = "00000000-0000-0000-0000-000000000000"

    @property
    def published(self) -> Path:
        """The folder of the snapshots."""
        return self.home / "published"

    def publish(self, *events: Event, complete_until: datetime | None = None) -> Path:
        """Add events, write the next snapshot with all of them, and point at it; return its file.

        `complete_until` is a year after the newest event unless given, so that every window is over.
        """
        self.events += events
        self.snapshot += 1
        return self.publish_again(complete_until=complete_until)

    def publish_again(self, *, complete_until: datetime | None = None, **changes: object) -> Path:
        """Write the same snapshot anew, with `changes` in its pointer."""
        self.published.mkdir(parents=True, exist_ok=True)
        file = self.published / f"snapshot-{self.snapshot:06d}.duckdb"
        written = self.published / f".{file.name}.tmp"
        newest = max((event.created_at for event in self.events), default=at("2026-01-01"))
        until = complete_until or newest + timedelta(days=365)
        self._write_tables(written, until)
        written.replace(file)
        self.point_at(file.name, complete_until=until, **changes)
        return file

    def point_at(self, name: str, *, complete_until: datetime, **changes: object) -> None:
        """Replace current.json."""
        last = max((event.created_at for event in self.events), default=None)
        pointer: dict[str, object] = {
            "snapshot": self.snapshot,
            "file": name,
            "as_of": _iso(complete_until),
            "complete_until": _iso(complete_until),
            "last_pass_at": _iso(complete_until),
            "checked_at": _iso(complete_until),
            "last_event_at": last and _iso(last),
            "time_zone": self.time_zone,
            "is_demo": self.is_demo,
            "schema_version": len(MIGRATIONS),
            "code_version": __version__,
            "offsets": [],
            **changes,
        }
        temporary = self.published / "current.tmp"
        temporary.write_text(json.dumps(pointer))
        temporary.replace(self.published / "current.json")

    def _write_tables(self, file: Path, at_instant: datetime) -> None:
        file.write_bytes(_without_rows())
        with duckdb.connect(str(file)) as con:
            con.execute("SET TimeZone = 'UTC'")
            con.begin()
            for table, rows in self._tables(at_instant).items():
                _insert(con, table, rows)
            con.commit()

    def _tables(self, at_instant: datetime) -> dict[str, Sequence[tuple[object, ...]]]:
        zone = self.time_zone
        kept = counted(self.events, zone)
        daily = Counter((event.day(zone), event.event_type) for event in kept)
        by_banner = Counter((event.day(zone), event.event_type, event.banner_tag) for event in kept)
        return {
            "schema_migrations": [(migration.stem, at_instant) for migration in MIGRATIONS],
            "events": [
                (e.id, e.player_id, e.event_type, e.banner_tag, json.dumps(({"s": e.s} if e.s else {}) | dict(e.metadata)), None, None, e.created_at)
                for e in self.events
            ],
            "counted_events": [
                (e.day(zone), e.event_type, e.player_id, e.banner_tag, e.id, e.created_at) for e in kept
            ],
            "counted_deposits": _counted_deposits(self.events, zone),
            "daily_metrics": [(*key, number) for key, number in daily.items()],
            "event_summary": [(*key, number) for key, number in by_banner.items()],
            "daily_accounting": _daily_accounting(self.events, kept, zone),
            "banners": [(tag, *said) for tag, said in self.banners.items()],
            "daily_refusals": [(*key, number) for key, number in self.refused.items()],
            "players": _players(self.events, kept),
            "visitor_links": [
                (key, e.player_id, e.id, e.created_at) for key, e in visitor_links(self.events).items()
            ],
            "aggregation_runs": [
                (self.snapshot, at_instant, at_instant, 0, 0, 0, 0, 0, 0, True, __version__, at_instant, 0)
            ] if self.snapshot else [],
            "warehouse": [(self.uuid, zone, self.is_demo, at("2026-01-01"), False)],
        }  # fmt: skip


def _counted_deposits(events: list[Event], zone: str) -> list[tuple[object, ...]]:
    """One row for each transaction of a player: a signed deposit before others, then the earliest."""
    transactions: dict[tuple[str, str, str], Event] = {}
    for e in sorted(events, key=lambda e: ("_key" not in e.metadata, e.order)):
        if e.event_type == "deposit":
            txid = e.metadata.get("txid", "")
            transactions.setdefault((e.player_id, txid, "" if txid else e.id), e)
    return [
        (
            e.day(zone), e.player_id, e.banner_tag, e.metadata.get("txid"), e.id, e.created_at,
            e.metadata.get("currency"), e.metadata.get("amount"), "_key" in e.metadata,
        )
        for e in transactions.values()
    ]  # fmt: skip


@cache
def _without_rows() -> bytes:
    """The tables of a warehouse: making them takes longer than filling them, and property tests make thousands."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "empty.duckdb"
        with duckdb.connect(str(file)) as con:
            for statements in (sql("schema_migrations.sql"), *(m.read_text("utf-8") for m in MIGRATIONS)):
                con.execute(statements)
        return file.read_bytes()


def _daily_accounting(events: list[Event], kept: list[Event], zone: str) -> list[tuple[object, ...]]:
    """What became of each event, whose ids are all different and none of which is a crawler's."""
    counts = {(e.day(zone), e.event_type, e.player_id): e for e in kept}
    accounts: dict[tuple[date, str, str], list[int]] = {}
    for e in events:
        instead = counts[e.day(zone), e.event_type, e.player_id]
        place = 0 if instead is e else 1 if instead.banner_tag == e.banner_tag else 2
        accounts.setdefault((e.day(zone), e.event_type, e.banner_tag), [0, 0, 0])[place] += 1
    return [(*key, sum(places), *places, 0, 0) for key, places in accounts.items()]


def _players(events: list[Event], kept: list[Event]) -> list[tuple[object, ...]]:
    def first(player_id: str, event_type: str) -> datetime | None:
        return min(
            (e.created_at for e in events if (e.player_id, e.event_type) == (player_id, event_type)), default=None
        )

    return [
        (
            player,
            min(e.created_at for e in events if e.player_id == player),
            max(e.created_at for e in events if e.player_id == player),
            first(player, "registration"),
            first(player, "deposit"),
            sum(1 for e in kept if (e.player_id, e.event_type) == (player, "deposit")),
        )
        for player in dict.fromkeys(e.player_id for e in events)
    ]


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert rows; columns that later migrations added keep their defaults."""
    if rows:
        columns = [name for name, *_ in con.execute(f"DESCRIBE {table}").fetchall()][: len(rows[0])]
        values = ", ".join("?" for _ in columns)
        con.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})", rows)


def _iso(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
