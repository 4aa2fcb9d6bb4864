"""The identity of an event: the sender's own, the signature's, or a random one that sorts by time."""

from __future__ import annotations

import os
from hashlib import sha1
from uuid import UUID

from collector.clock import unix_milliseconds
from collector.contract import Facts
from collector.uuid7 import RANDOM_BYTES, VARIANT, uuid7

NAMESPACE = UUID("ce71af21-7752-5fec-b4b9-1da18d4a3daa")
"""The name space of ids that are made of what was sent: the UUIDv5 of pixels-workbench/event-id as a URL. It never changes."""

_CHUNK_BYTES = 4096 // RANDOM_BYTES * RANDOM_BYTES


class RandomIds:
    """Version 7 UUIDs. Random bytes are fetched by the chunk, since a system call costs more than all the rest.

    The first chunk is fetched for the first id, and so after the fork: no two processes share one.
    """

    def __init__(self) -> None:
        self._chunk = b""
        self._used = 0

    def new(self, milliseconds: int) -> str:
        """Return a new id for an instant in Unix milliseconds."""
        start = self._used
        if start == len(self._chunk):
            self._chunk, start = os.urandom(_CHUNK_BYTES), 0
        self._used = end = start + RANDOM_BYTES
        return uuid7(milliseconds, self._chunk[start:end])


def event_id(player_id: str, sent_id: str | None, facts: Facts, random_ids: RandomIds) -> str:
    """Return the same id for the same event sent again, where that can be known.

    By `eventId` it can, within one type and player, so that nobody's id suppresses another player's event; nor can an
    unsigned event suppress a signed one whose `eventId` somebody guessed. Without `eventId` a signature tells, since it
    covers the time it was made. Otherwise the id is random.
    """
    if sent_id is not None:
        signed = "" if facts.key_id is None else "signed\n"
        return uuid5(f"{signed}{facts.event_type}\n{player_id}\n{sent_id}")
    if facts.signature is not None:
        item = "" if facts.item is None else f"\n{facts.item}"
        return uuid5(f"{facts.signature}{item}")
    return random_ids.new(unix_milliseconds(facts.received_at))


def uuid5(name: str) -> str:
    """Return the version 5 UUID of a name in `NAMESPACE` as text (RFC 9562, section 5.5); Python's makes an object first."""
    digits = sha1(NAMESPACE.bytes + name.encode(), usedforsecurity=False).hexdigest()
    variant = VARIANT[digits[16]]
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"
