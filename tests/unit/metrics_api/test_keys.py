"""Who may ask the API for what."""

from __future__ import annotations

from pathlib import Path

import pytest
from falcon.testing import TestClient
from pydantic import SecretStr

import pixels
from metrics_api.app import create_app
from pixels.config import ApiKey, load_settings
from pixels.errors import ConfigurationError
from tests.api_client import LocalClient
from tests.sample_warehouse import SampleWarehouse, visit

FIGURES, ANALYST = "figures-0123456789", "analyst-0123456789"
METRICS, SNAPSHOT, HEALTH = "/api/metrics?from=2026-11-01&to=2026-11-30", "/api/snapshot", "/api/health"


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    """A client of an API that has a key of each scope."""
    SampleWarehouse(tmp_path).publish(visit("p1", "brandA", "2026-11-01T10:00"))
    keys = {
        "bi": ApiKey(secret=SecretStr(FIGURES), scope="figures"),
        "ann": ApiKey(secret=SecretStr(ANALYST), scope="analyst"),
    }
    return LocalClient(create_app(lambda: pixels.open(tmp_path), keys))


@pytest.mark.parametrize(
    ("path", "authorization", "status"),
    [
        (HEALTH, None, 200),
        (HEALTH, "Bearer nonsense", 200),
        (METRICS, None, 401),
        (METRICS, "", 401),
        (METRICS, "Bearer", 401),
        (METRICS, "Bearer ", 401),
        (METRICS, f"Basic {FIGURES}", 401),
        (METRICS, FIGURES, 401),
        (METRICS, f"Bearer {FIGURES[:-1]}", 401),
        (METRICS, f"Bearer {FIGURES}x", 401),
        (METRICS, "Bearer \u00e9", 401),
        (METRICS, f"Bearer {FIGURES}", 200),
        (METRICS, f"bearer  {FIGURES} ", 200),
        (METRICS, f"Bearer {ANALYST}", 200),
        (SNAPSHOT, None, 401),
        (SNAPSHOT, f"Bearer {FIGURES}", 403),
        (SNAPSHOT, f"Bearer {ANALYST}", 200),
        (f"{METRICS.replace('metrics', 'banners')}&by=banner_tag", f"Bearer {FIGURES}", 200),
        (f"{METRICS.replace('metrics', 'banners')}&by=metadata.s", f"Bearer {FIGURES}", 403),
        (f"{METRICS.replace('metrics', 'banners')}&by=metadata.s", f"Bearer {ANALYST}", 200),
        ("/api/nothing", None, 404),
    ],
)
def test_a_key_opens_what_its_scope_says(client: TestClient, path: str, authorization: str | None, status: int) -> None:
    """Health is open to all; figures to every key; single events to analysts. What is refused is a problem document."""
    headers = {} if authorization is None else {"Authorization": authorization}

    answer = client.simulate_get(path, headers=headers)

    assert answer.status_code == status, answer.text
    assert (answer.headers["content-type"] == "application/problem+json") is (status >= 400)
    assert ("www-authenticate" in answer.headers) is (status == 401)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8788", 200), ("localhost", 200), ("LOCALHOST:1", 200), ("[::1]:8788", 200), ("127.8.8.8", 200),
        ("evil.example:8788", 403), ("127.0.0.1.evil.example", 403), ("localhost.evil.example", 403), ("192.0.2.1", 403),
        ("[2001:db8::1]:8788", 403), ("", 403), ("127.0.0.1:8788:1", 403),
    ],
)  # fmt: skip
def test_without_keys_only_this_machine_is_answered(tmp_path: Path, host: str, status: int) -> None:
    """A name of the web that leads here is a page's trick (DNS rebinding), or a proxy that lets everybody in."""
    SampleWarehouse(tmp_path).publish(visit("p1", "brandA", "2026-11-01T10:00"))
    client = LocalClient(create_app(lambda: pixels.open(tmp_path)))

    assert client.simulate_get(METRICS, host=host).status_code == status
    assert client.simulate_get(HEALTH, host=host).status_code == 200


@pytest.mark.parametrize(
    "keys",
    [
        "{",
        "[]",
        "0123456789abcdef",
        '{"a": {"secret": "0123456789abcdef", "scope": "figures"}, "a": {"secret": "0123456789abcdeg", "scope": "analyst"}}',
        '{"a": {"secret": "short", "scope": "figures"}}',
        '{"a": {"secret": "0123456789 abcdef", "scope": "figures"}}',
        '{"a": {"secret": "0123456789abcdef", "scope": "all"}}',
        '{"a": {"secret": "0123456789abcdef"}}',
        '{"a": "0123456789abcdef"}',
        '{"a": {"secret": "0123456789abcdef", "scope": "figures"}, "b": {"secret": "0123456789abcdef", "scope": "analyst"}}',
    ],
)
def test_a_key_that_cannot_be_used_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch, keys: str) -> None:
    """The message names the setting and never the secret."""
    monkeypatch.setenv("PIXELS_API_KEYS", keys)

    with pytest.raises(ConfigurationError, match="PIXELS_API_KEYS") as refused:
        load_settings()

    assert "0123456789" not in str(refused.value)
    assert "short" not in str(refused.value)
