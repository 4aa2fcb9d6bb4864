"""What happens to a request that does not become an event: it is counted, kept as far as the rate allows, and answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import falcon
import structlog
from falcon.asgi import Response

from collector.answers import PixelResponse, answer_with_refusal
from collector.clock import Clock, iso_milliseconds
from collector.contract import Contract, InvalidEvent, Reason, Refusal, Sender
from collector.counters import Counters
from collector.event_log import REJECTED, EventLog, LogUnavailable
from collector.events import refusal_of, to_json
from collector.faults import Faults
from collector.request import MALFORMED, PixelRequest
from collector.request_id import request_id

logger = structlog.get_logger("collector.refusals")

NEVER_KEPT: Final = frozenset({"do_not_track", "rate_limited"})
"""Reasons of which nothing is kept but the count."""

SUMMARY_SECONDS = 1.0
_SECONDS_BETWEEN_LINES = 60.0


class Refusals:
    """Keeps refusals, `rate` in a second at most, and counts all; once a second it keeps the counts of the others.

    So a flood of junk costs the log that many records a second and one a reason, and junk beyond the rate is answered
    at once, without waiting for a log. A refusal that was to be kept and cannot is answered 503. HEAD stores nothing,
    refusals included.
    """

    def __init__(
        self,
        log: EventLog,
        counters: Counters,
        faults: Faults,
        *,
        rate: int,
        clock: Clock,
        contract: Contract,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log, self._counters, self._faults = log, counters, faults
        self._rate, self._clock, self._contract, self._seconds = rate, clock, contract, seconds
        self._second, self._kept_in_second = 0, 0
        self._summaries = Summaries(log, counters, clock, seconds)

    async def refuse(self, req: PixelRequest, resp: PixelResponse, refused: InvalidEvent, _: dict[str, Any]) -> None:
        """Count the refusal, keep it if it is to be kept, and answer with the pixel and the reason."""
        if req.method == "HEAD":
            self._counters.refused(refused.reason)
        elif self._is_to_be_kept(refused.reason):
            await self._keep_and_answer(req, resp, refused)
            return
        answer_with_refusal(req, resp, refused)

    async def keep(self, refused: InvalidEvent, payload: bytes, sender: Sender) -> None:
        """Count a refusal and keep it if it is to be kept; raises `LogUnavailable`, and has counted nothing then."""
        if self._is_to_be_kept(refused.reason):
            await self._keep(refused, payload, sender)

    async def unknown_path(self, req: PixelRequest, resp: Response | None, **_: Any) -> None:
        """Refuse what no route takes: other paths, and request lines that the HTTP parser could not read."""
        malformed: InvalidEvent | None = req.scope.get(MALFORMED)
        raise malformed or InvalidEvent("unknown_path", req.path)

    async def method_not_allowed(
        self, req: PixelRequest, resp: PixelResponse, error: falcon.HTTPError, params: dict[str, Any]
    ) -> None:
        """Refuse a method that the path does not take, and say which it takes."""
        await self.refuse(req, resp, InvalidEvent("method_not_allowed", req.method), params)
        if error.headers:
            resp.set_headers(error.headers)

    async def process_startup(self, scope: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        """Write what an earlier worker counted and could not write any more."""
        self._summaries.write_soon()

    async def process_shutdown(self, scope: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        """Write what was counted since the last summaries; the log is closed after that."""
        await self._summaries.close()

    def _is_to_be_kept(self, reason: Reason) -> bool:
        """Tell whether to keep a refusal; one that is not to be kept has been counted then."""
        if reason not in NEVER_KEPT and self._is_within_rate():
            return True
        self._counters.refused(reason)
        self._summaries.count(reason)
        return False

    async def _keep(self, refused: InvalidEvent, payload: bytes, sender: Sender) -> None:
        received_at = iso_milliseconds(self._clock())
        refusal = refusal_of(refused, payload, sender, received_at=received_at, contract=self._contract)
        await self._log.append(REJECTED, None, to_json(refusal))
        self._counters.refused(refused.reason)

    async def _keep_and_answer(self, req: PixelRequest, resp: PixelResponse, refused: InvalidEvent) -> None:
        try:
            payload, sender = req.refused_payload(req.raw_body), req.refused_sender(self._contract)
            await self._keep(req.kept_reason(refused), payload, sender)
        except LogUnavailable as error:  # Falcon looks for no handler of an error that a handler raises
            await self._faults.log_unavailable(req, resp, error, {})
        else:
            answer_with_refusal(req, resp, refused)
            resp.set_header("X-Request-Id", request_id(req))  # those that are only counted are all answered alike

    def _is_within_rate(self) -> bool:
        second = int(self._seconds())
        if second != self._second:
            self._second, self._kept_in_second = second, 0
        self._kept_in_second += 1
        return self._kept_in_second <= self._rate


class Summaries:
    """Writes one record a reason for the refusals that were not kept: once a second while there are any, and at the end.

    What is still to be written stands in the counters, not here, so that it survives a kill -9 of the worker. Only one
    that comes between a record and the note that it was written makes the next worker write it again.
    """

    def __init__(self, log: EventLog, counters: Counters, clock: Clock, seconds: Callable[[], float]) -> None:
        self._log, self._counters, self._clock, self._seconds = log, counters, clock, seconds
        self._closing = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None
        self._not_told, self._told_at = 0, -_SECONDS_BETWEEN_LINES

    def count(self, reason: Reason) -> None:
        """Count a refusal that is not kept."""
        self._counters.not_kept(reason)
        self._not_told += reason not in NEVER_KEPT
        self.write_soon()

    def write_soon(self) -> None:
        """See to it that what was counted is written within a second; costs nothing when somebody does so already."""
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_while_there_are_any(), name="summaries-of-refusals")

    async def close(self) -> None:
        """Write what is left; what the log does not take is told in the collector's own log lines."""
        self._closing.set()
        self.write_soon()
        while self._writing:
            await asyncio.wait([self._writing])
        if left := self._counters.to_summarise():
            logger.error("refusals.summaries_lost", refusals=left)

    async def _write_while_there_are_any(self) -> None:
        try:
            while self._counters.to_summarise():
                with suppress(TimeoutError):
                    async with asyncio.timeout(SUMMARY_SECONDS):
                        await self._closing.wait()
                closing = self._closing.is_set()
                await self._write()
                if closing:
                    return
        finally:
            self._writing = None

    async def _write(self) -> None:
        self._tell()
        for reason, count in self._counters.to_summarise().items():
            try:
                await self._log.append(REJECTED, None, to_json(self._summary(reason, count)))
            except LogUnavailable as error:  # the counts stay, and are written when the log takes records again
                logger.warning("refusals.summary_not_stored", error=str(error))
                return
            self._counters.summarised(reason, count)

    def _summary(self, reason: Reason, count: int) -> Refusal:
        return Refusal(
            reason=reason,
            detail=f"{count} more within a second, not kept singly",
            count=count,
            received_at=iso_milliseconds(self._clock()),
            source_ip=None,
            user_agent=None,
            payload="",
        )

    def _tell(self) -> None:
        """Say in the log that junk comes faster than it is kept: at once, then a line a minute with the number since."""
        now = self._seconds()
        if self._not_told and now - self._told_at >= _SECONDS_BETWEEN_LINES:
            logger.warning("refusals.not_kept_singly", refusals=self._not_told)
            self._not_told, self._told_at = 0, now
