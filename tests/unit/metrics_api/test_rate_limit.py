"""How many requests one may send."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

import pixels
from metrics_api.app import create_app
from metrics_api.rate_limit import RateLimit, customer
from pixels.config import ApiKey
from tests.api_client import LocalClient
from tests.unit.metrics_api.questions import NOVEMBER, publish

SECRETS = {"bi": "figures-0123456789", "ann": "figures-9876543210"}
METRICS = f"/api/metrics?{NOVEMBER}"


@pytest.mark.parametrize(("rate", "burst"), [(0.1, 1), (1, 2), (5, 10), (50, 100)])
def test_bursts_are_twice_the_rate(rate: float, burst: int) -> None:
    """So many pass at once; then one each time its share of a second has gone by, and no more."""
    limit = RateLimit(rate)

    assert sum(limit.wait("a", 0.0) == 0 for _ in range(burst + 10)) == burst
    wait = limit.wait("a", 0.0)
    assert wait == pytest.approx(1 / rate)
    assert limit.wait("a", wait) == 0
    assert limit.wait("a", wait) > 0
    assert limit.wait("b", 0.0) == 0


def test_memory_is_bounded_and_every_request_is_quick() -> None:
    """When ever more addresses come, the oldest are forgotten early, and who came last is not."""
    limit = RateLimit(0.5)

    passed = sum(limit.wait(f"address {number}", 0.0) == 0 for number in range(100_000))

    assert passed == 100_000
    assert limit.wait("address 99999", 1.0) > 0
    assert limit.wait("address 99999", 2.0) == 0
    assert sys.getsizeof(limit._young) + sys.getsizeof(limit._old) < 2_000_000


@pytest.mark.parametrize(
    ("address", "who"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("un:known", "un:known"),
    ],
)
def test_a_network_of_one_customer_is_one(address: str, who: str) -> None:
    """Who has 2 to the power of 64 addresses has one share."""
    assert customer(address) == who


def test_each_key_has_its_own_share_and_who_has_none_that_of_the_address(tmp_path: Path) -> None:
    """429 with a time to ask again, as a problem document; wrong keys count for the address; health is always told."""
    publish(tmp_path)
    keys = {name: ApiKey(secret=SecretStr(secret), scope="figures") for name, secret in SECRETS.items()}
    client = LocalClient(create_app(lambda: pixels.open(tmp_path), keys, rate_limit=0.01))

    def status(secret: str | None) -> int:
        headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
        return client.simulate_get(METRICS, headers=headers).status_code

    assert [status(SECRETS["bi"]), status(SECRETS["bi"]), status(SECRETS["ann"])] == [200, 429, 200]
    assert [status(None), status("wrong"), status("wrong again")] == [401, 429, 429]
    refused = client.simulate_get(METRICS)
    assert refused.headers["content-type"] == "application/problem+json"
    assert 0 < int(refused.headers["retry-after"]) <= 100
    assert {client.simulate_get("/api/health").status_code for _ in range(5)} == {200}


def test_without_a_limit_nobody_waits(tmp_path: Path) -> None:
    """The default."""
    publish(tmp_path)
    client = LocalClient(create_app(lambda: pixels.open(tmp_path)))

    assert {client.simulate_get(METRICS).status_code for _ in range(50)} == {200}
