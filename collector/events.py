"""A query string in, a validated and normalized event out; or a refusal with a reason of the closed list.

The steps, in order: `read_parameters`, each of `CHECKS`, then `required_name` for player id and banner tag.
Every step is pure; clock, randomness and limits come in as arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Literal
from urllib.parse import unquote_to_bytes

import msgspec

from collector.clock import iso_milliseconds
from collector.contract import Contract

EventType = Literal["visit", "registration", "deposit"]

Reason = Literal[
    "missing_player_id",
    "missing_banner_tag",
    "placeholder_value",
    "repeated_parameter",
    "too_long",
    "too_many_parameters",
    "bad_encoding",
    "control_characters",
    "reserved_parameter",
    "unknown_path",
    "method_not_allowed",
    "body_not_accepted",
]
"""The reasons that the collector gives, out of those in `schema/refusal.schema.json`."""

Parameters = dict[str, str]

MAX_QUERY_BYTES = 8 * 1024

_NAMES = ("playerId", "bannerTag")
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class InvalidEvent(Exception):
    """A request that does not become an event: a reason of the closed list, and what a person should know."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason: Reason = reason
        self.detail = detail


class Sender(msgspec.Struct, frozen=True):
    """Who sent a request: the peer's address, and the browser or program it says it is."""

    source_ip: str | None
    user_agent: str | None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One event as `schema/event.schema.json` describes it, its fields in that order."""

    id: str
    event_type: EventType
    player_id: str
    banner_tag: str
    metadata: Parameters
    source_ip: str | None
    user_agent: str | None
    created_at: str


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """One refused request as `schema/refusal.schema.json` describes it."""

    reason: Reason
    detail: str
    received_at: str
    source_ip: str | None
    user_agent: str | None
    payload: str


def read_parameters(query: bytes) -> Parameters:
    """Decode `name=value&...` strictly: percent-encoded UTF-8, `+` for a space, no name twice, none empty."""
    if len(query) > MAX_QUERY_BYTES:
        raise InvalidEvent("too_long", f"the query string has {len(query)} bytes; at most {MAX_QUERY_BYTES} are taken")
    if broken := _BROKEN_ESCAPE.search(query):
        raise InvalidEvent("bad_encoding", f"broken percent-encoding at byte {broken.start()} of the query string")
    parameters: Parameters = {}
    for pair in filter(None, query.split(b"&")):
        raw_name, _, raw_value = pair.partition(b"=")
        name, value = _decoded(raw_name), _decoded(raw_value)
        if not name:
            raise InvalidEvent("bad_encoding", "a value without the name of its parameter")
        if name in parameters:
            raise InvalidEvent("repeated_parameter", _shown(name))
        parameters[name] = value
    return parameters


def _decoded(raw: bytes) -> str:
    if b"%" in raw or b"+" in raw:  # most names and values hold neither
        raw = unquote_to_bytes(raw.replace(b"+", b" "))
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidEvent("bad_encoding", "the query string is not UTF-8") from None


def no_control_characters(parameters: Parameters, contract: Contract) -> None:
    """Refuse control characters; metadata values alone may hold tabs and line ends."""
    for name, value in parameters.items():
        allowed = contract.name if name in _NAMES else contract.value
        if not contract.key.fullmatch(name) or (value and not allowed.fullmatch(value)):
            raise InvalidEvent("control_characters", _shown(name))


def no_reserved_parameters(parameters: Parameters, contract: Contract) -> None:
    """Refuse names that begin with an underscore: those are the collector's own."""
    for name in parameters:
        if name.startswith("_"):
            raise InvalidEvent("reserved_parameter", _shown(name))


def not_too_many_parameters(parameters: Parameters, contract: Contract) -> None:
    """Refuse more metadata than an event may carry."""
    count = len(parameters.keys() - set(_NAMES))
    if count > contract.metadata_keys:
        raise InvalidEvent(
            "too_many_parameters", f"{count} besides player and banner; at most {contract.metadata_keys}"
        )


def nothing_too_long(parameters: Parameters, contract: Contract) -> None:
    """Refuse names and values longer than their field; white space around player id and banner tag does not count."""
    for name, value in parameters.items():
        is_name = name in _NAMES
        length, limit = (len(value.strip()), contract.name_length) if is_name else (len(value), contract.value_length)
        if length > limit:
            raise InvalidEvent("too_long", f"{_shown(name)} has {length} characters; at most {limit} are taken")
        if len(name) > contract.key_length:
            raise InvalidEvent("too_long", f"the name {_shown(name)}... has more than {contract.key_length} characters")


CHECKS: tuple[Callable[[Parameters, Contract], None], ...] = (
    no_control_characters,
    no_reserved_parameters,
    not_too_many_parameters,
    nothing_too_long,
)


def required_name(parameters: Parameters, parameter: str, missing: Reason, contract: Contract) -> str:
    """Return the trimmed player id or banner tag; refuse an absent one, a placeholder (nothing is one) and an unexpanded macro."""
    if parameter not in parameters:
        raise InvalidEvent(missing, f"{parameter} is missing")
    name = parameters[parameter].strip()
    if name.lower() in contract.placeholders or contract.macro.fullmatch(name):
        raise InvalidEvent("placeholder_value", f"{parameter}: {_shown(name)}")
    return name


def event_from_query(
    query: bytes, event_type: EventType, sender: Sender, *, event_id: str, received_at: datetime, contract: Contract
) -> Event:
    """Return the event that a query string describes, its metadata sorted by key; raises `InvalidEvent`."""
    parameters = read_parameters(query)
    for check in CHECKS:
        check(parameters, contract)
    return Event(
        id=event_id,
        event_type=event_type,
        player_id=required_name(parameters, "playerId", "missing_player_id", contract),
        banner_tag=required_name(parameters, "bannerTag", "missing_banner_tag", contract),
        metadata={name: parameters[name] for name in sorted(parameters) if name not in _NAMES},
        source_ip=sender.source_ip,
        user_agent=sender.user_agent,
        created_at=iso_milliseconds(received_at),
    )


def refusal_of(
    refused: InvalidEvent, request_line: bytes, sender: Sender, *, received_at: datetime, contract: Contract
) -> Refusal:
    """Return what is kept of a refused request: the reason, and the start of its request line."""
    return Refusal(
        reason=refused.reason,
        detail=refused.detail[: contract.detail_length],
        received_at=iso_milliseconds(received_at),
        source_ip=sender.source_ip,
        user_agent=sender.user_agent,
        payload=request_line[: contract.payload_length].decode("latin-1"),
    )


def readable_user_agent(header: bytes | None, contract: Contract) -> str | None:
    """Return the User-Agent header as text without control characters, cut to its field; None when there is none."""
    if header is None:
        return None
    return _CONTROL_CHARACTERS.sub("", header.decode("utf-8", "replace"))[: contract.user_agent_length]


def to_json(message: Event | Refusal) -> bytes:
    """Return compact UTF-8 JSON; equal messages give equal bytes."""
    return msgspec.json.encode(message)


def _shown(name: str) -> str:
    """Quote what a stranger sent, short enough for a refusal's detail."""
    return repr(name[:64])
