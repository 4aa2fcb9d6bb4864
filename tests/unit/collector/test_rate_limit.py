"""An address sends so many requests a second, and nobody else pays for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.rate_limit import RateLimit

A, B = "203.0.113.9", "203.0.113.10"


def passed(limit: RateLimit, address: str, instants: list[float]) -> list[float]:
    return [now for now in instants if limit.wait(address, now) == 0]


def test_a_burst_passes_and_what_exceeds_it_does_not() -> None:
    """Twice the requests of a second at once; then as many as the rate allows."""
    limit = RateLimit(10)

    assert len(passed(limit, A, [100.0] * 50)) == 20
    assert len(passed(limit, A, [100.0 + n / 1000 for n in range(1000)])) == 9
    assert len(passed(limit, A, [102.0 + n / 100 for n in range(1000)])) == pytest.approx(100, abs=11)


def test_who_waits_as_long_as_told_may_send() -> None:
    """The seconds are those until the next request passes, and asking costs nothing."""
    limit = RateLimit(2)
    assert len(passed(limit, A, [0.0] * 10)) == 4

    wait = limit.wait(A, 0.1)

    assert wait == pytest.approx(0.4)
    assert limit.wait(A, 0.1 + wait - 0.01) > 0
    assert limit.wait(A, 0.1 + wait) == 0


def test_a_slow_rate_lets_one_request_pass() -> None:
    """Less than one a second: one, and the next when it is due."""
    limit = RateLimit(0.1)

    assert passed(limit, A, [0.0, 1.0, 9.0, 10.0, 11.0, 20.0]) == [0.0, 10.0, 20.0]


def test_addresses_do_not_share_a_limit() -> None:
    """One that floods leaves the others alone."""
    limit = RateLimit(1)
    passed(limit, A, [0.0] * 100)

    assert len(passed(limit, B, [0.0] * 5)) == 2


def test_an_ipv6_network_is_one_sender() -> None:
    """Its owner can send from any of 2**64 addresses."""
    limit = RateLimit(1)

    assert sum(limit.wait(f"2001:db8:1:2::{n:x}", 0.0) == 0 for n in range(100)) == 2
    assert limit.wait("2001:db8:1:3::1", 0.0) == 0
    assert limit.wait("@:", 0.0) == 0  # no address, but a peer's name; it must not fail


def test_memory_is_bounded_and_a_flood_of_addresses_stops_nobody() -> None:
    """Beyond the bound the oldest are forgotten."""
    limit = RateLimit(1, addresses=100)
    for n in range(100_000):
        assert limit.wait(str(n), 0.0) == 0

    assert len(limit._young) + len(limit._old) <= 200


@given(st.lists(st.floats(0, 1.5), min_size=1, max_size=200), st.floats(0.2, 20))
def test_never_more_pass_than_burst_and_rate_allow(steps: list[float], rate: float) -> None:
    """In any stretch of time, whenever the requests come, also while generations are dropped."""
    limit, now, instants = RateLimit(rate), 0.0, []
    for step in steps:
        now += step
        if limit.wait(A, now) == 0:
            instants.append(now)

    burst = max(2 * rate, 1.0)
    for first, start in enumerate(instants):
        for last in range(first, len(instants)):
            assert last - first + 1 <= burst + rate * (instants[last] - start) + 1e-6
