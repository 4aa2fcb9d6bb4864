"""`/healthz` and `/readyz`: whether the process serves, and whether it can make an event durable now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import falcon
import msgspec
from falcon.asgi import Response

from collector.answers import RETRY_AFTER_SECONDS
from collector.event_log import EventLog, LogUnavailable
from collector.insiders import Insiders
from collector.request import PixelRequest

CHECK_SECONDS = 5.0
KEPT_SECONDS = 1.0


class Readiness(msgspec.Struct, frozen=True, omit_defaults=True):
    """What `/readyz` says; `log` is where events go now, `detail` is for insiders."""

    ready: bool
    log: str | None = None
    detail: str | None = None

    def for_outsiders(self) -> Readiness:
        """Return it without the detail, which may name folders and hosts."""
        return msgspec.structs.replace(self, detail=None)


class ReadinessCheck:
    """Asks the log whether it can make an event durable, at most once a second, for all who want to know.

    The proof is a real write, so it must cost a stranger more to ask than the collector to answer.
    """

    def __init__(
        self, log: EventLog, *, patience: float = CHECK_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._log, self._patience, self._clock = log, patience, clock
        self._known: tuple[float, asyncio.Future[Readiness]] | None = None

    async def readiness(self) -> Readiness:
        """Return what was found at most a second ago, or what is found now."""
        if self._known is None or (self._known[1].done() and self._clock() - self._known[0] > KEPT_SECONDS):
            self._known = self._clock(), asyncio.ensure_future(self._ask())
        return await asyncio.shield(self._known[1])

    async def _ask(self) -> Readiness:
        try:
            async with asyncio.timeout(self._patience):
                state = await self._log.check()
        except LogUnavailable as error:
            return Readiness(ready=False, detail=str(error))
        except TimeoutError:
            return Readiness(ready=False, detail=f"the log has not answered for {self._patience:g} s")
        return Readiness(ready=True, log=state.log, detail=state.detail)


class HealthResource:
    """GET and HEAD on /healthz: 200 while the process serves, whatever the log is able to do."""

    async def on_get(self, req: PixelRequest, resp: Response) -> None:
        """Say so."""
        resp.data, resp.content_type, resp.cache_control = b'{"alive":true}', falcon.MEDIA_JSON, ["no-store"]

    on_head = on_get


class ReadyResource:
    """GET and HEAD on /readyz: 200 when an event can be made durable now, 503 when it cannot."""

    def __init__(self, log: EventLog, insiders: Insiders) -> None:
        self._check, self._insiders = ReadinessCheck(log), insiders

    async def on_get(self, req: PixelRequest, resp: Response) -> None:
        """Answer in JSON which log takes events, or why none does."""
        found = await self._check.readiness()
        if not found.ready:
            resp.status, resp.retry_after = falcon.HTTP_503, RETRY_AFTER_SECONDS
        shown = found if self._insiders.include(req) else found.for_outsiders()
        resp.data, resp.content_type, resp.cache_control = msgspec.json.encode(shown), falcon.MEDIA_JSON, ["no-store"]

    on_head = on_get
