"""A name for a request, in the log lines that belong to it and in the answer that its sender may complain about."""

from __future__ import annotations

import random
from typing import cast

from collector.request import PixelRequest

_KEY = "pixels.request_id"


def request_id(req: PixelRequest) -> str:
    """Return the request's id; it is made when somebody first asks, which for a good pixel nobody does."""
    if _KEY not in req.scope:
        req.scope[_KEY] = f"{random.getrandbits(64):016x}"  # a name, no secret; each fork seeds anew
    return cast("str", req.scope[_KEY])
