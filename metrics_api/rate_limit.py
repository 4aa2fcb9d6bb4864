"""How many requests one who asks may send: a token bucket for each key, and for each address that has none.

A few lines of our own and no library: those that there are keep a window of counters in a store, which lets twice the rate
through at the border of two windows, or want one that several machines share.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from time import monotonic

import falcon
import falcon.asgi

from metrics_api.keys import Doorkeeper

UNLIMITED = frozenset({"/api/health", "/metrics"})
_MOST_REMEMBERED = 10_000
_SECONDS_OF_BURST = 2.0


class RateLimit:
    """`rate` requests a second for each, and bursts of twice that (at least one request).

    Instead of tokens each has the instant at which the bucket is full again (the generic cell rate algorithm), so one
    that is not remembered is one whose bucket is full.
    """

    def __init__(self, rate: float) -> None:
        self._seconds_each = 1 / rate
        self._seconds_full = max(_SECONDS_OF_BURST, self._seconds_each)
        self._full_at: dict[str, float] = {}

    def wait(self, who: str, now: float) -> float:
        """Take one request at the instant `now` (seconds, never going back); return 0, or the seconds after which one may.

        A request that may not costs nothing.
        """
        full_at = max(self._full_at.get(who, now), now) + self._seconds_each
        if (excess := full_at - now - self._seconds_full) > 1e-9:  # a float's error must not cost a request
            return excess
        if len(self._full_at) >= _MOST_REMEMBERED:
            self._full_at = {other: instant for other, instant in self._full_at.items() if instant > now}
        if len(self._full_at) < _MOST_REMEMBERED or who in self._full_at:
            self._full_at[who] = full_at
            return 0.0
        return self._seconds_full


class LimitedRate:
    """Middleware that refuses with 429 what exceeds the limit, also with a wrong key; health and metrics anybody may ask."""

    def __init__(self, rate: float, doorkeeper: Doorkeeper, seconds: Callable[[], float] = monotonic) -> None:
        self._limit, self._doorkeeper, self._seconds = RateLimit(rate), doorkeeper, seconds

    async def process_request(self, req: falcon.asgi.Request, _resp: falcon.asgi.Response) -> None:
        """Take the request of the key's, or of the address's that has none."""
        if req.path in UNLIMITED:
            return
        key = self._doorkeeper.name_of(req)
        if wait := self._limit.wait(f"key {key}" if key else f"address {req.remote_addr}", self._seconds()):
            raise falcon.HTTPTooManyRequests(
                description="More requests a second than PIXELS_API_RATE_LIMIT allows; ask again later.",
                retry_after=ceil(wait),
            )
