"""Query strings, forms and JSON objects in, `Parameters` out: the same parameters, however they were sent."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from collector.contract import InvalidEvent, Parameters

MAX_QUERY_BYTES = 8 * 1024

SPELLINGS = {
    "player_id": "playerId",
    "banner_tag": "bannerTag",
    "event_id": "eventId",
    "created_at": "createdAt",
    "event_type": "eventType",
}
"""Snake case to the camel case that the steps know."""

_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


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
    for pair in filter(None, form.split(b"&")):
        raw_name, _, raw_value = pair.partition(b"=")
        name, value = _decoded(raw_name, source), _decoded(raw_value, source)
        if not name:
            raise InvalidEvent("bad_encoding", "a value without the name of its parameter")
        put(parameters, name, value)
    return parameters


def put(parameters: Parameters, name: str, value: str) -> None:
    """Add a parameter under its camel-case name; raises when it is there already, in whichever spelling."""
    name = SPELLINGS.get(name, name)
    if name in parameters:
        raise InvalidEvent("repeated_parameter", shown(name))
    parameters[name] = value


def shown(name: str) -> str:
    """Quote what a stranger sent, short enough for a refusal's detail."""
    return repr(name[:64])


def _decoded(raw: bytes, source: str) -> str:
    if b"%" in raw or b"+" in raw:  # most names and values hold neither
        raw = unquote_to_bytes(raw.replace(b"+", b" "))
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidEvent("bad_encoding", f"the {source} is not UTF-8") from None
