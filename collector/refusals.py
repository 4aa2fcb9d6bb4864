"""What happens to a request that does not become an event."""

from __future__ import annotations

from typing import Any

import falcon
from falcon.asgi import Response

from collector.answers import answer_with_refusal, log_unavailable
from collector.clock import Clock, iso_milliseconds
from collector.contract import Contract, InvalidEvent, Sender
from collector.event_log import REJECTED, EventLog, LogUnavailable
from collector.events import refusal_of, to_json
from collector.request import MALFORMED, PixelRequest


class Refusals:
    """Keeps what was refused with its reason, then answers.

    A refusal that cannot be kept is answered 503. HEAD stores nothing, refusals included.
    """

    def __init__(self, log: EventLog, clock: Clock, contract: Contract) -> None:
        self._log, self._clock, self._contract = log, clock, contract

    async def refuse(self, req: PixelRequest, resp: Response, refused: InvalidEvent, _: dict[str, Any]) -> None:
        """Keep the refusal and answer with the pixel and the reason."""
        if req.method != "HEAD":
            try:
                await self.keep(refused, req.payload(), req.sender(self._contract))
            except LogUnavailable as error:  # Falcon looks for no handler of an error that a handler raises
                await log_unavailable(req, resp, error, {})
                return
        answer_with_refusal(resp, refused)

    async def keep(self, refused: InvalidEvent, payload: bytes, sender: Sender) -> None:
        """Keep a refusal; raises `LogUnavailable`."""
        refusal = refusal_of(
            refused, payload, sender, received_at=iso_milliseconds(self._clock()), contract=self._contract
        )
        await self._log.append(REJECTED, None, to_json(refusal))

    async def unknown_path(self, req: PixelRequest, resp: Response | None, **_: Any) -> None:
        """Refuse what no route takes: other paths, and request lines that the HTTP parser could not read."""
        malformed: InvalidEvent | None = req.scope.get(MALFORMED)
        raise malformed or InvalidEvent("unknown_path", req.path)

    async def method_not_allowed(
        self, req: PixelRequest, resp: Response, error: falcon.HTTPError, params: dict[str, Any]
    ) -> None:
        """Refuse a method that the path does not take, and say which it takes."""
        await self.refuse(req, resp, InvalidEvent("method_not_allowed", req.method), params)
        if error.headers:
            resp.set_headers(error.headers)
