"""What history says becomes the event that the collector would have made of it: for `pixels import`, which is handed this.

A row that has an `id` is an event as it stands: the rules for records of the log judge it. A row without one is what a
sender said, and a line of an access log is a request: both go the way of every pixel (`EventPipeline`), with their own
time in place of the clock. Nothing here is random: the same history gives the same events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from collector.batch import event_type_of
from collector.clock import iso_milliseconds
from collector.contract import Event, Facts, InvalidEvent, Parameters, Sender, read_contract
from collector.events import EventPipeline, readable_user_agent, to_json
from collector.parameters import (
    OPTIONS,
    SPELLINGS,
    Object,
    from_object,
    json_value,
    merged,
    read_ordinary_query,
    read_query,
    shown,
)
from collector.past_instant import WITH_OFFSET, past_instant
from collector.privacy import KeptAddresses, hash_key
from collector.signing import SIGNATURE_PARAMETER
from pixels.config import Settings

Judged = bytes | tuple[str, str]
"""The JSON of an event; or the reason and the detail of a refusal."""

NewId = Callable[[bytes], str]
"""Gives an id to what has none, by its content: the same content once more gets another id."""

_COLUMNS = frozenset(
    ("id", "event_type", "player_id", "banner_tag", "metadata", "source_ip", "user_agent", "created_at")
)
_COLUMN = {camel: snake for snake, camel in SPELLINGS.items()} | {"sourceIp": "source_ip", "userAgent": "user_agent"}
_SENDER = frozenset(("source_ip", "user_agent"))
_KEY = "_key"
_DAY = "event_date"
"""A column of the archive's files; the day follows from the instant."""


class PastEvents:
    """Judges history by the settings of the collector.

    `trusted`: a row's `_key` is believed, so that its deposit is verified money; otherwise such a row is refused.
    `time_zone`: that of times which do not say theirs; otherwise they are refused.
    """

    def __init__(self, settings: Settings, *, trusted: bool = False, time_zone: ZoneInfo | None = None) -> None:
        self._contract = read_contract()
        self._pipeline = EventPipeline(settings, self._contract)
        self._kept_addresses = KeptAddresses(settings.source_ip, hash_key(settings))
        self._trusted, self._time_zone = trusted, time_zone

    def json(self, line: bytes, new_id: NewId) -> Judged:
        """Judge a line of JSON. What is no object at all is returned as it is: the rules of the log refuse it."""
        try:
            value = msgspec.json.decode(line)
        except (ValueError, RecursionError):
            return line
        if not isinstance(value, dict):
            return line
        try:
            if _is_message(value):
                self._check_key(value.get("metadata"))
                return line
            return self._row(_members(json_value(line)), new_id)
        except InvalidEvent as refused:
            return refused.reason, refused.detail

    def row(self, columns: Iterable[tuple[str, str]], new_id: NewId) -> Judged:
        """Judge a row by the names and texts of its columns; one named `metadata` holds a JSON object."""
        try:
            return self._row(Object(columns), new_id)
        except InvalidEvent as refused:
            return refused.reason, refused.detail

    def request(
        self,
        event_type: str,
        path: str,
        query: bytes,
        *,
        at: datetime,
        source_ip: str | None,
        user_agent: bytes | None,
        content: bytes,
        new_id: NewId,
    ) -> Judged:
        """Judge a GET request of the past; `content` is all that is known of it, by which it gets its id."""
        try:
            parameters = read_ordinary_query(query) or read_query(query)
            in_url = parameters.pop(SIGNATURE_PARAMETER, None)
            for option in OPTIONS:
                parameters.pop(option, None)
            facts = Facts(
                event_type=event_type_of(event_type),
                sender=self._sender(source_ip, user_agent),
                received_at=at,
            )
            if in_url is not None and self._pipeline.signing.is_read(facts.event_type):
                key_id, digits = self._pipeline.signing.verified(None, in_url, path=path, query=query, body=b"", now=at)
                facts = msgspec.structs.replace(facts, key_id=key_id, signature=digits)
            return to_json(self._event(parameters, facts, content, new_id))
        except InvalidEvent as refused:
            return refused.reason, refused.detail

    def _row(self, members: Object, new_id: NewId) -> bytes:
        try:
            members = Object((name, _unpacked(name, member)) for name, member in members)
            if any(name == "id" and member is not None for name, member in members):
                return self._as_it_stands(members)
            return self._as_sent(members, new_id)
        except UnicodeEncodeError:
            raise InvalidEvent("bad_encoding", "the row holds half of a character (a lone surrogate)") from None
        except RecursionError:
            raise InvalidEvent("bad_body", "the row is nested too deeply") from None

    def _as_it_stands(self, members: Object) -> bytes:
        """Return the row as a record of the log would be; columns that an event has not become metadata."""
        fields: dict[str, Any] = {"event_type": ""}
        metadata: dict[str, Any] = {}
        seen: set[str] = set()
        for name, member in members:
            column = _COLUMN.get(name, name)
            if column in seen:
                raise InvalidEvent("repeated_parameter", shown(name))
            seen.add(column)
            if member is None or column == _DAY:
                continue
            if column == "metadata":
                _put_once(metadata, _members(member))
            elif isinstance(member, list):
                raise InvalidEvent("bad_body", f"{shown(name)} is neither text nor number, true, false or null")
            elif column in _COLUMNS:
                fields[column] = member
            elif column == "event_id":
                raise InvalidEvent("reserved_parameter", "id and eventId: an event has one of them")
            else:
                _put_once(metadata, [(name, member)])
        self._check_key(metadata)
        fields["created_at"] = iso_milliseconds(self._instant(fields.get("created_at")))
        return msgspec.json.encode({**fields, "metadata": metadata})

    def _as_sent(self, members: Object, new_id: NewId) -> bytes:
        """Return the event that a sender's words become."""
        sender: Parameters = {}
        for name, member in members:
            if (column := _COLUMN.get(name, name)) in _SENDER and member is not None:
                if not isinstance(member, str):
                    raise InvalidEvent("bad_body", f"{shown(name)} is not a text")
                sender = merged(sender, {column: member})
        parameters = from_object(Object(pair for pair in members if _COLUMN.get(pair[0], pair[0]) not in _SENDER))
        content = msgspec.json.encode({**parameters, **sender}, order="deterministic")
        for option in OPTIONS:
            parameters.pop(option, None)
        self._check_key(parameters)
        user_agent = sender.get("user_agent")
        facts = Facts(
            event_type=event_type_of(parameters.pop("eventType", None)),
            sender=self._sender(sender.get("source_ip"), None if user_agent is None else user_agent.encode()),
            received_at=self._instant(parameters.pop("createdAt", None)),
            key_id=parameters.pop(_KEY, None),
        )
        return to_json(self._event(parameters, facts, content, new_id))

    def _event(self, parameters: Parameters, facts: Facts, content: bytes, new_id: NewId) -> Event:
        event = self._pipeline.event(parameters, facts)
        if "eventId" in parameters or facts.signature is not None:
            return event
        return msgspec.structs.replace(event, id=new_id(content))

    def _sender(self, source_ip: str | None, user_agent: bytes | None) -> Sender:
        return Sender(self._kept_addresses.of(source_ip), readable_user_agent(user_agent, self._contract))

    def _instant(self, written: Any) -> datetime:
        return past_instant(written, self._time_zone)

    def _check_key(self, metadata: Any) -> None:
        if isinstance(metadata, dict) and _KEY in metadata and not self._trusted:
            raise InvalidEvent("reserved_parameter", f"{_KEY} says who signed, and is only taken with --trusted")


def _is_message(value: dict[str, Any]) -> bool:
    """Tell whether an object is a record of the log by its form, right or wrong."""
    if value.get("id") is None or not value.keys() <= _COLUMNS or isinstance(value.get("metadata"), str):
        return False
    written = value.get("created_at")
    return not isinstance(written, str) or WITH_OFFSET.fullmatch(written) is not None


def _members(value: Any) -> Object:
    if not isinstance(value, Object):
        raise InvalidEvent("bad_body", "the row, or its metadata, is not a JSON object")
    return value


def _unpacked(name: str, member: Any) -> Any:
    """Return the object that a metadata column holds as text."""
    if name != "metadata" or not isinstance(member, str):
        return member
    if not member:
        return None
    try:
        return json_value(member.encode())
    except InvalidEvent:
        raise InvalidEvent("bad_body", "metadata is not a JSON object") from None


def _put_once(metadata: dict[str, Any], members: Iterable[tuple[str, Any]]) -> None:
    for name, member in members:
        if name in metadata:
            raise InvalidEvent("repeated_parameter", shown(name))
        if member is not None:
            metadata[name] = str(member).lower() if isinstance(member, bool) else member
