"""What the API tells Prometheus."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from falcon.testing import TestClient
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

import pixels
from metrics_api.app import create_app
from pixels.config import ApiKey
from tests.api_client import LocalClient
from tests.unit.metrics_api.questions import NOVEMBER, publish

DOCS = (Path(__file__).parents[3] / "docs" / "api.md").read_text("utf-8")


def samples(client: TestClient) -> dict[str, float]:
    """Return the value of each sample, with its labels as text."""
    answer = client.simulate_get("/metrics")
    assert answer.status_code == 200
    found = (sample for family in text_string_to_metric_families(answer.text) for sample in family.samples)
    return {f"{s.name}{sorted(s.labels.items())}": s.value for s in found}


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    """A client of an API whose clock is an hour ahead of the snapshot."""
    publish(tmp_path)
    now = pixels.open(tmp_path).as_of + timedelta(hours=1)
    return LocalClient(create_app(lambda: pixels.open(tmp_path), clock=lambda: now))


def test_requests_are_counted_by_the_route_they_took(client: TestClient) -> None:
    """By method and status too; nothing that a stranger wrote is a label."""
    client.simulate_get(f"/api/metrics?{NOVEMBER}")
    client.simulate_head(f"/api/metrics?{NOVEMBER}")
    client.simulate_get("/api/metrics?from=nonsense")
    client.simulate_get(f"/api/campaigns/brandA?{NOVEMBER}")
    client.simulate_get(f"/api/campaigns/who-is-that?{NOVEMBER}")
    client.simulate_get("/somewhere-else")

    counted = {name: value for name, value in samples(client).items() if name.startswith("pixels_api_requests_total")}

    def name_of(endpoint: str, method: str, status: str) -> str:
        return f"pixels_api_requests_total{[('endpoint', endpoint), ('method', method), ('status', status)]}"

    assert counted == {
        name_of("/api/metrics", "GET", "2xx"): 1,
        name_of("/api/metrics", "HEAD", "2xx"): 1,
        name_of("/api/metrics", "GET", "4xx"): 1,
        name_of("/api/campaigns/{banner}", "GET", "2xx"): 1,
        name_of("/api/campaigns/{banner}", "GET", "4xx"): 1,
        name_of("none", "GET", "4xx"): 1,
    }
    assert samples(client)["pixels_api_request_seconds_count[('endpoint', '/api/metrics')]"] == 3


def test_the_snapshot_and_its_age_are_told(client: TestClient) -> None:
    """In seconds, by the clock of the API."""
    found = samples(client)

    assert found["pixels_api_snapshot[]"] == 1
    assert found["pixels_api_snapshot_age_seconds[]"] == found["pixels_api_incomplete_seconds[]"] == 3600


def test_while_nothing_is_published_the_requests_are_told_all_the_same(tmp_path: Path) -> None:
    """A snapshot that is not there has no number and no age."""
    found = samples(LocalClient(create_app(lambda: pixels.open(tmp_path))))

    assert any(name.startswith("pixels_api_build_info") for name in found)
    assert not any(name.startswith("pixels_api_snapshot") for name in found)


def test_who_may_not_see_figures_sees_no_metrics(tmp_path: Path) -> None:
    """With keys one is needed; without them only this machine is answered."""
    publish(tmp_path)
    keys = {"bi": ApiKey(secret=SecretStr("figures-0123456789"), scope="figures")}
    locked, local = (LocalClient(create_app(lambda: pixels.open(tmp_path), k)) for k in (keys, {}))

    assert locked.simulate_get("/metrics").status_code == 401
    with_key = {"Authorization": "Bearer figures-0123456789"}
    assert locked.simulate_get("/metrics", headers=with_key).status_code == 200
    assert local.simulate_get("/metrics", host="stats.example").status_code == 403


@pytest.mark.parametrize(
    "accept", ["", "application/openmetrics-text; version=1.0.0", "application/openmetrics-text; version=x"]
)
def test_both_text_formats_are_spoken(client: TestClient, accept: str) -> None:
    """Whatever the reader asks for, also nonsense."""
    answer = client.simulate_get("/metrics", headers={"Accept": accept})

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(
        "application/openmetrics-text" if "1.0.0" in accept else "text/plain"
    )


def test_the_manual_explains_every_metric(client: TestClient) -> None:
    """Name, labels, type and meaning, and no other."""
    client.simulate_get(f"/api/metrics?{NOVEMBER}")
    text = client.simulate_get("/metrics").text
    families = [f for f in text_string_to_metric_families(text) if not f.name.endswith("_created")]
    rows = re.findall(
        r"^\| `(pixels_api_\w+?)(?:_total|_info)?(?:{([\w, ]+)})?` \| (\w+) \| (.+) \|$", DOCS, re.MULTILINE
    )

    told = {
        (
            f.name.removesuffix("_info"),
            ", ".join(sorted({n for s in f.samples for n in s.labels} - {"le"})),
            f.type,
            f.documentation,
        )
        for f in families
    }
    assert {(name, labels, kind, meaning) for name, labels, kind, meaning in rows} == told
