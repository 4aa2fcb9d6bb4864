"""What the collector answers: the pixel, nothing (204), an explanation in JSON, a refusal with its reason, a preflight."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

import falcon
import msgspec
from falcon.asgi import Response

from collector.contract import Event, InvalidEvent, Parameters, Reason
from collector.events import NAMES
from collector.request import PixelRequest

GIF = bytes.fromhex("47494638396101000100f00000000000ffffff21f90401000000002c00000000010001000002024401003b")

RETRY_AFTER_SECONDS = 5
PREFLIGHT_CACHE_SECONDS = 86_400

STATUS_OF_REASON: dict[Reason, str] = {
    "unknown_path": falcon.HTTP_404,
    "method_not_allowed": falcon.HTTP_405,
    "body_not_accepted": falcon.HTTP_415,
    "signature_required": falcon.HTTP_403,
    "bad_signature": falcon.HTTP_403,
    "signature_expired": falcon.HTTP_403,
    "do_not_track": falcon.HTTP_403,
    "rate_limited": falcon.HTTP_429,
}
"""All other reasons are answered 400."""

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'",
    "cross-origin-resource-policy": "cross-origin",
}
"""On every answer. The last one lets any site show the pixel; without it browsers may withhold an image of another site."""

_NEVER_KEPT = {"cache-control": "no-store", "access-control-allow-origin": "*"}
_EXPOSED = {"access-control-expose-headers": "X-Pixels-Rejected, Retry-After, X-Request-Id"}
"""On answers other than 2xx: a browser hides every header from a script of another site that is not named here."""


class Answer(NamedTuple):
    """An answer that is the same each time; names of headers in lower case."""

    status: str
    headers: Mapping[str, str]
    body: bytes | None


PIXEL = Answer(falcon.HTTP_200, {**SECURITY_HEADERS, **_NEVER_KEPT, "content-type": falcon.MEDIA_GIF}, GIF)
NO_CONTENT = Answer(falcon.HTTP_204, {**SECURITY_HEADERS, **_NEVER_KEPT}, None)


class PixelResponse(Response):
    """A response that begins with the security headers, and encodes the same headers only once."""

    context_type: ClassVar[type] = type(None)  # nothing is kept there, so nothing is made for it

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self._headers = SECURITY_HEADERS.copy()

    def give(self, answer: Answer) -> None:
        """Answer with that and no other header."""
        self.status, self._data = answer.status, answer.body
        self._headers = dict(answer.headers)

    async def render_body(self) -> bytes | None:  # type: ignore[override] # as Falcon's own, which is untyped there
        """Return the body; Falcon looks for its other forms only where `data` is not set."""
        return self._data if self._data is not None else await super().render_body()

    def _asgi_headers(self, media_type: str | None = None) -> Any:
        # Falcon encodes all headers for each answer. Ours are few and alike; the HTTP protocol knows them by their identity.
        if media_type is not None and self._headers.get("content-length") != "0":
            self._headers.setdefault("content-type", media_type)
        if self._extra_headers or self._cookies:
            return super()._asgi_headers(media_type)
        return _encoded(tuple(self._headers.items()))


@lru_cache(maxsize=256)
def _encoded(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers)


def answer_with_event(req: PixelRequest, resp: PixelResponse, event: Event, parameters: Parameters) -> None:
    """Set the pixel, or what the sender asked for instead: nothing, or the event that `parameters` became."""
    if req.debug:
        left_out = sorted(name for name in parameters if name not in NAMES and name not in event.metadata)
        explain(resp, {"accepted": True, "event": event, **({"left_out": left_out} if left_out else {})})
    elif req.minimal or (req.header(b"prefer") is not None and req.wants_no_content()):
        resp.give(NO_CONTENT)
    else:
        resp.give(PIXEL)


def answer_with_refusal(req: PixelRequest, resp: PixelResponse, refused: InvalidEvent) -> None:
    """Set status and reason, and the pixel, or what the sender asked for instead: nothing, or an explanation."""
    resp.give(_refusal(refused.reason, refused.status))
    if refused.retry_after is not None:
        resp.retry_after = refused.retry_after
    if req.is_batch:
        explain(resp, {"accepted": 0, "refused": 0, "results": [], "reason": refused.reason, "detail": refused.detail})
    elif req.wants_explanation():
        explain(resp, {"accepted": False, "reason": refused.reason, "detail": refused.detail})
    elif req.wants_no_content():
        resp.data = b""
    else:
        resp.data, resp.content_type = GIF, falcon.MEDIA_GIF


@lru_cache(maxsize=256)
def _refusal(reason: Reason, status: str | None) -> Answer:
    """Return what all refusals for a reason have in common."""
    headers = {"x-pixels-rejected": reason, **_EXPOSED}
    if reason == "method_not_allowed":
        headers["allow"] = "GET, HEAD, OPTIONS, POST"
    status = status or STATUS_OF_REASON.get(reason, falcon.HTTP_400)
    return Answer(status, {**SECURITY_HEADERS, **_NEVER_KEPT, **headers}, None)


def answer_preflight(resp: Response, methods: str) -> None:
    """Say to a browser which requests it may send."""
    resp.status = falcon.HTTP_204
    resp.set_headers(
        {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": methods,
            "Access-Control-Allow-Headers": "Content-Type, Content-Encoding, Prefer, X-Pixels-Signature",
            "Access-Control-Max-Age": str(PREFLIGHT_CACHE_SECONDS),
        }
    )


def answer_not_stored(resp: Response) -> None:
    """Answer 503: nothing is known to be stored, and the sender should try again."""
    resp.set_headers(_NEVER_KEPT | _EXPOSED)
    resp.status, resp.content_type, resp.retry_after = falcon.HTTP_503, falcon.MEDIA_TEXT, RETRY_AFTER_SECONDS
    resp.data = b"not stored; try again\n"


def answer_with_fault(resp: Response) -> None:
    """Tell the sender nothing but that it is a fault of ours."""
    resp.status, resp.content_type, resp.data = falcon.HTTP_500, falcon.MEDIA_TEXT, b"internal error\n"


def explain(resp: Response, explanation: Mapping[str, Any]) -> None:
    """Set a JSON object, never cached, readable from any site."""
    resp.set_headers(_NEVER_KEPT)
    resp.content_type, resp.data = falcon.MEDIA_JSON, msgspec.json.encode(explanation)
