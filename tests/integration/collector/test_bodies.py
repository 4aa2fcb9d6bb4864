"""Bodies over TCP: in pieces, without a length, too long, packed, and such as never come to their end."""

from __future__ import annotations

import gzip
import json
import re
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPResponse
from pathlib import Path

import pytest

from tests.integration.collector.running import Answer, RunningCollector, read_answer
from tests.waiting import until

LIMIT = 1 << 20
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
JSON = b"Content-Type: application/json\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def head(*headers: bytes, path: bytes = b"/visit") -> bytes:
    return b"POST " + path + b" HTTP/1.1\r\nHost: h\r\n" + b"".join(headers) + b"\r\n"


def length(of: int) -> bytes:
    return b"Content-Length: %d\r\n" % of


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


@contextmanager
def connected(collector: RunningCollector) -> Iterator[socket.socket]:
    """Connect; every send is a packet of its own."""
    with closing(socket.create_connection(collector.address, timeout=30)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connection


def answer_on(connection: socket.socket) -> Answer:
    response = HTTPResponse(connection, method="POST")
    response.begin()
    return read_answer(response)


def statuses_on(connection: socket.socket, count: int) -> list[int]:
    """Return the statuses of answers that may come together: a response reads ahead, and would take the next ones with it."""
    received = b""
    while len(found := re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", received)) < count:
        part = connection.recv(1 << 16)
        assert part, "the collector hung up"
        received += part
    return [int(status) for status in found]


def players(collector: RunningCollector) -> list[str]:
    return [event["player_id"] for event in collector.events()]


def test_an_upgrade_that_is_not_made_leaves_the_body(collector: RunningCollector) -> None:
    """Java's HttpClient offers HTTP/2 with every first request to http://; the collector stays with HTTP/1.1."""
    form = b"playerId=upgrade&bannerTag=a"
    offers = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n"
    with connected(collector) as connection:
        for offer in (offers, offers.lower(), b""):
            connection.sendall(head(FORM, offer, length(len(form))) + form)
            assert answer_on(connection).status == 200

    assert players(collector).count("upgrade") == 3


def test_a_body_may_come_in_pieces(collector: RunningCollector) -> None:
    """Byte by byte, with its length or in chunks; and the connection serves the next one."""
    body = b"playerId=pieces&bannerTag=a"

    with connected(collector) as connection:
        for byte in head(FORM, length(len(body))) + body:
            connection.sendall(bytes([byte]))
        assert answer_on(connection).status == 200
        connection.sendall(head(FORM, CHUNKED))
        for byte in body:
            connection.sendall(chunk(bytes([byte])))
        connection.sendall(chunk(b""))
        assert answer_on(connection).status == 200

    assert players(collector).count("pieces") == 2


def test_posts_in_one_packet_are_answered_in_turn(collector: RunningCollector) -> None:
    """Each has its own body."""
    bodies = [b'{"playerId": "packet-%d", "bannerTag": "a"}' % number for number in range(3)]

    with connected(collector) as connection:
        connection.sendall(b"".join(head(JSON, length(len(body))) + body for body in bodies))
        statuses = statuses_on(connection, len(bodies))

    assert statuses == [200, 200, 200]
    assert [player for player in players(collector) if player.startswith("packet-")] == [
        "packet-0",
        "packet-1",
        "packet-2",
    ]


@pytest.mark.parametrize(
    "request_head",
    [
        head(FORM, length(LIMIT + 1)),
        head(FORM, length(1 << 60)),
        head(FORM, length(LIMIT + 1), b"Expect: 100-continue\r\n"),
    ],
)
def test_a_body_announced_too_long_is_refused_before_it_comes(collector: RunningCollector, request_head: bytes) -> None:
    """The sender learns it without having sent anything."""
    with connected(collector) as connection:
        connection.sendall(request_head)
        answer = answer_on(connection)

    assert (answer.status, answer.reason) == (413, "too_long")


def test_a_body_that_grows_too_long_is_refused(collector: RunningCollector) -> None:
    """Nobody said how long it would be."""
    with connected(collector) as connection:
        connection.sendall(head(FORM, CHUNKED))
        for _ in range(LIMIT // 65_536):
            connection.sendall(chunk(b"x" * 65_536))
        connection.sendall(chunk(b"x"))
        answer = answer_on(connection)

    assert (answer.status, answer.reason) == (413, "too_long")


@pytest.mark.parametrize(
    "sent",
    [
        head(FORM, length(100)) + b"playerId=half&bannerTag=a",
        head(FORM, CHUNKED) + chunk(b"playerId=half&bannerTag=a"),
        head(FORM, length(100), b"Expect: 100-continue\r\n"),
    ],
    ids=["with a length", "in chunks", "not yet"],
)
def test_who_hangs_up_in_the_middle_of_a_body_sends_no_event(collector: RunningCollector, sent: bytes) -> None:
    """Half a form would be a whole one with less in it."""
    refusals = len(collector.refusals())

    with connected(collector) as connection:
        connection.sendall(sent)

    until(lambda: len(collector.refusals()) > refusals, what="the broken body is refused")
    assert collector.refusals()[-1]["reason"] == "bad_body"
    assert "half" not in players(collector)


def test_chunks_that_are_none_are_refused(collector: RunningCollector) -> None:
    """What came before them does not become an event."""
    answer = collector.ask_raw(head(FORM, CHUNKED) + chunk(b"playerId=broken&bannerTag=a") + b"no chunk\r\n")

    assert (answer.status, answer.reason) == (400, "bad_body")
    assert "broken" not in players(collector)


def test_a_sender_that_waits_for_100_continue_gets_it(collector: RunningCollector) -> None:
    """curl does so with large bodies."""
    body = b"playerId=continued&bannerTag=a"

    with connected(collector) as connection:
        connection.sendall(head(FORM, length(len(body)), b"Expect: 100-continue\r\n"))
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.sendall(body)
        assert answer_on(connection).status == 200

    assert "continued" in players(collector)


def test_a_packed_batch_is_stored(collector: RunningCollector) -> None:
    """What servers send: lines of JSON, packed."""
    lines = b"\n".join(b'{"eventType":"visit","playerId":"batch-%d","bannerTag":"a"}' % number for number in range(500))
    packed = gzip.compress(lines)

    answer = collector.ask_raw(
        head(b"Content-Type: application/x-ndjson\r\nContent-Encoding: gzip\r\n", length(len(packed)), path=b"/events")
        + packed,
        method="POST",
    )

    assert (answer.status, json.loads(answer.body)["accepted"]) == (200, 500)
    assert {f"batch-{number}" for number in range(500)} <= set(players(collector))


def test_a_gzip_bomb_takes_no_memory(collector: RunningCollector) -> None:
    """A quarter of a gigabyte that came as as many kilobytes is refused when a megabyte of it is unpacked."""
    bomb = gzip.compress(bytes(1 << 28))
    (worker,) = collector.workers()
    before = peak_kilobytes(worker)

    answer = collector.ask_raw(head(FORM, b"Content-Encoding: gzip\r\n", length(len(bomb))) + bomb)

    assert len(bomb) < LIMIT
    assert (answer.status, answer.reason) == (413, "too_long")
    assert peak_kilobytes(worker) < before + 64 * 1024


def peak_kilobytes(pid: int) -> int:
    """Return the most memory a process ever had."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
