"""The description of the API, and of the page to try it: valid, whole, and true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from falcon.testing import TestClient
from openapi_spec_validator import validate
from pydantic import SecretStr

import pixels
from metrics_api.app import create_app
from metrics_api.description import PAGE
from metrics_api.endpoints import ENDPOINTS
from pixels.config import ApiKey
from tests.api_client import LocalClient
from tests.unit.metrics_api.questions import QUESTIONS, VARIANTS, publish

DOCS = Path(__file__).parents[3] / "docs" / "api.md"
KEYS = {"bi": ApiKey(secret=SecretStr("figures-0123456789"), scope="figures")}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    home = publish(tmp_path_factory.mktemp("home")).home
    return LocalClient(create_app(lambda: pixels.open(home)))


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    return dict(client.simulate_get("/api/openapi.json").json)


def test_it_is_valid_openapi(document: dict[str, Any], client: TestClient) -> None:
    """With keys and without; it says 3.1."""
    with_keys = LocalClient(create_app(pixels.open, KEYS)).simulate_get("/api/openapi.json").json

    validate(document)
    validate(with_keys)
    assert document["openapi"].startswith("3.1.")
    assert "securitySchemes" not in document["components"]
    assert with_keys["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    asks_for_key = {path: "security" in operations["get"] for path, operations in with_keys["paths"].items()}
    assert [path for path, asked in asks_for_key.items() if not asked] == ["/api/health"]


@pytest.mark.parametrize("question", (QUESTIONS | VARIANTS).values(), ids=QUESTIONS | VARIANTS)
def test_every_answer_is_as_described(client: TestClient, document: dict[str, Any], question: Any) -> None:
    """Members, types and what may be null."""
    (operation,) = (
        operations["get"]
        for path, operations in document["paths"].items()
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), question.path)
    )
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]

    jsonschema.Draft202012Validator(schema).validate(client.simulate_get(question.address).json)


def test_the_manual_names_every_path(document: dict[str, Any]) -> None:
    """docs/api.md has a row for each, with its title, and no other; so has the description, save for itself and the page."""
    rows = re.findall(r"^\| `(/api/[^`]+)` \| ([^|;]+)", DOCS.read_text("utf-8"), re.MULTILINE)
    table = {endpoint.path: endpoint.title for endpoint in ENDPOINTS}

    assert {path for path, _ in rows} == {*document["paths"], "/api/openapi.json", "/api/docs"}
    assert {path: title.strip() for path, title in rows if path in table} == table


@pytest.mark.parametrize("path", PAGE)
def test_the_page_is_of_this_machine_alone(client: TestClient, path: str) -> None:
    """No address of another host, no script or style within the page, and a policy that would stop both."""
    answer = client.simulate_get(path)

    assert answer.status_code == 200
    assert "://" not in answer.text
    assert not re.search(r"<script>|<style|\son\w+=|style=", answer.text)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/api/openapi.json", *PAGE])
def test_it_is_open_to_everybody(path: str) -> None:
    """Who has no key yet can read how to ask; it says nothing of the data, and is there before anything is published."""
    client = LocalClient(create_app(lambda: pixels.open("/nowhere"), KEYS))

    assert client.simulate_get(path).status_code == 200
    assert client.simulate_head(path).headers == client.simulate_get(path).headers
    assert client.simulate_get(path, query_string="x=1").status_code == 400
