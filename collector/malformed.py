"""Heads of requests that the HTTP parser could not read: what was asked for, and what is wrong with it."""

from __future__ import annotations

import re

import falcon

from collector.contract import InvalidEvent

MAX_HEAD_BYTES = 64 * 1024
"""Request line and headers together; a browser sends 1 to 2 KiB."""

_REQUEST_LINE = re.compile(rb"([A-Za-z-]{1,20}) ([^\n]+?)(?: HTTP/\d\.\d)?(?:\r?\n|\Z)")
_CONTROL_CHARACTER = re.compile(rb"[\x00-\x1f\x7f]")
_NOT_IN_A_HEADER = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NOT_IN_A_URL = re.compile(rb"[^\x21-\x7e]")


def malformed_request(head: bytes) -> tuple[str, bytes, InvalidEvent] | None:
    """Return method, target and fault of a request whose head was not read; None when it has no request line."""
    line = _REQUEST_LINE.match(head.lstrip(b"\r\n"))
    if line is None:
        return None
    method, target = line[1].decode("ascii"), line[2]
    return method, target, _fault(head, method, target)


def headers_of(head: bytes) -> list[tuple[bytes, bytes]]:
    """Return the headers of a head that the parser gave up, which may be before it saw them; what is no header is left out."""
    lines = (line.partition(b":") for line in head.lstrip(b"\r\n").split(b"\n")[1:])
    return [(name.strip().lower(), value.strip()) for name, colon, value in lines if colon]


def _fault(head: bytes, method: str, target: bytes) -> InvalidEvent:
    if len(head) > MAX_HEAD_BYTES:
        return InvalidEvent("too_long", f"request line and headers exceed {MAX_HEAD_BYTES} bytes")
    if _CONTROL_CHARACTER.search(target):
        return InvalidEvent("control_characters", "raw control characters in the request line")
    if _NOT_IN_A_URL.search(target):
        return InvalidEvent("bad_encoding", "the URL holds a space or bytes outside ASCII; encode them")
    if method not in falcon.COMBINED_METHODS:
        return InvalidEvent("method_not_allowed", method)
    if _NOT_IN_A_HEADER.search(head):
        return InvalidEvent("control_characters", "raw control characters in the headers")
    return InvalidEvent("bad_encoding", "the URL or a header is not what HTTP allows")
