"""Errors as problem documents: application/problem+json, RFC 9457."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

import falcon
import falcon.asgi
import msgspec

from pixels.archive import NoArchive
from pixels.errors import BadParameter, NoSnapshot, PixelsError

MEDIA_PROBLEM = "application/problem+json"
_RETRY_AFTER_S = 5
_DETAILS = {
    HTTPStatus.NOT_FOUND: "There is nothing at this path; /api/docs lists what can be asked.",
    HTTPStatus.METHOD_NOT_ALLOWED: "The API only reads; the header Allow names the methods.",
}
"""What is said where the framework says nothing."""

_log = logging.getLogger("metrics_api")
_Request = falcon.asgi.Request
_Response = falcon.asgi.Response


class WrongParameter(falcon.HTTPBadRequest):
    """A query parameter is wrong, missing, repeated or unknown; the document names it as `parameter`."""

    def __init__(self, parameter: str, detail: str) -> None:
        super().__init__(description=detail)
        self.parameter = parameter


class NotThere(falcon.HTTPNotFound):
    """There is nothing of the name that the path says."""

    def __init__(self, detail: str) -> None:
        super().__init__(description=detail)


def explain_errors(app: falcon.asgi.App[_Request, _Response]) -> None:
    """Let every error of an application be answered as a problem document."""
    app.set_error_serializer(write_problem)
    app.add_error_handler(Exception, _unexpected)
    app.add_error_handler(PixelsError, _cannot_be_answered)
    app.add_error_handler(BadParameter, _refuse_parameter)
    app.add_error_handler(NoSnapshot, _nothing_published)
    app.add_error_handler(NoArchive, _nothing_published)


async def _refuse_parameter(_req: _Request, _resp: _Response, error: BadParameter, _params: dict[str, Any]) -> None:
    """Answer a value that cannot be read, or that the read side refuses: 400."""
    raise WrongParameter(error.parameter, str(error))


async def _nothing_published(_req: _Request, _resp: _Response, error: PixelsError, _params: dict[str, Any]) -> None:
    """Answer while there is no snapshot, none that can be read, or not the archive: 503 with what to do."""
    raise falcon.HTTPServiceUnavailable(description=str(error), retry_after=_RETRY_AFTER_S)


async def _cannot_be_answered(req: _Request, _resp: _Response, error: PixelsError, _params: dict[str, Any]) -> None:
    """Answer what the library explains, such as a question that takes too much memory: 503."""
    _log.warning("%s could not be answered: %s", req.uri_template, error)
    raise falcon.HTTPServiceUnavailable(description=str(error), retry_after=_RETRY_AFTER_S)


async def _unexpected(req: _Request, _resp: _Response, error: Exception, _params: dict[str, Any]) -> None:
    """Answer a fault of the program: 500 that tells strangers nothing; the log has it."""
    _log.error("%s failed", req.uri_template, exc_info=error)
    raise falcon.HTTPInternalServerError(description="A fault of the API; its log says more.")


def write_problem(_req: _Request, resp: _Response, error: falcon.HTTPError) -> None:
    """Write any error as a problem document."""
    status = HTTPStatus(error.status_code)
    document: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": int(status)}
    if detail := error.description or _DETAILS.get(status):
        document["detail"] = detail
    if isinstance(error, WrongParameter):
        document["parameter"] = error.parameter
    resp.content_type = MEDIA_PROBLEM
    resp.cache_control = ["no-store"]
    resp.data = msgspec.json.encode(document)
