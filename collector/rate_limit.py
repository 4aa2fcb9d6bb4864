"""How many requests an address may send: a token bucket each, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv6Network
from math import ceil
from time import monotonic

from falcon.asgi import Response

from collector.client_address import read_address
from collector.contract import InvalidEvent
from collector.request import PixelRequest

UNLIMITED = frozenset({"/healthz", "/readyz", "/metrics"})

ADDRESSES = 50_000
"""So many are remembered twice over; beyond it the oldest are forgotten early, which lets them send a little more."""

_NETWORK_BITS = 64  # one customer gets a whole IPv6 network of this size, or more


class RateLimit:
    """`rate` requests a second for each address, and bursts of twice that (at least one request).

    Instead of tokens each address has the instant at which its bucket is full again (the generic cell rate algorithm):
    one number, and an address that is not remembered is one whose bucket is full. The buckets stand in two generations;
    after the time in which any bucket fills up, all of the older one are full, and it is dropped as a whole.
    """

    def __init__(self, rate: float, *, addresses: int = ADDRESSES) -> None:
        self.rate = rate
        self._seconds_each = 1 / rate
        self._seconds_full = max(2.0, self._seconds_each)
        self._addresses = addresses
        self._young: dict[str, float] = {}
        self._old: dict[str, float] = {}
        self._next_generation_at = 0.0

    def wait(self, address: str, now: float) -> float:
        """Take one request of an address at the instant `now` (seconds, never going back).

        Returns 0 when it may pass, else the seconds after which one may; a request that may not costs nothing.
        """
        if now >= self._next_generation_at or len(self._young) >= self._addresses:
            self._young, self._old = {}, self._young
            self._next_generation_at = now + self._seconds_full
        key = _customer(address) if ":" in address else address
        full_at = max(self._young.get(key) or self._old.get(key, now), now) + self._seconds_each
        if (excess := full_at - now - self._seconds_full) > 1e-9:  # a float's error must not cost a request
            return excess
        self._young[key] = full_at
        return 0.0


@lru_cache(4096)
def _customer(address: str) -> str:
    """Return the network of an IPv6 address, since its owner has all of its addresses."""
    found = read_address(address)
    return (
        address if found is None or found.version == 4 else str(IPv6Network((int(found), _NETWORK_BITS), strict=False))
    )


class LimitedRate:
    """Middleware that refuses what exceeds the limit, before anything of it is read; its health anybody may ask."""

    def __init__(self, limit: RateLimit, seconds: Callable[[], float] = monotonic) -> None:
        self._limit, self._seconds = limit, seconds

    async def process_request(self, req: PixelRequest, resp: Response) -> None:
        """Take the request of its sender's, behind trusted proxies the client's; raises `InvalidEvent`."""
        address = req.source_ip()
        if address is None or req.path in UNLIMITED:
            return
        if wait := self._limit.wait(address, self._seconds()):
            raise InvalidEvent(
                "rate_limited",
                f"more than {self._limit.rate:g} requests a second from one address",
                retry_after=ceil(wait),
            )
