"""Long answers in pages: together they are the whole answer, of one snapshot."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from falcon.testing import TestClient

import pixels
from metrics_api.app import create_app
from metrics_api.current_warehouse import tag_of
from metrics_api.paging import Cursor, HeldSnapshots
from tests.api_client import LocalClient
from tests.sample_warehouse import SampleWarehouse, visit
from tests.unit.metrics_api.questions import NOVEMBER, QUESTIONS, publish

SUMMARY = f"/api/summary?{NOVEMBER}"


@pytest.fixture
def sample(tmp_path: Path) -> SampleWarehouse:
    return publish(tmp_path)


@pytest.fixture
def growing(sample: SampleWarehouse) -> TestClient:
    """A client of an API whose warehouse a test publishes anew."""
    return LocalClient(create_app(lambda: pixels.open(sample.home)))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """A client of an API whose warehouse stays as it is."""
    home = publish(tmp_path_factory.mktemp("home")).home
    return LocalClient(create_app(lambda: pixels.open(home)))


def pages(client: TestClient, address: str) -> list[dict[str, Any]]:
    """Follow `next` to the end."""
    path, found = address.partition("?")[0], []
    following: str | None = address.removeprefix(path)
    while following is not None:
        answer = client.simulate_get(f"{path}{following}")
        assert answer.status_code == 200, answer.text
        found.append(dict(answer.json))
        following = answer.json["next"]
        assert answer.headers.get("link") == (f"<{following}>; rel=next" if following else None)
    return found


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.parametrize("limit", [1, 2, 1000])
def test_the_pages_together_are_the_whole(client: TestClient, question: Any, limit: int) -> None:
    """Every page says how many rows there are in all, and no row is cut in silence."""
    whole = client.simulate_get(question.address).json["rows"]

    found = pages(client, f"{question.address}&limit={limit}")

    assert [row for page in found for row in page["rows"]] == whole
    assert {page["rows_total"] for page in found} == {len(whole)}
    assert [len(page["rows"]) for page in found[:-1]] == [limit] * (len(found) - 1)


def test_pages_stay_with_their_snapshot(growing: TestClient, sample: SampleWarehouse) -> None:
    """A new snapshot between two pages does not show, also when the old one's file is deleted; a new question sees it."""
    whole = growing.simulate_get(SUMMARY).json["rows"]
    first = growing.simulate_get(f"{SUMMARY}&limit=3").json
    sample.publish(visit("p9", "a-new-banner", "2026-11-01T08:00"))
    (sample.published / "snapshot-000001.duckdb").unlink()

    rest = pages(growing, f"/api/summary{first['next'].replace('limit=3', 'limit=100')}")

    assert first["rows"] + rest[0]["rows"] == whole
    assert rest[0]["snapshot"] == 1
    assert growing.simulate_get(SUMMARY).json["snapshot"] == 2


def test_other_forms_are_whole_unless_a_limit_is_given(client: TestClient) -> None:
    """With a limit the header Link leads on, as in JSON."""
    whole = client.simulate_get(f"{SUMMARY}&format=csv")
    page = client.simulate_get(f"{SUMMARY}&format=csv&limit=2")
    rest = client.simulate_get(f"/api/summary{page.headers['link'].partition('>')[0].removeprefix('<')}")

    assert "link" not in whole.headers
    assert page.text.splitlines() + rest.text.splitlines()[1:] == whole.text.splitlines()[:5]
    assert page.headers["x-pixels-rows-total"] == "7"


def test_a_cursor_of_a_snapshot_that_is_gone_is_410(growing: TestClient, sample: SampleWarehouse) -> None:
    """Only so many old snapshots are held; the answer says what to do."""
    following = growing.simulate_get(f"{SUMMARY}&limit=1").json["next"]
    for number in range(3):
        sample.publish(visit(f"p{number}", "x", "2026-11-01T08:00"))
        growing.simulate_get(f"{SUMMARY}&limit=1")

    answer = growing.simulate_get(f"/api/summary{following}")

    assert (answer.status_code, answer.headers["content-type"]) == (410, "application/problem+json")
    assert "without `cursor`" in answer.json["detail"]


def test_a_snapshot_is_held_for_ten_minutes_after_its_last_page(sample: SampleWarehouse) -> None:
    """Nobody who leaves keeps a file on the disk."""
    now = [0.0]
    held = HeldSnapshots(lambda: now[0])
    old = pixels.open(sample.home)
    cursor = Cursor(1, "question", tag_of(old))
    held.hold(old)
    sample.publish(visit("p9", "x", "2026-11-01T08:00"))
    with old, pixels.open(sample.home) as newest:
        now[0] = 599
        assert held.of(cursor, "question", newest) is old
        now[0] = 601
        with pytest.raises(Exception, match="410"):
            held.of(cursor, "question", newest)


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor", ["", "x", "%00", "....", encoded("x"), encoded("-1.a.b"), encoded("1_0.a.b"), encoded(f"{'9' * 30}.a.b"), encoded("\u00e9.a.b")]
)  # fmt: skip
def test_a_cursor_that_was_never_given_is_named(client: TestClient, cursor: str) -> None:
    """400, and nothing else happens."""
    answer = client.simulate_get(f"{SUMMARY}&cursor={cursor}")

    assert (answer.status_code, answer.json["parameter"]) == (400, "cursor")


def test_a_cursor_belongs_to_its_question(client: TestClient) -> None:
    """With other days or another path it would begin anywhere."""
    cursor = client.simulate_get(f"{SUMMARY}&limit=1").json["next"].partition("cursor=")[2]

    for address in (
        f"/api/summary?from=2026-11-02&to=2026-11-21&cursor={cursor}",
        f"/api/metrics?{NOVEMBER}&cursor={cursor}",
    ):
        answer = client.simulate_get(address)
        assert (answer.status_code, answer.json["parameter"]) == (400, "cursor")


@pytest.mark.parametrize("limit", ["0", "-1", "100001", "1.0", "1e3", "", "\u0661", "9" * 50])
def test_a_limit_is_a_whole_number_within_bounds(client: TestClient, limit: str) -> None:
    """Everything else is named."""
    answer = client.simulate_get("/api/metrics", params={"from": "2026-11-01", "to": "2026-11-02", "limit": limit})

    assert (answer.status_code, answer.json["parameter"]) == (400, "limit")
