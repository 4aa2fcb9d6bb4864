"""Who sends no whole request does not hold a connection, and so no place of somebody who does."""

from __future__ import annotations

import asyncio
import resource
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pytest
import uvicorn

from collector.app import create_app
from collector.http_protocol import PixelProtocol
from collector.sinks import Stream
from pixels.config import Settings
from tests.integration.collector.running import RunningCollector, running_collector
from tests.unit.collector.asgi import ListLog
from tests.waiting import until

GOOD = b"/visit?playerId=1&bannerTag=a HTTP/1.1\r\n"
CHUNKED = b"POST " + GOOD + b"Transfer-Encoding: chunked\r\n\r\n"
KEEP_ALIVE_SECONDS = 60  # so long that it is not what ends a connection here
ENOUGH_SECONDS = 20


class ImpatientProtocol(PixelProtocol):
    """The collector's protocol with a limit that a test can wait for."""

    RECEIVE_SECONDS: ClassVar[float] = 0.3


@asynccontextmanager
async def serving(
    log: ListLog, protocol: type[PixelProtocol] = ImpatientProtocol, settings: Settings | None = None
) -> AsyncIterator[tuple[str, int]]:
    """Serve the application by uvicorn as the collector does, in this process."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(log, settings),
            http=protocol,
            ws="none",
            log_config=None,  # it would stay set for the tests after this one
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
    )
    task = asyncio.create_task(server.serve(sockets=[listener]))
    yield listener.getsockname()
    server.should_exit = True
    await task


async def answer_until_the_end(address: tuple[str, int], *packets: bytes) -> bytes:
    """Send packets one after the other and return all that comes back until the collector hangs up."""
    async with asyncio.timeout(ENOUGH_SECONDS):
        reader, writer = await asyncio.open_connection(*address)
        for packet in packets:
            writer.write(packet)
            await writer.drain()
        answer = await reader.read()
        writer.close()
        return answer


@pytest.mark.parametrize(
    "packets",
    [(), (b"GET /vis",), (b"GET " + GOOD,), (b"\r\n",)],
    ids=lambda packets: repr(packets[:1]),
)
async def test_a_request_that_does_not_come_ends_the_connection(packets: tuple[bytes, ...]) -> None:
    """Without an answer, and nothing is kept: there was no request."""
    log = ListLog()

    async with serving(log) as address:
        assert await answer_until_the_end(address, *packets) == b""

    assert log.records == []


async def test_a_body_that_does_not_come_is_refused() -> None:
    """A body was announced; the collector waits no longer for it than for a head."""
    log = ListLog()

    async with serving(log) as address:
        answer = await answer_until_the_end(address, CHUNKED)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert [refusal["reason"] for refusal in log.refusals()] == ["bad_body"]
    assert log.events() == []


async def test_a_body_without_end_ends_the_connection() -> None:
    """Also after the answer was given."""
    log = ListLog()

    async with serving(log) as address:
        answer = await answer_until_the_end(address, CHUNKED, b"1\r\nx\r\n")

    assert answer.startswith(b"HTTP/1.1 415 ")
    assert len(log.refusals()) == 1


async def test_a_body_that_ends_after_its_answer_leaves_no_connection_without_a_limit() -> None:
    """Neither a request nor a pause between two is under way then."""
    async with serving(ListLog()) as address, asyncio.timeout(ENOUGH_SECONDS):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(CHUNKED + b"1\r\nx\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 415 ")
        writer.write(b"0\r\n\r\n")
        await reader.read()
        writer.close()


@pytest.mark.parametrize(("method", "status"), [("POST", 415), ("GET", 200)])
async def test_an_announced_body_is_not_waited_for(method: str, status: int) -> None:
    """The answer does not depend on it, so it is given at once."""
    async with serving(ListLog(), PixelProtocol) as address, asyncio.timeout(PixelProtocol.RECEIVE_SECONDS / 2):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(method.encode() + b" " + GOOD + b"Content-Length: 5\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(f"HTTP/1.1 {status} ".encode())
        writer.close()


async def test_drops_do_not_put_the_limit_off() -> None:
    """The limit holds for the request as a whole, not between its bytes."""
    async with serving(ListLog()) as address, asyncio.timeout(ENOUGH_SECONDS):
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"GET /visit?x=")
        hung_up = asyncio.create_task(reader.read())
        while not hung_up.done():
            writer.write(b"y")
            await asyncio.wait([hung_up], timeout=ImpatientProtocol.RECEIVE_SECONDS / 10)
        with suppress(ConnectionResetError):  # a drop may have come too late
            assert hung_up.result() == b""
        writer.close()


async def test_the_limit_holds_for_each_request_of_a_connection() -> None:
    """A good request is answered, and gives no right to stay with half of another."""
    log = ListLog()

    async with serving(log) as address:
        answer = await answer_until_the_end(address, b"GET " + GOOD + b"\r\n", b"GET /vis")

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert len(log.events()) == 1


async def test_the_time_between_two_requests_does_not_count() -> None:
    """A connection that is kept open has a limit of its own."""
    log = ListLog()

    async with serving(log) as address, asyncio.timeout(ENOUGH_SECONDS):
        reader, writer = await asyncio.open_connection(*address)
        for _ in range(2):
            writer.write(b"GET " + GOOD + b"\r\n")
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            await reader.readexactly(43)
            with pytest.raises(TimeoutError):  # the collector neither sends anything nor hangs up
                await asyncio.wait_for(reader.read(1), timeout=2 * ImpatientProtocol.RECEIVE_SECONDS)
        writer.close()

    assert len(log.events()) == 2


@dataclass
class WaitingLog(ListLog):
    """A log that stores nothing before it is told to."""

    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def append(self, stream: Stream, key: bytes | None, value: bytes) -> None:
        await self.go.wait()
        await super().append(stream, key, value)


@pytest.mark.parametrize("first", [b"", b"POST " + GOOD + b"Content-Length: 0\r\n\r\n", CHUNKED + b"0\r\n\r\n"])
async def test_requests_that_wait_for_an_answer_are_not_read_without_end(first: bytes) -> None:
    """Who sends faster than events can be stored waits, whether or not he waits for answers; all are answered in the end."""
    connections: list[PixelProtocol] = []

    class Watched(PixelProtocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            connections.append(self)

    log, number = WaitingLog(), 4_000
    async with serving(log, Watched) as address, asyncio.timeout(ENOUGH_SECONDS):
        reader, writer = await asyncio.open_connection(*address, limit=2**24)
        writer.write(first + (b"GET " + GOOD + b"\r\n") * number)
        await asyncio.to_thread(until, lambda: connections and connections[0].flow.read_paused)
        most = len(connections[0].pipeline)
        log.go.set()
        for _ in range(number + bool(first)):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            await reader.readexactly(43)
            most = max(most, len(connections[0].pipeline))
        writer.close()

    assert most < 500
    assert len(log.events()) == number + bool(first)


async def test_who_does_not_read_his_answers_does_not_hold_the_connection() -> None:
    """Nor does he hold up the end of a collector that is told to stop."""

    async def ask_without_end(address: tuple[str, int]) -> None:
        _, writer = await asyncio.open_connection(*address)  # its buffer takes some answers, and nobody reads them
        while True:
            writer.write((b"GET /pixels.js HTTP/1.1\r\n\r\n") * 1000)
            await writer.drain()

    async with serving(ListLog()) as address, asyncio.timeout(ENOUGH_SECONDS):
        with pytest.raises(ConnectionError):
            await ask_without_end(address)


@pytest.mark.parametrize("number", [1, 3])
async def test_who_says_that_nothing_more_comes_is_answered(number: int) -> None:
    """Half a connection is enough for an answer, and it ends after the last one."""
    log = WaitingLog()

    async with serving(log, PixelProtocol) as address, asyncio.timeout(PixelProtocol.RECEIVE_SECONDS / 2):
        reader, writer = await asyncio.open_connection(*address)
        writer.write((b"GET " + GOOD + b"\r\n") * number)
        writer.write_eof()
        asyncio.get_running_loop().call_later(0.1, log.go.set)
        answers = await reader.read()
        writer.close()

    assert answers.count(b"HTTP/1.1 200 ") == number
    assert len(log.events()) == number


async def test_a_trailer_is_no_header() -> None:
    """What follows a body in chunks no proxy has looked at; it must not pass for what a proxy says."""
    log = ListLog()
    settings = Settings.model_construct(trusted_proxies="127.0.0.1/32")

    async with serving(log, settings=settings) as address:
        await answer_until_the_end(
            address,
            b"POST " + GOOD + b"X-Forwarded-For: 203.0.113.9\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            b"0\r\nX-Forwarded-For: 198.51.100.6\r\nUser-Agent: trailer\r\n\r\n",
        )

    assert [(event["source_ip"], event["user_agent"]) for event in log.events()] == [("203.0.113.9", None)]


@pytest.mark.parametrize(("version", "heads"), [(b"1.0", 1), (b"1.1", 2)])
async def test_only_who_speaks_http_1_1_is_told_to_continue(version: bytes, heads: int) -> None:
    """To HTTP/1.0 an answer that is not the last one is no answer (RFC 9110, section 10.1.1)."""
    request = b"POST /visit?playerId=1&bannerTag=a HTTP/" + version + b"\r\nConnection: close\r\n"

    async with serving(ListLog()) as address:
        answer = await answer_until_the_end(address, request + b"Expect: 100-continue\r\nContent-Length: 0\r\n\r\n")

    assert answer.count(b"HTTP/1.1 ") == heads


def test_a_want_of_descriptors_is_logged_and_ends_with_its_cause(tmp_path: Path) -> None:
    """Connections that the kernel does not let the collector take would be lost without a word."""
    with running_collector(tmp_path) as collector:
        until(lambda: is_answered(collector))
        (worker,) = collector.workers()
        in_use = len(list(Path(f"/proc/{worker}/fd").iterdir()))
        resource.prlimit(worker, resource.RLIMIT_NOFILE, (in_use + 10, in_use + 10))
        connections = [socket.create_connection(collector.address) for _ in range(30)]

        until(lambda: b"collector.no_file_descriptors_left" in collector.errors.read_bytes())

        for connection in connections:
            connection.close()
        until(lambda: is_answered(collector))


def is_answered(collector: RunningCollector) -> bool:
    """Tell whether the collector takes a pixel."""
    try:
        return collector.ask("/visit?playerId=1&bannerTag=a").status == 200
    except ConnectionError:
        return False


def test_an_idle_connection_stays_open_as_long_as_the_setting_says(tmp_path: Path) -> None:
    """Longer than the proxy's in front, so that the proxy never sends on a connection that has just been closed."""
    with (
        running_collector(tmp_path, PIXELS_KEEP_ALIVE="1") as collector,
        socket.create_connection(collector.address, timeout=ENOUGH_SECONDS) as connection,
    ):
        connection.sendall(b"GET " + GOOD + b"Host: h\r\n\r\n")
        answered = connection.recv(4096)
        begun = time.monotonic()
        assert connection.recv(4096) == b""
        idle = time.monotonic() - begun

    assert answered.startswith(b"HTTP/1.1 200 ")
    assert idle > 0.9
