"""Who signed a request: HMAC-SHA256 over the time it was signed at, its path, its query and its body.

A browser pixel cannot keep a secret, a server can. `docs/pixel.md` describes the signature for senders, and
`examples/signing` signs; `verify` is its other half. Everything here is pure: keys, clock and tolerance come in as
arguments.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from collector.contract import EVENT_TYPES, Event, EventType, Facts, InvalidEvent
from pixels.config import Settings, SignatureRule
from pixels.errors import ConfigurationError

SIGNATURE_HEADER = b"x-pixels-signature"
SIGNATURE_PARAMETER = "signature"
"""The parameter of the URL for senders that cannot set headers; it is no part of what is signed, and no metadata."""

TOLERANCE_SECONDS = 300

Keys = Mapping[str, bytes]
"""Secrets by key id."""

_SIGNATURE = re.compile(r"k=([A-Za-z0-9._-]{1,64}),t=([0-9]{1,12}),v1=([0-9A-Fa-f]{64})")
_NOBODYS_SECRET = bytes(32)


class Signature(NamedTuple):
    """A signature that proved right: whose key made it, and its 64 hex digits in lower case."""

    key_id: str
    digits: str


def signed_text(signed_at: str, path: str, query: bytes, body: bytes) -> bytes:
    """Return what a signature is made over.

    In:  Unix seconds as they were sent; the path; query and body as they came, the body still compressed if it was.
    Out: the first three, each ended by a line feed, then the body. Of the query the pairs count, without empty ones
         and without the signature, sorted as bytes: their order does not matter, their encoding does.
    """
    pairs = sorted(pair for pair in query.split(b"&") if pair and not _is_signature(pair))
    return b"\n".join((signed_at.encode(), path.encode(), b"&".join(pairs), body))


def _is_signature(pair: bytes) -> bool:
    name = pair.partition(b"=")[0]
    return name == SIGNATURE_PARAMETER.encode() or (
        b"%" in name and unquote_to_bytes(name) == SIGNATURE_PARAMETER.encode()
    )


def verify(
    signature: str,
    *,
    path: str,
    query: bytes,
    body: bytes,
    keys: Keys,
    now: datetime,
    tolerance: float = TOLERANCE_SECONDS,
) -> Signature:
    """Return the signature when one of the keys made it over this request, not longer than `tolerance` seconds from now.

    Raises `InvalidEvent`: `bad_signature`, which takes the same time and says the same whether the key is unknown or
    the signature wrong; or `signature_expired`, which only a holder of the key gets to see.
    """
    parts = _SIGNATURE.fullmatch(signature)
    if parts is None:
        raise InvalidEvent("bad_signature", "the signature is not of the form k=KEY_ID,t=UNIX_SECONDS,v1=64_HEX_DIGITS")
    key_id, signed_at, digits = parts[1], parts[2], parts[3].lower()
    expected = hmac.digest(keys.get(key_id, _NOBODYS_SECRET), signed_text(signed_at, path, query, body), "sha256").hex()
    if not hmac.compare_digest(expected, digits) or key_id not in keys:
        raise InvalidEvent("bad_signature", "no key here makes this signature over this path, query and body")
    age = now.timestamp() - int(signed_at)
    if abs(age) > tolerance:
        direction = "ago" if age > 0 else "ahead of the collector's clock"
        raise InvalidEvent(
            "signature_expired", f"signed {abs(age):.0f} s {direction}; at most {tolerance:g} s are taken"
        )
    return Signature(key_id, digits)


def signature_rule(settings: Settings, event_type: EventType) -> SignatureRule:
    """Return what is asked of the signature of a type of event."""
    rule: SignatureRule = getattr(settings, f"signature_{event_type}")
    return rule


class Signing:
    """What the settings ask of signatures, by type of event, and the keys that verify them.

    Raises `ConfigurationError` when signatures are required and there is no key that could make one.
    """

    def __init__(self, settings: Settings) -> None:
        self._keys = {key_id: secret.get_secret_value().encode() for key_id, secret in settings.signing_keys.items()}
        self._rules = {event_type: signature_rule(settings, event_type) for event_type in EVENT_TYPES}
        if not self._keys and "require" in self._rules.values():
            raise ConfigurationError(
                "Signatures are required (PIXELS_SIGNATURE_...=require) but PIXELS_SIGNING_KEYS holds no key, so that no such "
                "event could be accepted. Set PIXELS_SIGNING_KEYS, or let signatures be accepted instead of required."
            )

    def is_read(self, event_type: EventType) -> bool:
        """Tell whether a signature of such an event is looked at; when not, the event is unsigned whatever it carries."""
        return self._rules[event_type] != "off"

    def verified(
        self, header: bytes | None, parameter: str | None, *, path: str, query: bytes, body: bytes, now: datetime
    ) -> Signature:
        """Return who signed the request; raises `InvalidEvent` like `verify`.

        In:  the signature from the header and the one from the URL, of which exactly one may be there.
        """
        if header is not None and parameter is not None:
            raise InvalidEvent("bad_signature", "one signature in the header and another in the URL; send one")
        signature = parameter or (header or b"").decode("latin-1")
        return verify(signature, path=path, query=query, body=body, keys=self._keys, now=now)


def signature_required(event: Event, facts: Facts) -> Event:
    """Refuse an unsigned event; the step of types whose signature is required."""
    if facts.key_id is None:
        raise InvalidEvent("signature_required", f"a {event.event_type} is only taken signed")
    return event


def marked_with_key(event: Event, facts: Facts) -> Event:
    """Write into the metadata who signed; whoever reads the log later has no other proof."""
    return event if facts.key_id is None else event.marked("_key", facts.key_id)
