"""GET, HEAD, POST and OPTIONS on /visit, /registration and /deposit."""

from __future__ import annotations

from time import perf_counter

from falcon.asgi import Response

from collector.answers import answer_preflight, answer_with_pixel
from collector.clock import Clock
from collector.contract import Event, EventType, InvalidEvent
from collector.counters import Counters
from collector.event_log import EVENTS, EventLog
from collector.events import EventPipeline, to_json
from collector.parameters import read_query
from collector.request import MALFORMED, PixelRequest
from collector.signing import SIGNATURE_PARAMETER


class PixelResource:
    """One type of event: record what a request says, answer with the pixel.

    The event is durable before the answer is sent. HEAD answers like GET and stores nothing.
    """

    def __init__(
        self, event_type: EventType, log: EventLog, pipeline: EventPipeline, clock: Clock, counters: Counters
    ) -> None:
        self._event_type, self._log, self._pipeline, self._clock = event_type, log, pipeline, clock
        self._counters = counters
        self._reads_signatures = pipeline.signing.is_read(event_type)

    async def on_get(self, req: PixelRequest, resp: Response) -> None:
        """Store the event, then answer."""
        event = self._event(req)
        begun = perf_counter()
        await self._log.append(EVENTS, event.player_id.encode(), to_json(event))
        self._counters.accepted(event.event_type, perf_counter() - begun)
        answer_with_pixel(resp)

    async def on_head(self, req: PixelRequest, resp: Response) -> None:
        """Answer as GET would, without storing anything."""
        self._event(req)
        answer_with_pixel(resp)

    async def on_post(self, req: PixelRequest, resp: Response) -> None:
        """Refuse a body, one that is announced without waiting for it; without one do as GET does."""
        if req.content_length or await req.stream.read(1):
            raise InvalidEvent("body_not_accepted", "parameters belong in the URL; the body must be empty")
        if broken_off := req.scope.get(MALFORMED):  # a body that did not come to its end must not become an event
            raise broken_off
        await self.on_get(req, resp)

    async def on_options(self, req: PixelRequest, resp: Response) -> None:
        """Answer a CORS preflight."""
        answer_preflight(resp)

    def _event(self, req: PixelRequest) -> Event:
        now, pipeline = self._clock(), self._pipeline
        parameters = read_query(req.raw_query)
        in_url = parameters.pop(SIGNATURE_PARAMETER, None)
        signature = req.signature(in_url, pipeline.signing, now) if self._reads_signatures else None
        facts = req.facts(self._event_type, now, pipeline.contract, signature)
        return pipeline.event(parameters, facts)
