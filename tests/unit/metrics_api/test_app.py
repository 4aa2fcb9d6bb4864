"""The answers of the API, on a real snapshot, without a socket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from falcon.testing import Result, TestClient

import pixels
from metrics_api.app import create_app
from pixels import Warehouse
from pixels.errors import NoSnapshot
from tests.api_client import LocalClient
from tests.sample_warehouse import SampleWarehouse, at, registration, visit

NOVEMBER = "from=2026-11-01&to=2026-11-30"
AS_OF = "2026-11-22T16:00:00.000Z"


@pytest.fixture
def sample(tmp_path: Path) -> SampleWarehouse:
    """A home without a snapshot."""
    return SampleWarehouse(tmp_path, "Europe/Berlin")


@pytest.fixture
def client(sample: SampleWarehouse) -> TestClient:
    """A client of the API over that home."""
    return LocalClient(create_app(lambda: pixels.open(sample.home)))


def publish(sample: SampleWarehouse) -> None:
    """Publish a visit after midnight, local time, and a registration."""
    sample.publish(
        visit("p1", "brandA", "2026-11-01T23:30"),
        registration("p1", "brandA", "2026-11-02T10:00"),
        complete_until=at(AS_OF),
    )


def problem(result: Result, status: int) -> dict[str, Any]:
    """Check that the answer is a problem document of that status, and return it."""
    assert result.status_code == status
    assert result.headers["content-type"] == "application/problem+json"
    assert result.json["status"] == status
    assert result.json["type"] == "about:blank"
    assert result.json["title"]
    return dict(result.json)


def test_metrics_are_the_rows_of_the_range(client: TestClient, sample: SampleWarehouse) -> None:
    """The answer says which days, zone and snapshot it is about; days are the zone's."""
    publish(sample)

    answer = client.simulate_get("/api/metrics", query_string="from=2026-11-02&to=2026-11-02")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json == {
        "from": "2026-11-02",
        "to": "2026-11-02",
        "per": "day",
        "time_zone": "Europe/Berlin",
        "as_of": AS_OF,
        "complete_until": AS_OF,
        "snapshot": 1,
        "rows_total": 2,
        "next": None,
        "rows": [
            {"event_date": "2026-11-02", "event_type": "registration", "count": 1},
            {"event_date": "2026-11-02", "event_type": "visit", "count": 1},
        ],
    }


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("", "from"), ("to=2026-11-30", "from"), ("from=2026-11-01", "to"), ("from=&to=2026-11-30", "from"), ("from&to=2026-11-30", "from"),
        ("from=2026-11-01&to=", "to"), ("from=2026-11-01&to=2026-11-31", "to"), ("from=yesterday&to=2026-11-30", "from"),
        ("from=2026-11-01T00:00:00Z&to=2026-11-30", "from"), ("from=1667260800&to=2026-11-30", "from"), ("from=2026-11-02&to=2026-11-01", "to"),
        (NOVEMBER + "&from=2026-11-02", "from"), (NOVEMBER + "&to=2026-11-30", "to"), (NOVEMBER + "&banner=x", "banner"),
        (NOVEMBER + "&From=2026-11-01", "From"), (NOVEMBER + "&=1", ""), ("from=%ff&to=2026-11-30", "from"), ("from=%&to=2026-11-30", "from"),
        ("from=2026-11-01%00&to=2026-11-30", "from"), ("from=2026-11-01,2026-11-02&to=2026-11-30", "from"), (NOVEMBER + "&%3Cscript%3E=1", "<script>"),
    ],
)  # fmt: skip
def test_a_wrong_missing_repeated_or_unknown_parameter_is_named(
    client: TestClient, sample: SampleWarehouse, query: str, parameter: str
) -> None:
    """400 with a problem document whose member `parameter` says which one, and whose detail says why."""
    publish(sample)

    document = problem(client.simulate_get("/api/metrics", query_string=query), 400)

    assert document["parameter"] == parameter
    assert document["detail"].startswith(f"{parameter}: ")


def test_the_widest_range_is_answered(client: TestClient, sample: SampleWarehouse) -> None:
    """The ends of the calendar are days like others."""
    publish(sample)

    answer = client.simulate_get("/api/metrics", query_string="from=0001-01-01&to=9999-12-31")

    assert len(answer.json["rows"]) == 2


@pytest.mark.parametrize("path", ["/api/metrics?" + NOVEMBER, "/api/health"])
def test_nothing_published_is_503_with_what_to_do(client: TestClient, sample: SampleWarehouse, path: str) -> None:
    """Until the first pass there are no numbers, not zeros; afterwards the same process answers."""
    answer = client.simulate_get(path)

    assert "run `pixels aggregate`" in problem(answer, 503)["detail"]
    assert int(answer.headers["retry-after"]) > 0
    publish(sample)
    assert client.simulate_get(path).status_code == 200


def test_wrong_parameters_are_named_before_anything_is_published(client: TestClient) -> None:
    """The mistake of the caller comes first."""
    assert problem(client.simulate_get("/api/metrics", query_string="from=x&to=2026-11-30"), 400)["parameter"] == "from"


def test_answers_follow_new_snapshots(client: TestClient, sample: SampleWarehouse) -> None:
    """Each answer is from the newest snapshot, also when the one before is deleted."""
    publish(sample)
    assert client.simulate_get("/api/metrics", query_string=NOVEMBER).json["snapshot"] == 1
    sample.publish(visit("p2", "brandA", "2026-11-03T10:00"))
    (sample.published / "snapshot-000001.duckdb").unlink()

    answer = client.simulate_get("/api/metrics", query_string=NOVEMBER)

    assert (answer.json["snapshot"], len(answer.json["rows"])) == (2, 3)


def test_an_answer_that_the_client_has_is_not_sent_again(client: TestClient, sample: SampleWarehouse) -> None:
    """The ETag belongs to the snapshot: 304 without a body while it is the newest, 200 after the next one."""
    publish(sample)
    first = client.simulate_get("/api/metrics", query_string=NOVEMBER)
    etag = first.headers["etag"]

    assert first.headers["cache-control"] == "no-cache"
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = client.simulate_get("/api/metrics", query_string=NOVEMBER, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
    for unknown in ('"other"', "nonsense", ""):
        again = client.simulate_get("/api/metrics", query_string=NOVEMBER, headers={"If-None-Match": unknown})
        assert again.status_code == 200
    sample.publish(visit("p2", "brandA", "2026-11-03T10:00"))
    assert (
        client.simulate_get("/api/metrics", query_string=NOVEMBER, headers={"If-None-Match": etag}).status_code == 200
    )


def test_tags_taken_apart_by_another_rule_are_another_answer(
    client: TestClient, sample: SampleWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The setting is no part of the snapshot, and decides what `by` finds."""
    publish(sample)
    asked = f"{NOVEMBER}&by=brand"
    monkeypatch.setenv("PIXELS_TAG_PATTERN", "^(?P<brand>[a-z]+)")
    first = client.simulate_get("/api/banners", query_string=asked)
    monkeypatch.setenv("PIXELS_TAG_PATTERN", "^[a-z]+(?P<brand>.+)")
    restarted = LocalClient(create_app(lambda: pixels.open(sample.home)))
    second = restarted.simulate_get(
        "/api/banners", query_string=asked, headers={"If-None-Match": first.headers["etag"]}
    )

    assert [answer.json["rows"][0]["brand"] for answer in (first, second)] == ["brand", "A"]


def test_a_wrong_parameter_is_never_not_modified(client: TestClient, sample: SampleWarehouse) -> None:
    """What would be refused is refused, whatever the client has."""
    publish(sample)

    answer = client.simulate_get("/api/metrics", query_string="from=x&to=2026-11-30", headers={"If-None-Match": "*"})

    assert problem(answer, 400)["parameter"] == "from"


def test_demo_data_says_so_in_every_answer(tmp_path: Path) -> None:
    """Made-up numbers carry "demo": true; real ones have no such member."""
    sample = SampleWarehouse(tmp_path, is_demo=True)
    publish(sample)
    client = LocalClient(create_app(lambda: pixels.open(tmp_path)))

    assert client.simulate_get("/api/metrics", query_string=NOVEMBER).json["demo"] is True
    assert client.simulate_get("/api/health").json["demo"] is True


def test_health_says_how_complete_the_numbers_are(client: TestClient, sample: SampleWarehouse) -> None:
    """A quiet night moves complete_until and last_pass_at, not the snapshot."""
    publish(sample)
    assert client.simulate_get("/api/health").json == {
        "status": "ok",
        "snapshot": 1,
        "as_of": AS_OF,
        "complete_until": AS_OF,
        "last_pass_at": AS_OF,
        "last_check": None,
    }

    sample.point_at("snapshot-000001.duckdb", complete_until=at("2026-11-23T08:00"), as_of=AS_OF)

    health = client.simulate_get("/api/health").json
    assert (health["as_of"], health["complete_until"]) == (AS_OF, "2026-11-23T08:00:00.000Z")


def test_health_says_when_the_figures_were_last_compared_with_the_records(
    client: TestClient, sample: SampleWarehouse
) -> None:
    """What `pixels rebuild --check` found, as the pointer has it."""
    publish(sample)
    check = {"checked_at": AS_OF, "snapshot": 1, "equal": False, "differences": {"players": 2}}
    told = {**check, "code_version": "0.1.0"}
    sample.point_at("snapshot-000001.duckdb", complete_until=at("2026-11-23T08:00"), last_check=told)

    assert client.simulate_get("/api/health").json["last_check"] == check


def test_head_is_get_without_a_body(client: TestClient, sample: SampleWarehouse) -> None:
    """The same status and headers, for both addresses."""
    publish(sample)
    for path in ("/api/metrics?" + NOVEMBER, "/api/health"):
        get, head = client.simulate_get(path), client.simulate_head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers == get.headers


def test_options_names_the_methods(client: TestClient) -> None:
    """GET and HEAD are allowed, also before anything is published."""
    answer = client.simulate_options("/api/metrics")

    assert answer.status_code == 200
    assert {"GET", "HEAD"} <= set(answer.headers["allow"].split(", "))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_other_methods_are_405(client: TestClient, method: str) -> None:
    """A problem document, and the methods there are."""
    answer = client.simulate_request(method, "/api/metrics", query_string=NOVEMBER)

    problem(answer, 405)
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize(
    "path", ["/", "/api", "/api/", "/api/metrics/", "/api/metrics/x", "/api/%2e%2e/etc", "/metrics/"]
)
def test_an_unknown_path_is_404(client: TestClient, path: str) -> None:
    """A problem document, also there."""
    problem(client.simulate_get(path), 404)


def test_a_damaged_snapshot_is_503(client: TestClient, sample: SampleWarehouse) -> None:
    """What cannot be read is no answer of zero rows and no traceback."""
    publish(sample)
    (sample.published / "snapshot-000001.duckdb").write_bytes(b"damaged")

    assert "damaged" in problem(client.simulate_get("/api/metrics", query_string=NOVEMBER), 503)["detail"]


def test_an_unexpected_failure_is_500_without_its_details(caplog: pytest.LogCaptureFixture) -> None:
    """A fault of the program is a problem document that tells strangers nothing; the log tells all."""

    def broken() -> Warehouse:
        raise RuntimeError("secret of the inside")

    answer = LocalClient(create_app(broken)).simulate_get("/api/metrics", query_string=NOVEMBER)

    assert "secret" not in str(problem(answer, 500))
    assert "/api/metrics failed" in caplog.text
    assert "secret of the inside" in caplog.text


def test_an_error_of_opening_is_not_remembered(sample: SampleWarehouse) -> None:
    """The warehouse is asked for again at the next request."""
    publish(sample)
    attempts: list[int] = []

    def at_the_second_attempt() -> Warehouse:
        attempts.append(1)
        if len(attempts) == 1:
            raise NoSnapshot("not yet")
        return pixels.open(sample.home)

    client = LocalClient(create_app(at_the_second_attempt))

    assert [client.simulate_get("/api/health").status_code for _ in range(2)] == [503, 200]
