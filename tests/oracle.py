"""The rules of what counts, in plain Python over the set of records; imports nothing of the project.

A record is the dict of an event's JSON. The tables are dicts and sets of plain values, so that any store that keeps the
rules can be compared with them; `tests/stored_tables.py` reads them out of a warehouse.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

Record = dict[str, Any]
Row = tuple[Any, ...]

CONTRACT = json.loads((Path(__file__).parents[1] / "schema" / "event.schema.json").read_text("utf-8"))["$defs"]
CURRENCIES = frozenset(CONTRACT["currency"]["enum"])
ACCOUNTS = ("counted", "same_player_again", "credited_to_another_banner", "same_event_again", "bots")
"""What can become of a record."""


@dataclass(frozen=True)
class Refusal:
    """What did not become an event: when it was received, else appended, why, and for how many it stands."""

    at: datetime
    reason: str
    count: int = 1


@dataclass(frozen=True)
class Tables:
    """Every table, as values that compare."""

    events: frozenset[Row]
    repeated_records: frozenset[Row]
    counted_events: frozenset[Row]
    daily_metrics: dict[tuple[date, str], int]
    event_summary: dict[tuple[date, str, str], int]
    players: dict[str, Row]
    visitor_links: dict[str, Row]
    counted_deposits: dict[tuple[str, str | None, str | None], Row]
    """By player, txid and, when there is no txid, id of the event."""
    daily_accounting: dict[tuple[date, str, str], Row]
    """`received`, then ACCOUNTS."""
    daily_refusals: dict[tuple[date, str], int]


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


def as_row(record: Record) -> Row:
    """The eight columns of a record."""
    return (
        record["id"], record["player_id"], record["event_type"], record["banner_tag"],
        json.dumps(record.get("metadata", {}), sort_keys=True), record.get("source_ip"), record.get("user_agent"),
        instant(record["created_at"]),
    )  # fmt: skip


def is_bot(record: Record) -> bool:
    """A declared crawler is marked, on visits only."""
    return record["event_type"] == "visit" and "_bot" in record.get("metadata", {})


def winners_and_losers(records: Iterable[Record], zone: ZoneInfo) -> tuple[list[Record], list[Record]]:
    """Of the distinct records, those that are the event of their day and id, and those that are the same event again."""
    distinct = {canonical(r): r for r in records}.values()
    in_order = sorted(distinct, key=lambda r: (instant(r["created_at"]), r["banner_tag"], canonical(r)))
    winners: dict[tuple[date, str], Record] = {}
    losers = [r for r in in_order if winners.setdefault((local_day(r, zone), r["id"]), r) is not r]
    return list(winners.values()), losers


def local_day(record: Record, zone: ZoneInfo) -> date:
    """The calendar day of a record."""
    return instant(record["created_at"]).astimezone(zone).date()


def tables(
    records: Iterable[Record], time_zone: str, *, count_bots: bool = False, refusals: Iterable[Refusal] = ()
) -> Tables:
    """Compute every table from the records, in any order and with any repetition."""
    zone = ZoneInfo(time_zone)
    events, repeated = winners_and_losers(
        ({**r, "player_id": r["player_id"].strip(), "banner_tag": r["banner_tag"].strip()} for r in records), zone
    )
    in_order = sorted(
        (r for r in events if count_bots or not is_bot(r)), key=lambda r: (instant(r["created_at"]), r["id"])
    )
    counted: dict[tuple[date, str, str], Record] = {}
    for r in in_order:
        counted.setdefault((local_day(r, zone), r["event_type"], r["player_id"]), r)
    return Tables(
        events=frozenset(map(as_row, events)),
        repeated_records=frozenset(map(as_row, repeated)),
        counted_events=frozenset(
            (*key, r["banner_tag"], r["id"], instant(r["created_at"])) for key, r in counted.items()
        ),
        daily_metrics=dict(Counter((key[0], key[1]) for key in counted)),
        event_summary=dict(Counter((key[0], key[1], r["banner_tag"]) for key, r in counted.items())),
        players=_players(in_order, counted.keys()),
        visitor_links=_visitor_links(in_order),
        counted_deposits=_counted_deposits(in_order, zone),
        daily_accounting=_daily_accounting(events, repeated, counted, zone, count_bots=count_bots),
        daily_refusals=_daily_refusals(refusals, zone),
    )


def _players(in_order: list[Record], counted: Iterable[tuple[date, str, str]]) -> dict[str, Row]:
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
    return {player: tuple(row) for player, row in players.items()}


def _visitor_links(in_order: list[Record]) -> dict[str, Row]:
    links: dict[str, Row] = {}
    for r in in_order:
        key = r.get("metadata", {}).get("s", "")
        if r["event_type"] == "registration" and key:
            links.setdefault(key, (r["player_id"], r["id"], instant(r["created_at"])))
    return links


def _counted_deposits(in_order: list[Record], zone: ZoneInfo) -> dict[tuple[str, str | None, str | None], Row]:
    deposits = [r for r in in_order if r["event_type"] == "deposit"]
    counted: dict[tuple[str, str | None, str | None], Row] = {}
    for verified in (True, False):
        for r in deposits:
            metadata = r.get("metadata", {})
            if ("_key" in metadata) is verified:
                txid = transaction(metadata)
                key = (r["player_id"], txid, None if txid else r["id"])
                row = local_day(r, zone), r["banner_tag"], r["id"], instant(r["created_at"]), *money(metadata), verified
                counted.setdefault(key, row)
    return counted


def transaction(metadata: dict[str, str]) -> str | None:
    """The transaction that a deposit names; None when it names none, or what cannot be the name of one."""
    txid = metadata.get("txid", "")
    controls = {*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0))}
    bare = txid.strip()
    left_over = bare.lower() in ("", "null", "undefined", "none", "nan", "guest", "anonymous")
    macro = any(
        re.fullmatch(form, bare)
        for form in (r"\$?\{[^{}]*\}", r"\{\{[^{}]*\}\}", r"\[[^\[\]]*\]", "%%[^%]*%%", "<[A-Za-z_][A-Za-z0-9_]*>")
    )
    return None if len(txid) > 128 or controls & set(txid) or left_over or macro else txid


def money(metadata: dict[str, str]) -> tuple[str | None, Decimal | None]:
    """Currency and amount, both or neither."""
    amount, currency = metadata.get("amount", ""), metadata.get("currency", "")
    if re.fullmatch(r"[0-9]{1,14}(\.[0-9]{1,4})?", amount) and currency in CURRENCIES:
        return currency, Decimal(amount)
    return None, None


def _daily_accounting(
    events: list[Record],
    repeated: list[Record],
    counted: dict[tuple[date, str, str], Record],
    zone: ZoneInfo,
    *,
    count_bots: bool,
) -> dict[tuple[date, str, str], Row]:
    def account(r: Record) -> str:
        if is_bot(r) and not count_bots:
            return "bots"
        counts = counted[local_day(r, zone), r["event_type"], r["player_id"]]
        if counts is r:
            return "counted"
        return "same_player_again" if counts["banner_tag"] == r["banner_tag"] else "credited_to_another_banner"

    accounts: dict[tuple[date, str, str], Counter[str]] = {}
    for r, name in [*((r, account(r)) for r in events), *((r, "same_event_again") for r in repeated)]:
        accounts.setdefault((local_day(r, zone), r["event_type"], r["banner_tag"]), Counter())[name] += 1
    return {key: (a.total(), *(a[name] for name in ACCOUNTS)) for key, a in accounts.items()}


def _daily_refusals(refusals: Iterable[Refusal], zone: ZoneInfo) -> dict[tuple[date, str], int]:
    counts: Counter[tuple[date, str]] = Counter()
    for refusal in refusals:
        counts[refusal.at.astimezone(zone).date(), refusal.reason] += refusal.count
    return dict(counts)


def differences(expected: Tables, found: Tables) -> dict[str, tuple[Any, Any]]:
    """Name the tables that differ, with both contents; empty when all are equal."""
    return {
        name: (getattr(expected, name), getattr(found, name))
        for name in Tables.__dataclass_fields__
        if getattr(expected, name) != getattr(found, name)
    }
