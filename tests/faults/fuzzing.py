"""Requests that no sender would make: to the application as an ASGI server passes them on, and as bytes over TCP.

Whatever comes, the collector neither fails (5xx) nor stores anything that its own contract does not allow.
"""

from __future__ import annotations

import asyncio
import gzip
import hmac
import json
import re
import socket
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_from_bytes, unquote

import jsonschema
from hypothesis import strategies as st

from collector.app import create_app
from collector.event_log import EVENTS
from pixels.config import load_settings
from tests.unit.collector.asgi import NOW, ListLog
from tests.unit.collector.schemas import EVENT_SCHEMA, REFUSAL_SCHEMA

KEY_ID, SECRET = "k1", "a secret of sixteen or more"
PLAIN: dict[str, object] = {"signing_keys": {KEY_ID: SECRET}}
STRICT: dict[str, object] = {
    **PLAIN,
    "signature_deposit": "require",
    "source_ip": "hash",
    "hash_key": SECRET,
    "dnt": "anonymize",
    "sec_gpc": "drop",
    "metadata_allow": "s,b",
    "trusted_proxies": "203.0.113.0/24",
    "cors_origins": "https://a.example",
    "rate_limit": 1_000_000,
    "max_body_bytes": 2048,
}
"""Every option that makes the collector look at more of a request."""

PATHS = ("/visit", "/registration", "/deposit", "/events", "/pixels.js", "/", "/healthz", "/metrics", "/robots.txt")
NAMES = (
    "playerId", "player_id", "bannerTag", "banner_tag", "eventId", "event_id", "eventType", "event_type", "createdAt",
    "created_at", "amount", "currency", "txid", "s", "b", "metadata", "debug", "response", "signature", "_key", "_bot", "",
)  # fmt: skip
VALUES = (
    "123", "brandA", "visit", "deposit", "25.00", "1e3", "-1", "EUR", "eur", "null", "{clickid}", "${id}", "true", "204",
    "1", "2026-11-22T16:00:00Z", "2026-11-22T16:00:00.123456789+14:00", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59-23:59",
    "", " ", "\x00", "\u2028", "\ud7ff", "٣", "x" * 300, "é" * 2049,
)  # fmt: skip
HEADERS = (
    b"content-type", b"content-encoding", b"content-length", b"prefer", b"origin", b"dnt", b"sec-gpc", b"user-agent",
    b"x-forwarded-for", b"forwarded", b"x-request-id", b"accept", b"accept-encoding", b"if-none-match", b"range", b"cookie",
    b"access-control-request-method", b"access-control-request-headers", b"x-pixels-signature", b"host", b"expect",
)  # fmt: skip
HEADER_VALUES = (
    b"application/json", b"application/json; charset=utf-16", b"application/x-ndjson", b"text/plain", b"gzip", b"gzip, gzip",
    b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x", b"deflate", b"identity", b"return=minimal",
    b"1", b"https://a.example", b"null", b"curl/8.0", b"Googlebot/2.1", b"198.51.100.7", b"[2001:db8::1]:443, unknown",
    b'for="[2001:db8::1]:4711";proto=http;by=_x, for=203.0.113.9', b'for="', b"*", b'W/"x"', b"bytes=0-", b"-1", b"", b"\xff\xfe",
    b"k=k1,t=1,v1=" + b"0" * 64, b"k=,t=,v1=", b"text/plain;" * 50,
)  # fmt: skip

texts = st.sampled_from(VALUES) | st.text(max_size=40)
names = st.sampled_from(NAMES) | st.text(max_size=20)
pairs = st.lists(st.tuples(names, texts), max_size=8)
wholesome = st.sampled_from(
    [
        [("playerId", "1"), ("bannerTag", "a")],
        [("playerId", "2"), ("bannerTag", "a"), ("eventType", "deposit"), ("amount", "25.00"), ("currency", "EUR")],
        [("player_id", "3"), ("banner_tag", "a"), ("event_type", "visit"), ("createdAt", "2026-11-22T15:00:00Z")],
        [],
    ]
)
scalars = texts | st.integers() | st.floats() | st.booleans() | st.none() | st.sampled_from([10**400, 1e308, -0.0])
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=8,
)
items = st.builds(lambda good, more: {**dict(good), **more}, wholesome, st.dictionaries(names, json_values, max_size=4))


def encoded(some: list[tuple[str, str]]) -> bytes:
    """Write a query string or a form."""
    return b"&".join(
        quote_from_bytes(name.encode("utf-8", "surrogatepass")).encode()
        + b"="
        + quote_from_bytes(value.encode("utf-8", "surrogatepass")).encode()
        for name, value in some
    )


def as_json(value: object) -> bytes:
    """Write JSON, also what is none: NaN and lone surrogates."""
    return json.dumps(value).encode("utf-8", "surrogatepass")


def as_lines(some: list[dict[str, Any]]) -> bytes:
    """Write NDJSON."""
    return b"\n".join(map(as_json, some))


queries = st.one_of(
    st.just(b""),
    wholesome.map(encoded),
    st.builds(lambda good, more: encoded([*good, *more]), wholesome, pairs),
    st.builds(lambda good, tail: encoded(good) + b"&" + tail, wholesome, st.binary(max_size=60)),
    st.binary(max_size=60),
)
bodies = st.one_of(
    st.just(b""),
    queries,
    items.map(as_json),
    st.lists(items, max_size=4).map(as_json),
    st.lists(items, max_size=4).map(as_lines),
    json_values.map(as_json),
    st.integers(1, 3000).map(lambda depth: b"[" * depth),
    st.integers(1, 3000).map(lambda depth: b'{"metadata":' * depth),
    st.binary(max_size=200),
)
packed = st.one_of(
    bodies,
    bodies.map(gzip.compress),
    bodies.map(lambda body: gzip.compress(body)[:-5]),
    st.integers(1, 4).map(lambda mebibytes: gzip.compress(bytes(mebibytes << 20), 1)),
)
header_lists = st.lists(
    st.tuples(
        st.sampled_from(HEADERS), st.sampled_from(HEADER_VALUES) | st.binary(max_size=30).map(lambda v: v.strip())
    ),
    max_size=5,
)


@dataclass(frozen=True)
class Asked:
    """One request as an ASGI server passes it on."""

    method: str
    raw_path: bytes
    query: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes
    signed: bool
    cut_off: bool

    def all_headers(self) -> list[tuple[bytes, bytes]]:
        """Return the headers, with the right signature where one is asked for."""
        if not self.signed:
            return self.headers
        at, path = str(int(NOW.timestamp())), unquote(self.raw_path.decode("ascii"))
        query = b"&".join(sorted(filter(None, self.query.split(b"&"))))
        digits = hmac.digest(
            SECRET.encode(), b"\n".join((at.encode(), path.encode(), query, self.body)), "sha256"
        ).hex()
        return [*self.headers, (b"x-pixels-signature", f"k={KEY_ID},t={at},v1={digits}".encode())]


def asked(
    methods: tuple[str, ...],
    paths: st.SearchStrategy[bytes],
    some_bodies: st.SearchStrategy[bytes],
    *types: bytes,
    said: tuple[tuple[bytes, bytes], ...] = (),
) -> st.SearchStrategy[Asked]:
    """Return requests whose body, if any, is said to be of one of the types; other headers are at random."""
    described = st.sampled_from(types).map(lambda kind: [*said, (b"content-type", kind)] if kind else [*said])
    return st.builds(
        Asked,
        method=st.sampled_from(methods),
        raw_path=paths,
        query=queries,
        headers=st.builds(lambda kind, others: kind + others, described, header_lists),
        body=some_bodies,
        signed=st.booleans(),
        cut_off=st.integers(0, 19).map(lambda n: n == 0),
    )


pixels = st.sampled_from([b"/visit", b"/registration", b"/deposit"])
JSON, NDJSON, FORM, TEXT = (
    b"application/json",
    b"application/x-ndjson",
    b"application/x-www-form-urlencoded",
    b"text/plain",
)
requests = st.one_of(
    asked(("GET",), pixels, st.just(b""), b""),
    asked(("POST",), pixels, pairs.map(encoded), FORM, TEXT),
    asked(("POST",), pixels, items.map(as_json), JSON, TEXT),
    asked(("POST",), st.just(b"/events"), st.lists(items, max_size=4).map(as_json), JSON, TEXT),
    asked(("POST",), st.just(b"/events"), st.lists(items, max_size=4).map(as_lines), NDJSON, TEXT),
    asked(("POST",), pixels | st.just(b"/events"), packed, JSON, NDJSON, TEXT, said=((b"content-encoding", b"gzip"),)),
    asked(
        ("GET", "POST", "HEAD", "OPTIONS", "PUT", "BREW", "TRACE"),
        st.sampled_from([path.encode() for path in PATHS])
        | st.binary(max_size=20).map(lambda tail: b"/" + quote_from_bytes(tail).encode()),
        packed,
        *(JSON, NDJSON, FORM, TEXT, b""),
    ),
)


class Application:
    """The collector's application, asked one request after the other, with a log that is looked into."""

    def __init__(self, settings: dict[str, object]) -> None:
        self._log = ListLog()
        self._app = create_app(self._log, load_settings(**settings), clock=lambda: NOW)
        self._event = jsonschema.Draft202012Validator(EVENT_SCHEMA)
        self._refusal = jsonschema.Draft202012Validator(REFUSAL_SCHEMA)
        self._runner = asyncio.Runner()

    def close(self) -> None:
        """Let go of the event loop."""
        self._runner.close()

    def ask(self, asked: Asked) -> int:
        """Return the status; fail on a 5xx, and on a record that the contract does not allow."""
        self._log.records.clear()
        status = self._runner.run(self._ask(asked))
        assert 200 <= status < 500, f"{status} for {asked}"
        for stream, _, value in self._log.records:
            (self._event if stream == EVENTS else self._refusal).validate(json.loads(value))
        return status

    async def _ask(self, asked: Asked) -> int:
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1",
            "method": asked.method, "path": unquote(asked.raw_path.decode("ascii")), "raw_path": asked.raw_path,
            "query_string": asked.query, "headers": asked.all_headers(), "client": ("203.0.113.9", 4711),
            "server": ("127.0.0.1", 8787), "scheme": "http", "root_path": "",
        }  # fmt: skip
        half = len(asked.body) // 2
        messages: list[dict[str, Any]] = [
            {"type": "http.request", "body": asked.body[:half], "more_body": True},
            {"type": "http.request", "body": asked.body[half:], "more_body": False},
        ]
        if asked.cut_off:
            messages = [messages[0], {"type": "http.disconnect"}]
        statuses: list[int] = []

        async def receive() -> dict[str, Any]:
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        await self._app(scope, receive, send)
        return statuses[0] if statuses or not asked.cut_off else 499


GOOD = b"GET /visit?playerId=1&bannerTag=a&s=v-1 HTTP/1.1\r\nHost: h\r\n\r\n"
SEEDS = (
    GOOD,
    b"POST /deposit?playerId=1&bannerTag=a HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\namount=1.00",
    (
        b"POST /visit HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 34\r\n\r\n"
        b'{"playerId": "1", "bannerTag":"a"}'
    ),
    (
        b"POST /events HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        b'2d\r\n[{"eventType":"visit","playerId":"1","bannerTa\r\n9\r\ng":"a"}]\n\r\n0\r\n\r\n'
    ),
    b"OPTIONS /visit HTTP/1.1\r\nHost: h\r\nOrigin: https://a.example\r\nAccess-Control-Request-Method: POST\r\n\r\n",
    b"HEAD /visit?playerId=1&bannerTag=a&debug=1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    (
        b"GET /visit?playerId=1&bannerTag=a HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ),
    b"GET /visit?playerId=1&bannerTag=a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
)
FAILED = re.compile(rb"HTTP/1\.[01] 5\d\d [^\r]*")
_ANSWER_SECONDS = 0.2

Mutation = Callable[[bytes], bytes]
pieces = st.binary(max_size=8) | st.sampled_from(
    [b"\r\n", b"\n", b"\x00", b":", b" ", b"%", b"%00", b"&", b"=", b"HTTP/9.9", b"Content-Length: 99999999999999999999\r\n",
     b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n", b"Connection: close\r\n", b"\xff" * 4, b"A" * 70_000]
)  # fmt: skip
mutations = st.tuples(st.sampled_from(["insert", "delete", "replace", "repeat"]), st.floats(0, 1), pieces)


def mutated(seed: bytes, changes: list[tuple[str, float, bytes]]) -> bytes:
    """Return the bytes with the changes made, each at a place between 0 (the beginning) and 1 (the end)."""
    for kind, place, piece in changes:
        at = int(place * len(seed))
        before, after = seed[:at], seed[at:]
        if kind == "insert":
            seed = before + piece + after
        elif kind == "delete":
            seed = before + after[len(piece) :]
        elif kind == "replace":
            seed = before + piece + after[len(piece) :]
        else:
            seed = before + after[:20] + after
    return seed


streams = st.lists(
    st.builds(mutated, st.sampled_from(SEEDS), st.lists(mutations, max_size=4)), min_size=1, max_size=3
).map(b"".join) | st.binary(max_size=100)


def tell(address: tuple[str, int], data: bytes) -> bytes:
    """Send bytes and then a last good request, and return what came back until the collector hung up or fell silent."""
    received = b""
    with closing(socket.create_connection(address, timeout=10)) as connection:
        connection.settimeout(_ANSWER_SECONDS)
        with suppress(OSError):  # it hangs up on what it cannot read, also while we write; or waits for more
            connection.sendall(data + b"GET /robots.txt HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            while chunk := connection.recv(65_536):
                received += chunk
    failed = FAILED.search(received)
    assert failed is None, f"{failed[0]!r} for {data!r}"
    return received
