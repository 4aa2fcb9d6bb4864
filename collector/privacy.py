"""What is kept of who sends: the address as a setting says, what a visitor wishes, metadata that is on a list.

The wishes are the headers `DNT: 1` and `Sec-GPC: 1`. They are a person's: a server that signs its events sends none.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_network
from uuid import UUID

import msgspec

from collector.client_address import read_address
from collector.contract import Event, Facts, InvalidEvent
from pixels.config import AddressRule, Settings, WishRule, names

ALWAYS_KEPT = frozenset({"s", "b", "amount", "currency", "txid"})
"""Metadata that figures are made of; no list leaves it out."""

KEPT_OF_A_DEPOSIT = frozenset({"amount", "currency", "txid"})
"""The metadata of an anonymous deposit. Other anonymous events keep none."""

ANONYMOUS = "anon-"
"""Begins the player id of an anonymous visit."""

_HASH_BYTES = 16
_REMEMBERED = 4096
_STRICTNESS: tuple[WishRule, ...] = ("ignore", "anonymize", "drop")


class Wishes:
    """What is done about a visitor's wishes."""

    def __init__(self, dnt: WishRule, sec_gpc: WishRule) -> None:
        self._dnt, self._sec_gpc = dnt, sec_gpc
        self.are_read = dnt != "ignore" or sec_gpc != "ignore"

    def rule(self, dnt: bytes | None, sec_gpc: bytes | None) -> WishRule:
        """Return what the values of the two headers bring about; of two the stricter. Any `1` among repeated ones counts."""
        rules = (self._dnt if _is_set(dnt) else "ignore", self._sec_gpc if _is_set(sec_gpc) else "ignore")
        return max(rules, key=_STRICTNESS.index)


class Anonymous:
    """A step that takes out of an unsigned event what tells of a person, where that person wishes so.

    No address, no user agent, of the metadata only a deposit's money and the collector's own keys. A visit's player id
    becomes a keyed hash of the day (in `PIXELS_TIMEZONE`, so that it counts once a day) and the player, which links
    nothing to the next day; so does its id, which may have been made of the player's.
    """

    def __init__(self, settings: Settings) -> None:
        self._key, self._zone = hash_key(settings), settings.zone

    def __call__(self, event: Event, facts: Facts) -> Event:
        """Return the event, or its anonymous form."""
        if facts.wish != "anonymize" or facts.key_id is not None:
            return event
        kept = KEPT_OF_A_DEPOSIT if event.event_type == "deposit" else frozenset()
        metadata = {name: value for name, value in event.metadata.items() if name in kept or name.startswith("_")}
        event = msgspec.structs.replace(event, metadata=metadata, source_ip=None, user_agent=None)
        return self._unlinked(event, facts.received_at) if event.event_type == "visit" else event

    def _unlinked(self, visit: Event, received_at: datetime) -> Event:
        day = received_at.astimezone(self._zone).date().isoformat()
        return msgspec.structs.replace(
            visit,
            id=_as_uuid(keyed_hash(self._key, "event", day, visit.id)),
            player_id=ANONYMOUS + keyed_hash(self._key, "player", day, visit.player_id),
        )


class AllowedMetadata:
    """A step that leaves out the metadata that is not on the list; the collector's own keys pass."""

    def __init__(self, metadata_allow: str) -> None:
        self._allowed = ALWAYS_KEPT.union(names(metadata_allow))

    def __call__(self, event: Event, facts: Facts) -> Event:
        """Return the event without what is not allowed."""
        allowed = self._allowed
        metadata = {name: value for name, value in event.metadata.items() if name in allowed or name.startswith("_")}
        return event if len(metadata) == len(event.metadata) else msgspec.structs.replace(event, metadata=metadata)


def dropped_on_wish(event: Event, facts: Facts) -> Event:
    """Refuse an unsigned event whose visitor wishes that none is kept."""
    if facts.wish == "drop" and facts.key_id is None:
        raise InvalidEvent("do_not_track", "the visitor wishes not to be tracked, by DNT or Sec-GPC")
    return event


class KeptAddresses:
    """What is kept of a sender's address.

    `truncate` keeps the network: /24 of IPv4, /48 of IPv6. `hash` makes 32 hexadecimal digits, the same for the same
    address under the same key. What is no address is kept by neither.
    """

    def __init__(self, rule: AddressRule, key: bytes) -> None:
        self._rule, self._key = rule, key
        self._made = lru_cache(_REMEMBERED)(self._made_of)

    def of(self, address: str | None) -> str | None:
        """Return what is kept of an address."""
        if self._rule == "keep":
            return address
        return None if address is None or self._rule == "drop" else self._made(address)

    def _made_of(self, text: str) -> str | None:
        address = read_address(text)
        if address is None:
            return None
        if self._rule == "hash":
            return keyed_hash(self._key, "address", str(address))
        return str(ip_network((address, 24 if address.version == 4 else 48), strict=False).network_address)


def keyed_hash(key: bytes, *parts: str) -> str:
    """Return 32 hexadecimal digits: HMAC-SHA256 over the parts, a line each, cut to 128 bits."""
    return hmac.digest(key, "\n".join(parts).encode(), "sha256")[:_HASH_BYTES].hex()


def hash_key(settings: Settings) -> bytes:
    """Return the key of all hashes; empty when none is needed."""
    return settings.hash_key.get_secret_value().encode()


def _is_set(header: bytes | None) -> bool:
    return header is not None and b"1" in [value.strip() for value in header.split(b",")]


def _as_uuid(digits: str) -> str:
    """Return 32 hexadecimal digits as a version 8 UUID (RFC 9562, section 5.8: made by a way of one's own)."""
    number = int(digits, 16) & ~(0xF << 76 | 0x3 << 62) | 0x8 << 76 | 0x2 << 62
    return str(UUID(int=number))
