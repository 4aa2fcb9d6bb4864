"""What an erasure leaves of a record, in plain Python, by the key file of a home; imports nothing of the project."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from tests.oracle import Record, money, transaction

STAYS = {"_bot", "_key", "s"}


def erased_name(home: Path, name: str) -> str:
    """The name that a player or visitor gets."""
    return f"erased-{_hmac(home, name.encode())}"


def erased(home: Path, record: Record, names: Collection[str]) -> Record:
    """The record as it is stored when these names are erased."""
    record = {"source_ip": None, "user_agent": None, "metadata": {}, **record}
    if record["player_id"].strip() in names:
        record = _of_nobody(home, record)
    key = record["metadata"].get("s")
    if key in names:
        record = {**record, "metadata": {**record["metadata"], "s": erased_name(home, key)}}
    return record


def _of_nobody(home: Path, record: Record) -> Record:
    sent: dict[str, str] = record["metadata"]
    stays = {key: value for key, value in sent.items() if key in STAYS}
    if money(sent) != (None, None):
        stays |= {"amount": sent["amount"], "currency": sent["currency"]}
    gone: dict[str, Any] = {
        "metadata": {key: value for key, value in sent.items() if key not in stays},
        "source_ip": record["source_ip"],
        "user_agent": record["user_agent"],
    }
    if txid := transaction(sent):
        stays["txid"] = f"erased-{_hmac(home, b'txid' + bytes(1) + txid.encode())}"
    content = json.dumps(gone, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    stays["_record"] = _hmac(home, b"removed" + bytes(1) + content)
    name = erased_name(home, record["player_id"].strip())
    return {**record, "player_id": name, "source_ip": None, "user_agent": None, "metadata": stays}


def _hmac(home: Path, message: bytes) -> str:
    return hmac.new((home / "erasure.key").read_bytes(), message, hashlib.sha256).hexdigest()
