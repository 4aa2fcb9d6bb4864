"""GET, HEAD, POST and OPTIONS on /visit, /registration and /deposit."""

from __future__ import annotations

from time import perf_counter

from falcon.asgi import Response

from collector.answers import PixelResponse, answer_preflight, answer_with_event
from collector.body import PIXEL_TYPES, body_parameters, read_body
from collector.clock import Clock
from collector.contract import Event, EventType, Parameters
from collector.counters import Counters
from collector.event_log import EVENTS, EventLog
from collector.events import EventPipeline, to_json
from collector.parameters import merged, read_ordinary_query, read_query
from collector.request import PixelRequest
from collector.signing import SIGNATURE_PARAMETER


class PixelResource:
    """One type of event: record what a request says, answer with the pixel.

    The event is durable before the answer is sent. HEAD answers like GET and stores nothing. A POST says it in the URL,
    in its body (at most `max_body_bytes`), or in both.
    """

    def __init__(
        self,
        event_type: EventType,
        log: EventLog,
        pipeline: EventPipeline,
        clock: Clock,
        counters: Counters,
        *,
        max_body_bytes: int,
    ) -> None:
        self._event_type, self._log, self._pipeline, self._clock = event_type, log, pipeline, clock
        self._counters, self._max_body_bytes = counters, max_body_bytes
        self._reads_signatures = pipeline.signing.is_read(event_type)

    async def on_get(self, req: PixelRequest, resp: PixelResponse) -> None:
        """Store the event, then answer."""
        event, parameters = self._event(req)
        await self._store(event)
        answer_with_event(req, resp, event, parameters)

    async def on_head(self, req: PixelRequest, resp: PixelResponse) -> None:
        """Answer as GET would, without storing anything."""
        answer_with_event(req, resp, *self._event(req))

    async def on_post(self, req: PixelRequest, resp: PixelResponse) -> None:
        """Do as GET does, with what the body says besides."""
        body = await read_body(req, self._max_body_bytes, PIXEL_TYPES)
        event, parameters = self._event(req, body_parameters(req, body) if body else None)
        await self._store(event)
        answer_with_event(req, resp, event, parameters)

    async def on_options(self, req: PixelRequest, resp: Response) -> None:
        """Answer a CORS preflight."""
        answer_preflight(resp, "GET, HEAD, POST")

    def _event(self, req: PixelRequest, in_body: Parameters | None = None) -> tuple[Event, Parameters]:
        """Return the event, and the parameters it was made of."""
        now, pipeline = self._clock(), self._pipeline
        parameters = read_ordinary_query(req.raw_query)
        checked = parameters is not None and in_body is None
        if parameters is None:
            parameters = read_query(req.raw_query)
        in_url = parameters.pop(SIGNATURE_PARAMETER, None)
        if in_body is not None:
            parameters = merged(parameters, in_body)
        if "debug" in parameters or "response" in parameters:
            req.take_options(parameters)
        signature = req.signature(in_url, pipeline.signing, now) if self._reads_signatures else None
        facts = req.facts(self._event_type, now, pipeline.contract, signature)
        return pipeline.event(parameters, facts, checked=checked), parameters

    async def _store(self, event: Event) -> None:
        begun = perf_counter()
        await self._log.append(EVENTS, event.player_id.encode(), to_json(event))
        self._counters.accepted(event.event_type, perf_counter() - begun)
