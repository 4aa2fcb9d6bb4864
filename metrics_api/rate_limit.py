"""How many requests one who asks may send: a token bucket for each key, and for each address that has none.

A few lines of our own and no library: those that there are keep a window of counters in a store, which lets twice the rate
through at the border of two windows, or want one that several machines share.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv6Network
from math import ceil
from time import monotonic

import falcon
import falcon.asgi

from metrics_api.keys import Doorkeeper

UNLIMITED = frozenset({"/api/health", "/metrics"})
_MOST_REMEMBERED = 10_000
"""So many are remembered twice over; beyond it the oldest are forgotten early, which lets them send a little more."""
_SECONDS_OF_BURST = 2.0
_BITS_OF_CUSTOMER = 64
"""One customer gets a whole IPv6 network of this size, or more."""


class RateLimit:
    """`rate` requests a second for each, and bursts of twice that (at least one request).

    Instead of tokens each has the instant at which the bucket is full again (the generic cell rate algorithm), so one
    that is not remembered is one whose bucket is full. The buckets stand in two generations; after the time in which any
    bucket fills up, all of the older one are full, and it is dropped as a whole.
    """

    def __init__(self, rate: float) -> None:
        self._seconds_each = 1 / rate
        self._seconds_full = max(_SECONDS_OF_BURST, self._seconds_each)
        self._young: dict[str, float] = {}
        self._old: dict[str, float] = {}
        self._next_generation_at = 0.0

    def wait(self, who: str, now: float) -> float:
        """Take one request at the instant `now` (seconds, never going back); return 0, or the seconds after which one may.

        A request that may not costs nothing.
        """
        if now >= self._next_generation_at or len(self._young) >= _MOST_REMEMBERED:
            self._young, self._old = {}, self._young
            self._next_generation_at = now + self._seconds_full
        full_at = max(self._young.get(who) or self._old.get(who, now), now) + self._seconds_each
        if (excess := full_at - now - self._seconds_full) > 1e-9:  # a float's error must not cost a request
            return excess
        self._young[who] = full_at
        return 0.0


class LimitedRate:
    """Middleware that refuses with 429 what exceeds the limit, also with a wrong key; health and metrics anybody may ask.

    Keys are counted apart from addresses, so that no crowd of strangers makes the API forget what a key has used up.
    """

    def __init__(self, rate: float, doorkeeper: Doorkeeper, seconds: Callable[[], float] = monotonic) -> None:
        self._of_keys, self._of_addresses = RateLimit(rate), RateLimit(rate)
        self._doorkeeper, self._seconds = doorkeeper, seconds

    async def process_request(self, req: falcon.asgi.Request, _resp: falcon.asgi.Response) -> None:
        """Take the request of the key's, or of the address's that has none."""
        if req.path in UNLIMITED:
            return
        key, now = self._doorkeeper.name_of(req), self._seconds()
        if wait := self._of_keys.wait(key, now) if key else self._of_addresses.wait(customer(req.remote_addr), now):
            raise falcon.HTTPTooManyRequests(
                description="More requests a second than PIXELS_API_RATE_LIMIT allows; ask again later.",
                retry_after=ceil(wait),
            )


def customer(address: str) -> str:
    """Return an address, or the network of an IPv6 one, since its owner has all of its addresses."""
    if ":" not in address:
        return address
    try:
        return str(IPv6Network((address.partition("%")[0], _BITS_OF_CUSTOMER), strict=False))
    except ValueError:
        return address
