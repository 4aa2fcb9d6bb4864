"""Senders that never rest, and remember what they sent and what was acknowledged: the only witness of the fault suite.

It imports nothing of the project. Each event has a player of its own, each request a number of its own (in `b`), so that
a record found anywhere tells which request made it. What got no answer, or a 503, is sent again under the same `eventId`
until it is acknowledged, as a careful sender does.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from array import array
from collections import Counter, deque
from collections.abc import Mapping
from threading import Event, Thread
from typing import Any

import uvloop

from tests.waiting import until

GIF = bytes.fromhex("47494638396101000100f00000000000ffffff21f90401000000002c00000000010001000002024401003b")
EVENT_TYPES = ("visit",) * 8 + ("registration", "deposit")
BANNERS = 7
_CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_SECONDS_BETWEEN_TRIES = 0.05


def event_type(player: int) -> str:
    """What the player with this number does."""
    return EVENT_TYPES[player % len(EVENT_TYPES)]


class Load:
    """Events of the players `<name>-0`, `<name>-1`, ... on a number of connections, sent by a thread of its own.

    `pause` is the time in seconds that a connection rests after an answer; 0 is full load. After `each` answers a
    connection is closed and another made, so that every worker has some. `latencies` are the seconds
    until each answer of any kind, `latencies_of_503` of those that said no.
    """

    def __init__(
        self, address: tuple[str, int], name: str, *, connections: int = 16, pause: float = 0.0, each: int = sys.maxsize
    ) -> None:
        self.name = name
        self.sent = 0
        """Requests 0 .. sent - 1 were written to a connection."""
        self.acknowledged: set[int] = set()
        """The requests that were answered 200."""
        self.sent_again: dict[int, int] = {}
        """Request -> player, where the two differ: repeats of an event that was not acknowledged."""
        self.unanswered = 0
        """Requests whose connection ended before the answer."""
        self.strange: Counter[bytes] = Counter()
        """Answers that a good event must not get, by their first line."""
        self.latencies, self.latencies_of_503 = array("d"), array("d")
        self.answers_a_connection = each
        self._address, self._connections, self._pause = address, connections, pause
        self._to_send_again: deque[int] = deque()
        self._stop = Event()
        self._thread = Thread(target=self._run, name=f"load-{name}", daemon=True)
        self._thread.start()

    def wait_for(self, more: int, timeout: float = 60) -> None:
        """Return when so many more requests have been acknowledged."""
        enough = len(self.acknowledged) + more
        until(lambda: len(self.acknowledged) >= enough, timeout=timeout, what=f"{more} more acknowledged events")

    def finish(self, timeout: float = 60) -> None:
        """Begin no new event, send until all are acknowledged, then end."""
        self._stop.set()
        self._thread.join(timeout)
        assert not self._thread.is_alive(), f"{len(self._to_send_again)} events are still not acknowledged"

    def player(self, request: int) -> int:
        """Return the number of the player whose event the request carried."""
        return self.sent_again.get(request, request)

    @property
    def not_stored(self) -> int:
        """How many requests were answered 503 with Retry-After."""
        return len(self.latencies_of_503)

    def players(self) -> int:
        """Return how many events there were, repeats not counted."""
        return self.sent - len(self.sent_again)

    def has_sent(self, event: Mapping[str, Any], request: int) -> bool:
        """Tell whether this is what the request carried."""
        player = self.player(request)
        return 0 <= request < self.sent and (event["event_type"], event["player_id"], event["banner_tag"]) == (
            event_type(player),
            f"{self.name}-{player}",
            f"banner-{player % BANNERS}",
        )

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._converse_on_all())

    async def _converse_on_all(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(self._connections):
                group.create_task(self._converse())

    async def _converse(self) -> None:
        """Send on one connection, and on another when it ends, until there is nothing to send."""
        loop = asyncio.get_running_loop()
        while not self._stop.is_set() or self._to_send_again:
            try:
                _, connection = await loop.create_connection(lambda: _Connection(self, loop), *self._address)
            except OSError:
                await asyncio.sleep(_SECONDS_BETWEEN_TRIES)
                continue
            await connection.ended

    def next_request(self) -> tuple[int, bytes] | None:
        """Return the next request's number and bytes; None when there is nothing to send."""
        if self._to_send_again:
            number, player = self.sent, self._to_send_again.popleft()
            self.sent_again[number] = player
        elif self._stop.is_set():
            return None
        else:
            number = player = self.sent
        self.sent += 1
        return number, (
            f"GET /{event_type(player)}?playerId={self.name}-{player}&bannerTag=banner-{player % BANNERS}"
            f"&eventId={self.name}-{player}&b={self.name}-{number} HTTP/1.1\r\nHost: pixels\r\n\r\n"
        ).encode()

    def answered(self, request: int, head: bytes, seconds: float) -> float:
        """Note an answer; return how long the connection shall rest."""
        self.latencies.append(seconds)
        if head.startswith(b"HTTP/1.1 200 "):
            self.acknowledged.add(request)
            return self._pause
        if head.startswith(b"HTTP/1.1 503 ") and b"\r\nretry-after: " in head.lower():
            self.latencies_of_503.append(seconds)
        else:
            self.strange[head.partition(b"\r\n")[0]] += 1
        self._to_send_again.append(self.player(request))
        return _SECONDS_BETWEEN_TRIES

    def left_without_answer(self, request: int) -> None:
        """Note that the connection ended first."""
        self.unanswered += 1
        self._to_send_again.append(self.player(request))


class _Connection(asyncio.Protocol):
    """One request after the other; `ended` is done when the connection has gone."""

    def __init__(self, load: Load, loop: asyncio.AbstractEventLoop) -> None:
        self.ended: asyncio.Future[None] = loop.create_future()
        self._load, self._loop = load, loop
        self._received = b""
        self._left = load.answers_a_connection
        self._request: int | None = None
        self._began = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Send the first request."""
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        """Note a whole answer and send the next request."""
        if self._received:
            data = self._received + data
        if self._request is None or not _is_whole(data):
            self._received = data
            return
        request, self._request, self._received = self._request, None, b""
        rest = self._load.answered(request, data, time.monotonic() - self._began)
        if rest:
            self._loop.call_later(rest, self._send)
        else:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note a request that got no answer."""
        if self._request is not None:
            self._load.left_without_answer(self._request)
            self._request = None
        self.ended.set_result(None)

    def _send(self) -> None:
        if self._transport.is_closing():
            return
        self._left -= 1
        following = self._load.next_request() if self._left >= 0 else None
        if following is None:
            self._transport.close()
            return
        self._request, request = following
        self._began = time.monotonic()
        self._transport.write(request)


def _is_whole(answer: bytes) -> bool:
    """Tell whether head and body are there."""
    if answer.endswith(GIF):
        return True
    head, separator, body = answer.partition(b"\r\n\r\n")
    length = _CONTENT_LENGTH.search(head)
    return bool(separator) and len(body) >= (int(length[1]) if length else 0)
