"""Parameters and facts in, a validated and normalized event out; or a refusal with a reason of the closed list.

The way of an event, in order: each of `CHECKS` looks at the parameters, `named` takes out those that have a field of
their own, `event_id` and `created_at` give identity and time, and each of `steps_of` its type looks at the event or
returns another. Every step is pure; clock, randomness and limits come in as arguments, and all that a step may raise is
`InvalidEvent`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache, partial

import msgspec

from collector.bots import marked_as_crawler, read_crawlers
from collector.contract import (
    EVENT_TYPES,
    Contract,
    Event,
    EventType,
    Facts,
    InvalidEvent,
    Parameters,
    Reason,
    Refusal,
    Sender,
)
from collector.created_at import created_at
from collector.event_id import RandomIds, event_id
from collector.money import with_sound_money
from collector.parameters import shown
from collector.privacy import AllowedMetadata, Anonymous, dropped_on_wish
from collector.signing import Signing, marked_with_key, signature_required, signature_rule
from pixels.config import Settings

Check = Callable[[Parameters, Contract], None]
Step = Callable[[Event, Facts], Event]
"""Takes an event and what is known of it; returns it, or a changed copy, or raises `InvalidEvent`."""

NAMES = ("playerId", "bannerTag", "eventId", "createdAt")
"""Parameters that are no metadata."""

_REMEMBERED_BYTES = 512
"""Longer user agents are not remembered, so that strangers cannot fill the memory with them."""

_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters by what they are: those with a field of their own, trimmed, and the others as they were sent."""

    player_id: str
    banner_tag: str
    event_id: str | None
    created_at: str | None
    metadata: Parameters


def no_control_characters(parameters: Parameters, contract: Contract) -> None:
    """Refuse control characters; metadata values alone may hold tabs and line ends."""
    for name, value in parameters.items():
        allowed = contract.name if name in NAMES else contract.value
        if not contract.key.fullmatch(name) or (value and not allowed.fullmatch(value)):
            raise InvalidEvent("control_characters", shown(name))


def no_reserved_parameters(parameters: Parameters, contract: Contract) -> None:
    """Refuse names that begin with an underscore: those are the collector's own."""
    for name in parameters:
        if name.startswith("_"):
            raise InvalidEvent("reserved_parameter", shown(name))


def not_too_many_parameters(parameters: Parameters, contract: Contract) -> None:
    """Refuse more metadata than an event may carry."""
    if len(parameters) <= contract.metadata_keys:
        return
    count = len(parameters.keys() - set(NAMES))
    if count > contract.metadata_keys:
        raise InvalidEvent(
            "too_many_parameters", f"{count} besides player and banner; at most {contract.metadata_keys}"
        )


def nothing_too_long(parameters: Parameters, contract: Contract) -> None:
    """Refuse names and values longer than their field; white space around player id and banner tag does not count."""
    shortest = min(contract.key_length, contract.name_length, contract.id_length, contract.value_length)
    if len(max(parameters, key=len, default="")) <= shortest >= len(max(parameters.values(), key=len, default="")):
        return
    limits = {"playerId": contract.name_length, "bannerTag": contract.name_length, "eventId": contract.id_length}
    for name, value in parameters.items():
        limit = limits.get(name)
        length, limit = (len(value), contract.value_length) if limit is None else (len(value.strip()), limit)
        if length > limit:
            raise InvalidEvent("too_long", f"{shown(name)} has {length} characters; at most {limit} are taken")
        if len(name) > contract.key_length:
            raise InvalidEvent("too_long", f"the name {shown(name)}... has more than {contract.key_length} characters")


CHECKS: tuple[Check, ...] = (
    no_control_characters,
    no_reserved_parameters,
    not_too_many_parameters,
    nothing_too_long,
)


def steps_of(event_type: EventType, settings: Settings, contract: Contract) -> tuple[Step, ...]:
    """Return what happens to an event of this type once it is made, in order; a step whose setting is off is None here."""
    rule, wishes = signature_rule(settings, event_type), {settings.dnt, settings.sec_gpc}
    steps: tuple[Step | None, ...] = (
        signature_required if rule == "require" else None,
        partial(with_sound_money, contract=contract) if event_type == "deposit" else None,
        marked_with_key if rule != "off" else None,
        partial(marked_as_crawler, crawler_name=read_crawlers()) if event_type == "visit" else None,
        dropped_on_wish if "drop" in wishes else None,
        AllowedMetadata(settings.metadata_allow) if settings.metadata_allow != "*" else None,
        Anonymous(settings) if "anonymize" in wishes else None,
    )
    return tuple(step for step in steps if step is not None)


def filled_in(parameter: str, value: str, contract: Contract) -> str:
    """Return a name without the white space around it; refuse a placeholder (nothing is one) and an unexpanded macro."""
    name = value.strip()
    if contract.is_placeholder(name):
        raise InvalidEvent("placeholder_value", f"{parameter}: {shown(name)}")
    return name


def required(parameters: Parameters, parameter: str, missing: Reason, contract: Contract) -> str:
    """Return player id or banner tag; refuse an absent one."""
    if parameter not in parameters:
        raise InvalidEvent(missing, f"{parameter} is missing")
    return filled_in(parameter, parameters[parameter], contract)


def printable_id(value: str, contract: Contract) -> str:
    """Return an `eventId` without the white space around it; refuse what a player id may not be, or nobody can see."""
    if not (name := filled_in("eventId", value, contract)).isprintable():
        raise InvalidEvent("control_characters", f"eventId: {shown(name)}")
    return name


def named(parameters: Parameters, contract: Contract) -> Named:
    """Take the parameters that have a field of their own from those that have none; the latter sorted by name."""
    sent_id = parameters.get("eventId")
    return Named(
        player_id=required(parameters, "playerId", "missing_player_id", contract),
        banner_tag=required(parameters, "bannerTag", "missing_banner_tag", contract),
        event_id=None if sent_id is None else printable_id(sent_id, contract),
        created_at=parameters.get("createdAt"),
        metadata={name: parameters[name] for name in sorted(parameters) if name not in NAMES},
    )


def not_too_large(event: Event, contract: Contract) -> None:
    """Refuse an event that is within the limits field by field, and as a whole larger than a message may be."""
    size = len(to_json(event))
    if size > contract.message_bytes:
        raise InvalidEvent(
            "too_long", f"the event has {size} bytes as JSON; at most {contract.message_bytes} are taken"
        )


class EventPipeline:
    """The way of an event, with the settings applied. One for each process, since its ids are random."""

    def __init__(self, settings: Settings, contract: Contract) -> None:
        self.contract = contract
        self.signing = Signing(settings)
        self._random_ids = RandomIds()
        self._oldest = timedelta(days=settings.created_at_max_days)
        self._steps = {event_type: steps_of(event_type, settings, contract) for event_type in EVENT_TYPES}

    def event(self, parameters: Parameters, facts: Facts, *, checked: bool = False) -> Event:
        """Return the event that the parameters describe; raises `InvalidEvent`.

        `checked` says that `CHECKS` have nothing against the parameters: they come from `read_ordinary_query`.
        """
        if not checked:
            for check in CHECKS:
                check(parameters, self.contract)
        given = named(parameters, self.contract)
        event = Event(
            id=event_id(given.player_id, given.event_id, facts, self._random_ids),
            event_type=facts.event_type,
            player_id=given.player_id,
            banner_tag=given.banner_tag,
            metadata=given.metadata,
            source_ip=facts.sender.source_ip,
            user_agent=facts.sender.user_agent,
            created_at=created_at(given.created_at, facts, self._oldest),
        )
        for step in self._steps[facts.event_type]:
            event = step(event, facts)
        if not checked:  # only a body can say so much; whoever reads the log would have to set the event aside
            not_too_large(event, self.contract)
        return event


def readable_user_agent(header: bytes | None, contract: Contract) -> str | None:
    """Return the User-Agent header as text without control characters, cut to its field; None when there is none."""
    if header is None:
        return None
    read = _readable if len(header) <= _REMEMBERED_BYTES else _readable.__wrapped__
    return read(header, contract.user_agent_length)


@lru_cache(maxsize=4096)
def _readable(header: bytes, length: int) -> str:
    return _CONTROL_CHARACTERS.sub("", header.decode("utf-8", "replace"))[:length]


def refusal_of(
    refused: InvalidEvent, payload: bytes, sender: Sender, *, received_at: str, contract: Contract
) -> Refusal:
    """Return what is kept of a refused request: the reason, and the start of what was sent."""
    return Refusal(
        reason=refused.reason,
        detail=refused.detail[: contract.detail_length],
        received_at=received_at,
        source_ip=sender.source_ip,
        user_agent=sender.user_agent,
        payload=payload[: contract.payload_length].decode("latin-1"),
    )


def to_json(message: Event | Refusal) -> bytes:
    """Return compact UTF-8 JSON; equal messages give equal bytes."""
    return msgspec.json.encode(message)
