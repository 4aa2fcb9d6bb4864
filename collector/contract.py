"""The contract of an event: its fields, the closed list of reasons against it, and its limits, read from `schema/`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from pixels.config import WishRule
from pixels.resources import resource_path

EventType = Literal["visit", "registration", "deposit"]
EVENT_TYPES: tuple[EventType, ...] = ("visit", "registration", "deposit")

Parameters = dict[str, str]
"""What a sender says of an event: names and values, decoded."""

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
    "unknown_event_type",
    "unknown_path",
    "method_not_allowed",
    "body_not_accepted",
    "bad_body",
    "signature_required",
    "bad_signature",
    "signature_expired",
    "bad_created_at",
    "future_created_at",
    "bad_amount",
    "bad_currency",
    "bad_txid",
    "do_not_track",
    "rate_limited",
]
"""The reasons that the collector gives, out of those in `schema/refusal.schema.json`."""


class InvalidEvent(Exception):
    """A request that does not become an event: a reason of the closed list, and what a person should know.

    `status` is the HTTP status line where it differs from the reason's usual one; after `retry_after` seconds the same
    request may pass.
    """

    def __init__(
        self, reason: Reason, detail: str, *, status: str | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason: Reason = reason
        self.detail = detail
        self.status = status
        self.retry_after = retry_after


class Sender(msgspec.Struct, frozen=True):
    """Who sent a request: the peer's address, and the browser or program it says it is."""

    source_ip: str | None
    user_agent: str | None


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an event besides its parameters.

    `key_id` and `signature` say who signed the request, and how; both are None for an unsigned one. `item` is the
    place in a batch, beginning with 0. `wish` is what the settings make of a visitor's wish not to be tracked.
    """

    event_type: EventType
    sender: Sender
    received_at: datetime
    key_id: str | None = None
    signature: str | None = None
    item: int | None = None
    wish: WishRule = "ignore"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One event as `schema/event.schema.json` describes it, its fields in that order, its metadata sorted by key."""

    id: str
    event_type: EventType
    player_id: str
    banner_tag: str
    metadata: Parameters
    source_ip: str | None
    user_agent: str | None
    created_at: str

    def marked(self, key: str, value: str) -> Event:
        """Return the event with one of the collector's own metadata keys; those begin with `_`."""
        metadata = dict(sorted({**self.metadata, key: value}.items()))
        return msgspec.structs.replace(self, metadata=metadata)


class Refusal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One refused request as `schema/refusal.schema.json` describes it; with `count`, so many that were not kept singly."""

    reason: Reason
    detail: str
    count: int | None = None
    received_at: str
    source_ip: str | None
    user_agent: str | None
    payload: str


@dataclass(frozen=True, slots=True)
class Contract:
    """What a field may hold. Lengths count characters, `message_bytes` bytes; a pattern must match the whole value (`fullmatch`)."""

    name_length: int
    name: re.Pattern[str]
    id_length: int
    metadata_keys: int
    key_length: int
    key: re.Pattern[str]
    value_length: int
    value: re.Pattern[str]
    user_agent_length: int
    placeholders: frozenset[str]
    macro: re.Pattern[str]
    amount: re.Pattern[str]
    currencies: frozenset[str]
    txid_length: int
    message_bytes: int
    payload_length: int
    detail_length: int

    def is_placeholder(self, stripped: str) -> bool:
        """Tell whether a value, its white space removed, is what a template left behind: nothing, a word for it, a macro."""
        return stripped.lower() in self.placeholders or self.macro.fullmatch(stripped) is not None


def read_contract() -> Contract:
    """Read the contract from the schema files that travel with the code."""
    folder = resource_path("schema")
    event = json.loads((folder / "event.schema.json").read_text("utf-8"))
    refusal = json.loads((folder / "refusal.schema.json").read_text("utf-8"))
    fields, shared = event["properties"], event["$defs"]
    metadata = fields["metadata"]
    return Contract(
        name_length=shared["name"]["maxLength"],
        name=re.compile(shared["name"]["pattern"]),
        id_length=fields["id"]["maxLength"],
        metadata_keys=metadata["maxProperties"] - len(shared["own_key"]["enum"]),
        key_length=metadata["propertyNames"]["maxLength"],
        key=re.compile(metadata["propertyNames"]["pattern"]),
        value_length=metadata["additionalProperties"]["maxLength"],
        value=re.compile(metadata["additionalProperties"]["pattern"]),
        user_agent_length=fields["user_agent"]["maxLength"],
        placeholders=frozenset(shared["placeholder"]["enum"]),
        macro=re.compile(shared["macro"]["pattern"]),
        amount=re.compile(shared["amount"]["pattern"]),
        currencies=frozenset(shared["currency"]["enum"]),
        txid_length=shared["txid"]["maxLength"],
        message_bytes=shared["message"]["maxLength"],
        payload_length=refusal["properties"]["payload"]["maxLength"],
        detail_length=refusal["properties"]["detail"]["maxLength"],
    )
