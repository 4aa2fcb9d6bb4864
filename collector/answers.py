"""What the collector answers: the pixel, refusals with their reason, CORS preflights, faults."""

from __future__ import annotations

from typing import Any

import falcon
from falcon.asgi import Response

from collector.contract import InvalidEvent, Reason
from collector.event_log import LogUnavailable
from collector.request import PixelRequest

GIF = bytes.fromhex("47494638396101000100f00000000000ffffff21f90401000000002c00000000010001000002024401003b")

RETRY_AFTER_SECONDS = 5

STATUS_OF_REASON: dict[Reason, str] = {
    "unknown_path": falcon.HTTP_404,
    "method_not_allowed": falcon.HTTP_405,
    "body_not_accepted": falcon.HTTP_415,
    "signature_required": falcon.HTTP_403,
    "bad_signature": falcon.HTTP_403,
    "signature_expired": falcon.HTTP_403,
}
"""All other reasons are answered 400."""


def answer_with_pixel(resp: Response) -> None:
    """Set the transparent GIF, never cached, readable from any site."""
    resp.data, resp.content_type, resp.cache_control = GIF, falcon.MEDIA_GIF, ["no-store"]
    resp.set_headers({"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"})


def answer_with_refusal(resp: Response, refused: InvalidEvent) -> None:
    """Set the pixel, the status and the reason."""
    answer_with_pixel(resp)
    resp.status = refused.status or STATUS_OF_REASON.get(refused.reason, falcon.HTTP_400)
    resp.set_headers({"X-Pixels-Rejected": refused.reason, "Access-Control-Expose-Headers": "X-Pixels-Rejected"})
    if refused.reason == "method_not_allowed":
        resp.set_header("Allow", "GET, HEAD, OPTIONS")


def answer_preflight(resp: Response) -> None:
    """Say to a browser which requests it may send."""
    resp.status = falcon.HTTP_204
    resp.set_headers(
        {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": "GET, HEAD, POST",
            "Access-Control-Allow-Headers": "*",
            "Access-Control-Max-Age": "86400",
        }
    )


async def log_unavailable(req: PixelRequest, resp: Response, error: LogUnavailable, _: dict[str, Any]) -> None:
    """Answer 503: nothing is known to be stored, and the sender should try again."""
    resp.status, resp.content_type = falcon.HTTP_503, falcon.MEDIA_TEXT
    resp.data, resp.cache_control, resp.retry_after = b"not stored; try again\n", ["no-store"], RETRY_AFTER_SECONDS
    resp.set_header("Access-Control-Allow-Origin", "*")


async def unexpected_error(req: PixelRequest, resp: Response, error: Exception, _: dict[str, Any]) -> None:
    """Tell the sender nothing but that it is a fault of ours."""
    resp.status, resp.content_type, resp.data = falcon.HTTP_500, falcon.MEDIA_TEXT, b"internal error\n"
