"""Query strings, forms and JSON objects in, `Parameters` out: the same parameters, however they were sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

from collector.contract import InvalidEvent, Parameters

MAX_QUERY_BYTES = 8 * 1024

OPTIONS = ("debug", "response")
"""Parameters that say how to answer; they are no part of the event."""

SPELLINGS = {
    "player_id": "playerId",
    "banner_tag": "bannerTag",
    "event_id": "eventId",
    "created_at": "createdAt",
    "event_type": "eventType",
}
"""Snake case to the camel case that the steps know."""

_MOST_PARAMETERS = 200
"""Where reading stops. How many an event may have is checked later; this bounds the work that a large body makes."""

_NOT_IN_METADATA = frozenset((*SPELLINGS, *SPELLINGS.values(), *OPTIONS))
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")

# Names without an underscore are neither reserved nor another spelling, and these lengths and numbers are within all limits.
# Possessive (`{1,64}+`): nothing is tried twice, which makes it the quickest check there is.
_ORDINARY_PAIR = rb"[A-Za-z0-9.-]{1,64}+=[A-Za-z0-9._~!*'():@,;/?-]{0,128}+"
_ORDINARY_QUERY = re.compile(_ORDINARY_PAIR + rb"(?:&" + _ORDINARY_PAIR + rb"){0,47}+")


def read_ordinary_query(query: bytes) -> Parameters | None:
    """Return the parameters of a query that needs neither decoding nor checks, as most are; None for any other.

    What it returns, `read_query` returns as well, and no check of `collector/events.py` has anything against it.
    """
    if _ORDINARY_QUERY.fullmatch(query) is None:
        return None
    pairs = query.decode("ascii").split("&")
    parameters = dict([pair.split("=") for pair in pairs])  # faster than a comprehension of a dict
    return parameters if len(parameters) == len(pairs) else None


def read_query(query: bytes) -> Parameters:
    """Decode the query string of a URL; see `read_form`."""
    if len(query) > MAX_QUERY_BYTES:
        raise InvalidEvent("too_long", f"the query string has {len(query)} bytes; at most {MAX_QUERY_BYTES} are taken")
    return read_form(query, "query string")


def read_form(form: bytes, source: str = "body") -> Parameters:
    """Decode `name=value&...` strictly: percent-encoded UTF-8, `+` for a space, no name twice, none empty."""
    if broken := _BROKEN_ESCAPE.search(form):
        raise InvalidEvent("bad_encoding", f"broken percent-encoding at byte {broken.start()} of the {source}")
    parameters: Parameters = {}
    try:
        for pair in filter(None, form.split(b"&")):
            name, _, value = pair.partition(b"=")
            if b"%" in pair or b"+" in pair:
                name = unquote_to_bytes(name.replace(b"+", b" "))
                value = unquote_to_bytes(value.replace(b"+", b" "))
            put(parameters, name.decode("utf-8"), value.decode("utf-8"))
    except UnicodeDecodeError:
        raise InvalidEvent("bad_encoding", f"the {source} is not UTF-8") from None
    return parameters


def read_json(text: bytes) -> Parameters:
    """Decode one JSON object of texts, numbers, true, false and null; see `from_object`."""
    return from_object(json_value(text))


def json_value(text: bytes) -> Any:
    """Parse strict JSON in UTF-8: numbers become their own text, and objects an `Object`, which hides no repeated key."""
    try:
        return _DECODER.decode(text.decode("utf-8"))
    except UnicodeDecodeError:
        raise InvalidEvent("bad_encoding", "the body is not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise InvalidEvent("bad_body", f"the body is not JSON: {str(error)[:200]}") from None


class Object(list[tuple[str, Any]]):
    """The members of a JSON object in the order sent."""


def from_object(value: Any) -> Parameters:
    """Return the members of a JSON object as parameters.

    A number is the text it was sent as (25.00 stays 25.00), true and false are words, null is the same as nothing. An
    object named `metadata` may hold parameters that have no field of their own. Nothing else may be nested.
    """
    if not isinstance(value, Object):
        raise InvalidEvent("bad_body", "the body is not a JSON object with the parameters of one event")
    parameters: Parameters = {}
    for name, member in _once(value):
        if isinstance(member, Object) and name == "metadata":
            for key, inner in _once(member):
                if key in _NOT_IN_METADATA:
                    raise InvalidEvent("reserved_parameter", f"{shown(key)} belongs beside metadata, not in it")
                _put_member(parameters, key, inner)
        else:
            _put_member(parameters, name, member)
    return parameters


def merged(one: Parameters, other: Parameters) -> Parameters:
    """Return the parameters of query and body together; a name may be in one of them only."""
    for name in one.keys() & other.keys():
        raise InvalidEvent("repeated_parameter", f"{shown(name)} is in the URL and in the body")
    return {**one, **other}


def put(parameters: Parameters, name: str, value: str) -> None:
    """Add a parameter under its camel-case name; raises when it is there already, in whichever spelling."""
    name = SPELLINGS.get(name, name)
    if not name:
        raise InvalidEvent("bad_encoding", "a value without the name of its parameter")
    if name in parameters:
        raise InvalidEvent("repeated_parameter", shown(name))
    if len(parameters) >= _MOST_PARAMETERS:
        raise InvalidEvent("too_many_parameters", f"more than {_MOST_PARAMETERS}")
    parameters[name] = value


def shown(name: str) -> str:
    """Quote what a stranger sent, short enough for a refusal's detail."""
    return repr(name[:64])


def _once(members: Object) -> Iterable[tuple[str, Any]]:
    """Return the members of an object; raises when a key is there twice, also one whose value is null."""
    seen: set[str] = set()
    for name, _ in members:
        if name in seen:
            raise InvalidEvent("repeated_parameter", shown(name))
        seen.add(name)
    return members


def _put_member(parameters: Parameters, name: str, member: Any) -> None:
    if member is None:
        return
    if isinstance(member, bool):
        member = "true" if member else "false"
    if not isinstance(member, str):
        raise InvalidEvent("bad_body", f"{shown(name)} is neither text nor number, true, false or null")
    if not (_is_encodable(name) and _is_encodable(member)):
        raise InvalidEvent("bad_encoding", f"{shown(name)} holds half of a character (a lone surrogate)")
    put(parameters, name, member)


def _is_encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=Object, parse_float=str, parse_int=str, parse_constant=_no_constant)
