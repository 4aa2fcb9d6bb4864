"""What is not the sender's fault: nothing can store an event (503), or a fault of ours (500)."""

from __future__ import annotations

from typing import Any

import structlog
from falcon.asgi import Response

from collector.answers import answer_not_stored, answer_with_fault
from collector.counters import Counters
from collector.event_log import LogUnavailable
from collector.request import PixelRequest
from collector.request_id import request_id

logger = structlog.get_logger("collector.faults")


class Faults:
    """Falcon's error handlers for faults: each is counted, and told in a log line that the answer's X-Request-Id names."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    async def log_unavailable(
        self, req: PixelRequest, resp: Response, error: LogUnavailable, params: dict[str, Any]
    ) -> None:
        """Answer 503: nothing is known to be stored, and the sender should try again."""
        self._counters.not_stored()
        logger.error("request.not_stored", **_of(req), error=str(error))
        answer_not_stored(resp)
        resp.set_header("X-Request-Id", request_id(req))

    async def unexpected_error(
        self, req: PixelRequest, resp: Response, error: Exception, params: dict[str, Any]
    ) -> None:
        """Answer 500, and tell the sender nothing but that it is a fault of ours."""
        self._counters.failed()
        logger.error("request.failed", **_of(req), exc_info=error)
        answer_with_fault(resp)
        resp.set_header("X-Request-Id", request_id(req))


def _of(req: PixelRequest) -> dict[str, str | None]:
    """Return what a line may say of a request: the route, since a path can hold anything, a player's id too."""
    return {"request_id": request_id(req), "method": req.method, "route": req.uri_template}
