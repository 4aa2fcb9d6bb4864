"""Ask the collector's application as an ASGI server would, with bytes no HTTP client would send, and a log to look into."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from collector.app import create_app
from collector.event_log import LogState
from collector.sinks import EVENTS, REJECTED, LogUnavailable, Stream
from pixels.config import Settings

NOW = datetime(2026, 11, 22, 16, 0, 0, 123987, tzinfo=UTC)


@dataclass
class ListLog:
    """A log that keeps records in lists, and can be told to be full or broken."""

    failure: Exception | None = None
    closed: bool = False
    records: list[tuple[Stream, bytes | None, bytes]] = field(default_factory=list)

    async def append(self, stream: Stream, key: bytes | None, value: bytes) -> None:
        if self.failure:
            raise self.failure
        self.records.append((stream, key, value))

    async def check(self) -> LogState:
        if self.failure:
            raise self.failure
        return LogState("local", "a list")

    def close(self) -> None:
        self.closed = True

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(value) for stream, _, value in self.records if stream == EVENTS]

    def refusals(self) -> list[dict[str, Any]]:
        return [json.loads(value) for stream, _, value in self.records if stream == REJECTED]


FULL = LogUnavailable("no space left")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


async def ask(
    log: ListLog,
    path: str,
    query: bytes = b"",
    *,
    method: str = "GET",
    headers: Sequence[tuple[bytes, bytes]] = (),
    body: bytes = b"",
    client: tuple[str, int] | None = ("203.0.113.9", 4711),
    settings: Settings | None = None,
) -> Answer:
    """Return the application's answer to one request, at the instant NOW."""
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": method,
        "path": path, "raw_path": path.encode(), "query_string": query, "headers": list(headers), "client": client,
        "server": ("127.0.0.1", 8787), "scheme": "http", "root_path": "",
    }  # fmt: skip
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await create_app(log, settings, clock=lambda: NOW)(scope, receive, send)
    start, *rest = sent
    answered = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], answered, b"".join(message.get("body", b"") for message in rest))
