"""Whatever is sent, the process lives on, nothing false is stored, and the refusal is kept with its reason."""

from __future__ import annotations

import socket
from contextlib import closing

import jsonschema
import pytest

from collector.malformed import MAX_HEAD_BYTES
from tests.integration.collector.running import Answer, RunningCollector
from tests.unit.collector.schemas import EVENT_SCHEMA, REFUSAL_SCHEMA

GOOD = "playerId=123&bannerTag=brandA"
LINE = b"GET /visit?playerId=1&bannerTag=a HTTP/1.1\r\n"

Counts = tuple[int, int]


def counts(collector: RunningCollector) -> Counts:
    return len(collector.events()), len(collector.refusals())


def assert_refused(collector: RunningCollector, before: Counts, answer: Answer, status: int, reason: str) -> None:
    """The answer names the reason and is the pixel; one more refusal is kept, no event; the next pixel works."""
    assert (answer.status, answer.reason, answer.body[:6]) == (status, reason, b"GIF89a")
    refusal = collector.refusals()[-1]
    jsonschema.validate(refusal, REFUSAL_SCHEMA)
    assert (refusal["reason"], refusal["source_ip"]) == (reason, "127.0.0.1")
    assert counts(collector) == (before[0], before[1] + 1)
    assert collector.process.poll() is None
    assert collector.ask(f"/visit?{GOOD}").status == 200


@pytest.mark.parametrize(
    ("target", "status", "reason"),
    [
        ("/visit?bannerTag=brandA", 400, "missing_player_id"),
        ("/registration?playerId=123", 400, "missing_banner_tag"),
        ("/visit?playerId=undefined&bannerTag=brandA", 400, "placeholder_value"),
        ("/deposit?playerId=123&bannerTag=%7Bcampaign%7D", 400, "placeholder_value"),
        (f"/visit?{GOOD}&playerId=124", 400, "repeated_parameter"),
        (f"/visit?{GOOD}&_key=1", 400, "reserved_parameter"),
        (f"/visit?{GOOD}&" + "&".join(f"k{n}=1" for n in range(51)), 400, "too_many_parameters"),
        (f"/visit?{GOOD}&x=" + "y" * 10_000, 400, "too_long"),
        (f"/visit?{GOOD}&x=" + "y" * 60_000, 400, "too_long"),
        (f"/visit?{GOOD}&x=%zz", 400, "bad_encoding"),
        (f"/visit?{GOOD}&x=%", 400, "bad_encoding"),
        (f"/visit?{GOOD}&x=%E9", 400, "bad_encoding"),
        (f"/visit?{GOOD}&x=%ED%A0%80", 400, "bad_encoding"),
        ("/visit?playerId=1%00&bannerTag=brandA", 400, "control_characters"),
        ("/visit?playerId=1&bannerTag=brand%0D%0AA", 400, "control_characters"),
        (f"/visits?{GOOD}", 404, "unknown_path"),
        (f"/%C0%80?{GOOD}", 404, "unknown_path"),
    ],
)
def test_a_pixel_that_is_no_event_is_refused(
    collector: RunningCollector, target: str, status: int, reason: str
) -> None:
    """Over real HTTP, one reason for each way of being wrong."""
    before = counts(collector)

    assert_refused(collector, before, collector.ask(target), status, reason)


@pytest.mark.parametrize(
    ("request_line", "status", "reason"),
    [
        (b"GET /visit?playerId=1\x01&bannerTag=a HTTP/1.1", 400, "control_characters"),
        (b"GET /visit?playerId=1\t&bannerTag=a HTTP/1.1", 400, "control_characters"),
        (b"GET /visit?playerId=1\x00&bannerTag=a HTTP/1.1", 400, "control_characters"),
        (b"GET /visit?playerId=caf\xe9&bannerTag=a HTTP/1.1", 400, "bad_encoding"),
        (b"GET /visit?playerId=caf\xc3\xa9&bannerTag=a HTTP/1.1", 400, "bad_encoding"),
        (b"GET /visit?playerId=1&bannerTag=a b HTTP/1.1", 400, "bad_encoding"),
        (b"GET /vis\xffit HTTP/1.1", 400, "bad_encoding"),
        (b"GET /visit?x=" + b"y" * 200_000 + b" HTTP/1.1", 400, "too_long"),
        (b"PUT /visit?playerId=1&bannerTag=a HTTP/1.1", 405, "method_not_allowed"),
        (b"BREW /visit?playerId=1&bannerTag=a HTTP/1.1", 405, "method_not_allowed"),
        (b"GET /visit?playerId=1 HTTP/2.0", 400, "missing_banner_tag"),
        (b"GET /visit?playerId=1", 400, "missing_banner_tag"),
        (b"GET //visit?playerId=1&bannerTag=a HTTP/1.1", 404, "unknown_path"),
        (b"GET http://x:99999/visit?playerId=1&bannerTag=a HTTP/1.1", 400, "bad_encoding"),
        (LINE + b"User-Agent: a\x01b", 400, "control_characters"),
        (LINE + b"X: \x00", 400, "control_characters"),
        (LINE + b"X : a", 400, "bad_encoding"),
        (LINE + b"X: a\r\n b", 400, "bad_encoding"),
        (LINE + b"Content-Length: abc", 400, "bad_encoding"),
        (LINE.replace(b"\r\n", b"\n") + b"Host: h\n\n", 400, "bad_encoding"),
        (LINE + b"X: " + b"y" * 65_536, 400, "too_long"),
        (LINE + b"X: " + b"y" * 100_000, 400, "too_long"),
        (LINE + b"X: " + b"y" * 200_000, 400, "too_long"),
        (LINE.replace(b"GET", b"POST") + b"Transfer-Encoding: chunked\r\n\r\nnot hexadecimal", 400, "bad_body"),
        (LINE.replace(b"GET", b"POST") + b"Content-Length: 5", 415, "body_not_accepted"),
        (b"POST /visit?playerId=1&bannerTag=a HTTP/1.1\r\nContent-Length: 3\r\n\r\na=b", 415, "body_not_accepted"),
        (b"POST /visit?playerId=1&bannerTag=a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0", 415, "body_not_accepted"),
    ],
)  # fmt: skip
def test_bytes_that_no_client_would_send_are_refused_too(
    collector: RunningCollector, request_line: bytes, status: int, reason: str
) -> None:
    """Also those that the HTTP parser gives up on."""
    before = counts(collector)

    assert_refused(collector, before, collector.ask_raw(request_line + b"\r\n\r\n"), status, reason)


@pytest.mark.parametrize("length", [MAX_HEAD_BYTES, MAX_HEAD_BYTES + 1])
def test_the_limit_of_a_head_does_not_depend_on_packets(collector: RunningCollector, length: int) -> None:
    """The last byte that is allowed is, however a head is cut."""
    head = LINE + b"X: ".ljust(length - len(LINE) - 4, b"y") + b"\r\n\r\n"
    expected = 200 if length <= MAX_HEAD_BYTES else 400

    assert collector.ask_raw(head).status == expected
    with closing(socket.create_connection(collector.address, timeout=30)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, length, 4000):
            connection.sendall(head[start : start + 4000])
        assert connection.recv(12) == f"HTTP/1.1 {expected}".encode()


def test_good_requests_before_a_bad_one_are_answered(collector: RunningCollector) -> None:
    """All came in one packet; the bad one is refused in its turn, and what follows it is not read."""
    events, refusals = counts(collector)

    answer = collector.talk(
        LINE + b"\r\n" + LINE + b"\r\n" + b"GET /visit?playerId=a b HTTP/1.1\r\n\r\n" + LINE + b"\r\n"
    )

    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")] == [b"", b"200", b"200", b"400"]
    assert counts(collector) == (events + 2, refusals + 1)
    assert (collector.refusals()[-1]["reason"], collector.refusals()[-1]["payload"]) == (
        "bad_encoding",
        "GET /visit?playerId=a b",
    )


def test_a_good_request_before_what_is_not_http_is_answered(collector: RunningCollector) -> None:
    """Then the collector hangs up."""
    events, refusals = counts(collector)

    answer = collector.talk(LINE + b"\r\n" + b"\x16\x03\x01\x02")

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert counts(collector) == (events + 1, refusals)


def test_what_is_not_http_is_turned_away(collector: RunningCollector) -> None:
    """Somebody's TLS handshake at this port is answered and forgotten."""
    before = counts(collector)

    answer = collector.ask_raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\r\n\r\n")

    assert answer.status == 400
    assert counts(collector) == before
    assert collector.ask(f"/visit?{GOOD}").status == 200


def test_the_peer_is_the_source_whatever_a_header_claims(collector: RunningCollector) -> None:
    """Anybody can write X-Forwarded-For."""
    collector.ask("/visit?playerId=forwarded&bannerTag=a", headers={"X-Forwarded-For": "198.51.100.7"})

    (event,) = [event for event in collector.events() if event["player_id"] == "forwarded"]
    assert event["source_ip"] == "127.0.0.1"


def test_every_way_to_send_a_pixel_is_stored(collector: RunningCollector) -> None:
    """An image, a beacon (POST without a body) and an HTTP/1.0 client; HEAD stores nothing."""
    for method, player in [("GET", "image"), ("POST", "beacon"), ("HEAD", "checked")]:
        answer = collector.ask(f"/deposit?playerId={player}&bannerTag=ways&s=v-1", method)
        assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    assert collector.ask_raw(b"GET /deposit?playerId=old&bannerTag=ways&s=v-1 HTTP/1.0\r\n\r\n").status == 200

    stored = [event for event in collector.events() if event["banner_tag"] == "ways"]
    for event in stored:
        jsonschema.validate(event, EVENT_SCHEMA)
    assert {event["player_id"] for event in stored} == {"image", "beacon", "old"}
    assert {event["event_type"] for event in stored} == {"deposit"}
