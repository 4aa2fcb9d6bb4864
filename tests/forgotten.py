"""What is left of records when players are erased, in plain Python; imports nothing of the project.

`names` are player ids and visitor keys in clear, `key` the bytes of `erasure.key`.
"""

from __future__ import annotations

import hmac
import json
from typing import Any

from tests.oracle import Record, Tables, money, transaction


def erased_name(name: str, key: bytes) -> str:
    """The name that stands in the place of an erased one."""
    return f"erased-{_hmac(name.encode(), key)}"


def forgotten(record: Record, names: frozenset[str], key: bytes) -> Record:
    """A record without those names: who it was, from where, and what a sender may have said of the person."""
    player, metadata = record["player_id"].strip(), dict(record.get("metadata", {}))
    left = dict(record)
    if player in names:
        stays, removed = _divided(metadata, key, record)
        metadata = {**stays, "_record": _hmac(b"removed\0" + _canonical(removed), key)}
        left |= {"player_id": erased_name(player, key), "source_ip": None, "user_agent": None}
    if metadata.get("s") in names:
        metadata["s"] = erased_name(metadata["s"], key)
    return {**left, "metadata": metadata}


def _divided(metadata: dict[str, str], key: bytes, record: Record) -> tuple[dict[str, str], dict[str, Any]]:
    """What stays of an erased player's metadata, and all that is taken out of the record."""
    is_deposit = record["event_type"] == "deposit"
    currency, _ = money(metadata) if is_deposit else (None, None)
    stays: dict[str, str] = {name: metadata[name] for name in ("_bot", "_key", "s") if name in metadata}
    if currency:
        stays |= {"amount": metadata["amount"], "currency": currency}
    removed = {
        "source_ip": record.get("source_ip"),
        "user_agent": record.get("user_agent"),
        "metadata": {name: value for name, value in metadata.items() if name not in stays},
    }
    txid = transaction(metadata) if is_deposit else None
    if txid is not None:
        stays["txid"] = f"erased-{_hmac(b'txid' + bytes(1) + txid.encode(), key)}"
    return stays, removed


def names_of(player: str, tables: Tables, key: bytes | None) -> frozenset[str]:
    """The player and the visitor keys that are the player's alone: what is to be erased.

    `tables` are those of now; `key` is None while nobody was ever erased.
    """
    own = {player, erased_name(player, key)} if key else {player}
    records = [*tables.events, *tables.repeated_records]
    owner = {visitor_key: row[0] for visitor_key, row in tables.visitor_links.items()}
    keys = {visitor_key for visitor_key, name in owner.items() if name in own}
    keys |= {json.loads(row[4]).get("s", "") for row in records if row[1] in own}
    known = {name for name, row in tables.players.items() if row[2] or row[3]}
    mine = {k for k in keys if owner.get(k, player) in own and k not in known and not k.startswith("erased-")}
    return frozenset({player, *(key for key in mine if key.strip())})


def _canonical(value: dict[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _hmac(message: bytes, key: bytes) -> str:
    return hmac.digest(key, message, "sha256").hex()
