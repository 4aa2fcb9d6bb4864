"""The body of a POST: read within a limit, unpacked within the same limit, decoded as its content type says."""

from __future__ import annotations

import zlib
from collections.abc import Collection

import falcon

from collector.contract import InvalidEvent, Parameters
from collector.parameters import read_form, read_json
from collector.request import PixelRequest

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
TEXT = "text/plain"

PIXEL_TYPES = (FORM, JSON, TEXT)

_TAKES_A_GZIP_HEADER = 16 + zlib.MAX_WBITS
_DIGITS = 18  # of a length; one with more is too long as well
_MOST_MEMBERS = 100
"""A gzip file may be several, one after the other. Each takes a copy of what follows it, so many small ones are a bomb too."""


async def read_body(req: PixelRequest, limit: int, types: Collection[str]) -> bytes:
    """Return the body, unpacked if it came packed; `req.raw_body` is what came.

    Raises `InvalidEvent` as soon as it is known that the body is of none of the `types`, or packed in another way than
    gzip, that it has more than `limit` bytes, packed or unpacked, or that it does not come to its end.
    """
    announced = req.header(b"content-length")
    length = int(announced[:_DIGITS]) if announced and announced.isdigit() else None
    if length:  # what is announced and not wanted is not waited for
        _check(req, types)
    if length is not None and length > limit:
        raise _too_long(limit)
    received, more = bytearray(), True
    try:
        while more and len(received) <= limit:
            part, more = await req.receive_body()
            received += part
            if part:
                _check(req, types)
    finally:
        req.raw_body = bytes(received)
    if len(received) > limit:
        raise _too_long(limit)
    if length is not None and len(received) != length:
        raise InvalidEvent("bad_body", f"{length} bytes were announced, {len(received)} came")
    if not received or _encoding(req) == "identity":
        return req.raw_body
    return gunzipped(req.raw_body, limit)


def _check(req: PixelRequest, types: Collection[str]) -> None:
    """Refuse a body whose headers say that it is not for us."""
    if content_type(req) not in types:
        raise InvalidEvent("body_not_accepted", f"the body's Content-Type is none of {', '.join(types)}")
    if _encoding(req) not in {"identity", "gzip", "x-gzip"}:
        raise InvalidEvent("body_not_accepted", "the body's Content-Encoding is not gzip")


def _encoding(req: PixelRequest) -> str:
    return (req.header(b"content-encoding") or b"identity").decode("latin-1").strip().lower()


def gunzipped(packed: bytes, limit: int) -> bytes:
    """Unpack gzip; stops after `limit` bytes, however much more is packed. Raises `InvalidEvent`."""
    unpacked = b""
    for _ in range(_MOST_MEMBERS):
        member = zlib.decompressobj(_TAKES_A_GZIP_HEADER)
        try:
            unpacked += member.decompress(packed, limit + 1 - len(unpacked))
        except zlib.error:
            raise InvalidEvent("bad_body", "the body is not gzip") from None
        if len(unpacked) > limit:
            raise _too_long(limit)
        if not member.eof:
            raise InvalidEvent("bad_body", "the gzip ends too early")
        packed = member.unused_data
        if not packed:
            return unpacked
    raise InvalidEvent("bad_body", f"the gzip has more than {_MOST_MEMBERS} members")


def body_parameters(req: PixelRequest, body: bytes) -> Parameters:
    """Return the parameters in a body of `PIXEL_TYPES`: a form, a JSON object, or a beacon's text that is either."""
    kind = content_type(req)
    if kind == JSON or (kind == TEXT and body.lstrip().startswith(b"{")):
        return read_json(body)
    return read_form(body)


def content_type(req: PixelRequest) -> str:
    """Return the type of the body in lower case, without what follows a semicolon."""
    header: str | None = req.content_type
    return (header or "").partition(";")[0].strip().lower()


def _too_long(limit: int) -> InvalidEvent:
    return InvalidEvent("too_long", f"the body has more than {limit} bytes", status=falcon.HTTP_413)
