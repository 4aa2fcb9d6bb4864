"""Errors as problem documents: application/problem+json, RFC 9457."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import falcon
import falcon.asgi
import msgspec

from pixels.errors import BadParameter, NoSnapshot

MEDIA_PROBLEM = "application/problem+json"
_RETRY_AFTER_S = 5


class WrongParameter(falcon.HTTPBadRequest):
    """A query parameter is wrong, missing, repeated or unknown; the document names it as `parameter`."""

    def __init__(self, parameter: str, detail: str) -> None:
        super().__init__(description=detail)
        self.parameter = parameter


async def refuse_parameter(
    _req: falcon.asgi.Request, _resp: falcon.asgi.Response, error: BadParameter, _params: dict[str, Any]
) -> None:
    """Answer a value that the read side refuses: 400."""
    raise WrongParameter(error.parameter, str(error))


async def nothing_published(
    _req: falcon.asgi.Request, _resp: falcon.asgi.Response, error: NoSnapshot, _params: dict[str, Any]
) -> None:
    """Answer while there is no snapshot, or none that can be read: 503 with what to do."""
    raise falcon.HTTPServiceUnavailable(description=str(error), retry_after=_RETRY_AFTER_S)


def write_problem(_req: falcon.asgi.Request, resp: falcon.asgi.Response, error: falcon.HTTPError) -> None:
    """Write any error as a problem document."""
    status = HTTPStatus(error.status_code)
    document: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": int(status)}
    if error.description:
        document["detail"] = error.description
    if isinstance(error, WrongParameter):
        document["parameter"] = error.parameter
    resp.content_type = MEDIA_PROBLEM
    resp.cache_control = ["no-store"]
    resp.data = msgspec.json.encode(document)
