"""Whatever is asked, however wrongly: no answer tells what the collector is made of, and each has the security headers."""

from __future__ import annotations

import re
import resource
from pathlib import Path

import pytest

from tests.integration.collector.running import RunningCollector, running_collector

FRAMEWORKS = re.compile(rb"uvicorn|gunicorn|falcon|python|httptools|llhttp|uvloop|msgspec|zlib|asgi|traceback", re.I)
SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'",
    "cross-origin-resource-policy": "cross-origin",
}
GET = b"GET /visit?playerId=1&bannerTag=a HTTP/1.1\r\nHost: h\r\n"
POST = b"POST /visit?playerId=1&bannerTag=a&debug=1 HTTP/1.1\r\nHost: h\r\n"
JSON = b"Content-Type: application/json\r\n"

REQUESTS = {
    "pixel": (GET, 200),
    "form": (POST + b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\ns=1", 200),
    "web socket": (GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\nSec-WebSocket-Version: 13", 200),
    "upgrade": (GET + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA", 200),
    "preflight": (b"OPTIONS /visit HTTP/1.1\r\nOrigin: https://a.example\r\nAccess-Control-Request-Method: POST", 204),
    "other options": (b"OPTIONS / HTTP/1.1", 200),
    "icon": (b"GET /favicon.ico HTTP/1.1", 204),
    "script": (b"GET /pixels.js HTTP/1.1", 200),
    "health": (b"GET /healthz HTTP/1.1", 200),
    "no event": (b"GET /visit?debug=1 HTTP/1.1", 400),
    "path": (b"GET /nothing?debug=1 HTTP/1.1\r\nAccept: application/json", 404),
    "path with dots": (b"GET /../../etc/passwd HTTP/1.1", 404),
    "metrics from outside": (b"GET /metrics HTTP/1.1\r\nX-Forwarded-For: 203.0.113.9", 404),
    "star": (b"OPTIONS * HTTP/1.1", 404),
    "method": (b"PUT /visit HTTP/1.1", 405),
    "trace": (b"TRACE / HTTP/1.1", 405),
    "unknown method": (b"BREW /visit HTTP/1.1", 405),
    "tunnel": (b"CONNECT example.com:443 HTTP/1.1", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM", 405),
    "HTTP/3": (b"GET /visit HTTP/3.0", 400),
    "HTTP/0.9": (b"GET /visit", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "nonsense": (b"hello", 400),
    "long line": (b"GET /" + b"x" * 70_000 + b" HTTP/1.1", 400),
    "long header": (GET + b"X: " + b"y" * 70_000, 400),
    "length that is none": (POST + b"Content-Length: abc", 400),
    "two lengths": (POST + b"Content-Length: 3\r\nContent-Length: 4", 400),
    "length and chunks": (POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0", 400),
    "broken chunk": (POST + b"Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\nzz", 400),
    "long body": (POST + JSON + b"Content-Length: 99999999999999", 413),
    "broken JSON": (POST + JSON + b'Content-Length: 9\r\n\r\n{"a": 1,,', 400),
    "deep JSON": (POST + JSON + b"Content-Length: 90000\r\n\r\n" + b"[" * 90_000, 400),
    "broken gzip": (POST + JSON + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", 400),
    "other encoding": (POST + JSON + b"Content-Encoding: br\r\nContent-Length: 3\r\n\r\nabc", 415),
    "other content": (POST + b"Content-Type: text/xml\r\nContent-Length: 3\r\n\r\nabc", 415),
    "empty batch": (b"POST /events HTTP/1.1\r\n" + JSON + b"Content-Length: 2\r\n\r\n[]", 400),
    "broken batch": (b"POST /events HTTP/1.1\r\n" + JSON + b"Content-Length: 3\r\n\r\n[{]", 400),
    "signature": (GET + b"X-Pixels-Signature: k=a,t=1,v1=zz", 403),
}  # fmt: skip


@pytest.mark.parametrize("name", REQUESTS)
def test_an_answer_tells_nothing_of_what_gives_it(collector: RunningCollector, name: str) -> None:
    """Status lines, headers and bodies, also of those answers that the HTTP server gives by itself."""
    request, status = REQUESTS[name]

    answer = collector.ask_raw(request + b"\r\n\r\n")

    assert answer.status == status
    assert SECURITY_HEADERS.items() <= answer.headers.items()
    assert not {"server", "x-powered-by", "via"} & answer.headers.keys()
    assert not FRAMEWORKS.search(answer.body) or name == "script"
    assert not FRAMEWORKS.search(repr(answer.headers).encode())


def test_neither_does_the_answer_when_nothing_can_be_stored(tmp_path: Path) -> None:
    """503 says that the event is not stored and when to try again; why stands in the collector's own log."""
    with running_collector(tmp_path) as collector:
        assert collector.ask("/healthz").status == 200
        (worker,) = collector.workers()
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))  # as a full disk
        answer = collector.ask("/visit?playerId=1&bannerTag=a&debug=1")

    assert (answer.status, answer.headers["retry-after"].isdigit()) == (503, True)
    assert SECURITY_HEADERS.items() <= answer.headers.items()
    assert not re.search(rb"sqlite|database|slot|/|python", answer.body, re.I)
