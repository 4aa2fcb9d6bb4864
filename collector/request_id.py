"""A name for a request, in the log lines that belong to it and in the answer that its sender may complain about."""

from __future__ import annotations

import random
import re
from typing import cast

from collector.request import PixelRequest

_KEY = "pixels.request_id"
_GIVEN = re.compile(rb"[A-Za-z0-9._:-]{1,128}")


def request_id(req: PixelRequest) -> str:
    """Return the `X-Request-Id` of a trusted proxy, else one of our own.

    It is made when somebody first asks, which for a good pixel nobody does.
    """
    if _KEY not in req.scope:
        given = req.header(b"x-request-id")
        if given is not None and req.clients.is_trusted(req.peer()) and _GIVEN.fullmatch(given):
            req.scope[_KEY] = given.decode("ascii")
        else:
            req.scope[_KEY] = f"{random.getrandbits(64):016x}"  # a name, no secret; each fork seeds anew
    return cast("str", req.scope[_KEY])
