r"""Access logs of web servers in the combined format, with the pixels among their requests.

    192.0.2.7 - - [22/Nov/2026:16:00:00 +0100] "GET /visit?playerId=1&bannerTag=a HTTP/1.1" 200 43 "https://a.example/" "Mozilla/5.0"

nginx and Apache write a quote inside a field as `\x22` or `\"`. What stands behind the user agent is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import BinaryIO

from aggregator.contract import contract
from aggregator.imports.lines import Judge, Line, NewId, Refused, Skipped, numbered_lines, outcome_of, too_large

_QUOTED = rb'"((?:[^"\\]|\\.)*+)"'
_COMBINED = re.compile(
    rb"(\S++) \S++ .*?\[([^\[\]]*+)\] " + _QUOTED + rb" ([0-9]{3}) (?:[0-9]++|-) " + _QUOTED + rb" " + _QUOTED,
    re.DOTALL,
)
_INSTANT = re.compile(rb"(\d{2})/([A-Z][a-z]{2})/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})")
_MONTHS = {
    month: number
    for number, month in enumerate(
        (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"), 1
    )
}
_ESCAPED = re.compile(rb"\\(x[0-9A-Fa-f]{2}|.)", re.DOTALL)
_CONTROLS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"v": b"\v", b"f": b"\f"}
_IN_A_URL = re.compile(rb"[!-~]*")

# 2xx and 304: answered. 499 (nginx): the visitor left first. 5xx: the request was made, and its event may be lost but for this
# line. Refused (4xx) stays refused; who is sent elsewhere (3xx) asks there, which is another line.
_MADE = re.compile(rb"2..|304|499|5..")


def looks_like_an_access_log(line: bytes) -> bool:
    """Tell whether a line is in the combined format."""
    return _COMBINED.match(line) is not None


def read_access_log(stream: BinaryIO, judge: Judge, new_id: NewId, prefix: str = "") -> Iterator[Line]:
    """Yield the lines. GET requests for `prefix` and a pixel's path are judged, all others skipped."""
    base = f"/{prefix.strip('/')}".rstrip("/")
    paths = {f"{base}/{event_type}".encode(): event_type for event_type in contract().event_types}
    for number, line in numbered_lines(stream):
        if not line.strip():
            yield Line(number, line, Skipped("blank"))
        else:
            yield Line(number, line, too_large(line) or _outcome(line, judge, new_id, paths))


def _outcome(line: bytes, judge: Judge, new_id: NewId, paths: dict[bytes, str]) -> bytes | Refused | Skipped:
    match = _COMBINED.match(line)
    if match is None:
        return Refused("bad_line", "the line is not in the combined log format")
    source_ip, written_at, request, status, _, user_agent = match.groups()
    method, _, target = _unescaped(request).rpartition(b" HTTP/")[0].partition(b" ")
    path, _, query = target.partition(b"?")
    event_type = paths.get(path)
    if event_type is None:
        return Skipped("other_path")
    if method != b"GET":
        return Skipped("other_method")
    if not _MADE.fullmatch(status):
        return Skipped("not_answered")
    if not _IN_A_URL.fullmatch(query):
        return Refused("bad_encoding", "the URL holds a space or bytes outside ASCII")
    at = _instant(written_at)
    if at is None:
        return Refused("bad_created_at", "the time is not of the form [22/Nov/2026:16:00:00 +0100]")
    return outcome_of(
        judge.request(
            event_type,
            f"/{event_type}",
            query,
            at=at,
            source_ip=None if source_ip == b"-" else source_ip.decode("ascii", "replace"),
            user_agent=None if user_agent == b"-" else _unescaped(user_agent),
            content=line,
            new_id=new_id,
        )
    )


@lru_cache(maxsize=16)  # lines of one second stand together
def _instant(written: bytes) -> datetime | None:
    """Return the instant; months are English, whatever this machine speaks."""
    match = _INSTANT.fullmatch(written)
    if match is None or match[2] not in _MONTHS:
        return None
    day, _, year, hour, minute, second, sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == b"-" else 1)
    try:
        local = datetime(
            int(year), _MONTHS[match[2]], int(day), int(hour), int(minute), int(second), tzinfo=timezone(offset)
        )
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _unescaped(field: bytes) -> bytes:
    return _ESCAPED.sub(_character, field) if b"\\" in field else field


def _character(escaped: re.Match[bytes]) -> bytes:
    code = escaped[1]
    return bytes.fromhex(code[1:].decode()) if len(code) > 1 else _CONTROLS.get(code, code)
