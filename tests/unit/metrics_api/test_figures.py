"""The API says what the library says, to every question of the table and in every form."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import polars as pl
import pytest
from falcon.testing import Result, TestClient

import pixels
from metrics_api.app import create_app
from metrics_api.columns import COLUMNS
from metrics_api.endpoint import Endpoint
from metrics_api.endpoints import ENDPOINTS
from metrics_api.formats import ARROW, CSV, FORMATS, PARQUET
from metrics_api.parameters import LONGEST_TEXT
from metrics_api.trends import MOST_DAYS
from pixels import Warehouse
from pixels.banner_verdict import cautions, conclusion
from pixels.listing import as_csv
from pixels.resources import resource_path
from tests.api_client import LocalClient
from tests.sample_warehouse import SampleWarehouse
from tests.unit.metrics_api.questions import HOSTILE, NOVEMBER, QUESTIONS, VARIANTS, Question, publish

ALL = QUESTIONS | VARIANTS
ATTACKS = (
    "'", "''; DROP TABLE events; --", "x' OR '1'='1", "1; ATTACH '/etc/passwd' AS p", "COPY events TO '/tmp/x'",
    "read_csv('/etc/passwd')", "PRAGMA database_list", "../../../../etc/passwd", "..%2f..%2fetc/passwd", "$banners", "?", "\x00",
    "{{7*7}}", "%s%n", "\ud7ff\U0010ffff", "=1+1", "<script>alert(1)</script>", "a" * 5_000, "0", "-1", "99999999999999999999",
    "9999-12-31", "0001-01-01", "null", "[]", "\r\nX-Evil: 1",
)  # fmt: skip


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleWarehouse:
    """A history in which every question has an answer."""
    return publish(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def warehouse(sample: SampleWarehouse) -> Iterator[Warehouse]:
    """The library's own view of it."""
    with pixels.open(sample.home) as warehouse:
        yield warehouse


@pytest.fixture(scope="module")
def client(sample: SampleWarehouse) -> TestClient:
    """A client of the API over it."""
    return LocalClient(create_app(lambda: pixels.open(sample.home)))


def ask(client: TestClient, question: Question, **headers: str) -> Result:
    answer = client.simulate_get(question.path, query_string=question.query, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


def endpoint_of(path: str) -> Endpoint:
    (found,) = (e for e in ENDPOINTS if re.fullmatch(re.sub(r"{\w+}", "[^/]+", e.path), path))
    return found


def as_json_has_it(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Write a frame's values the way docs/api.md says, one by one."""

    def plain(value: Any) -> Any:
        if isinstance(value, Decimal):
            return str(value)
        if hasattr(value, "hour"):
            return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
        return value.isoformat() if hasattr(value, "isoformat") else value

    return [{name: plain(value) for name, value in row.items()} for row in frame.iter_rows(named=True)]


def test_there_is_a_question_for_every_endpoint() -> None:
    """The table has no endpoint that the tests of this file leave out."""
    assert {endpoint_of(path).path for path in QUESTIONS} == {endpoint.path for endpoint in ENDPOINTS}


@pytest.mark.parametrize("question", ALL.values(), ids=ALL)
def test_every_form_of_every_answer_is_the_frame_of_the_library(
    client: TestClient, warehouse: Warehouse, question: Question
) -> None:
    """JSON, CSV, Parquet and Arrow have the same rows; the last two the same types."""
    expected = question.of_library(warehouse)
    assert expected.height

    answers = {form: ask(client, question, Accept=form.media_type) for form in FORMATS}

    as_json = ask(client, question).json
    assert as_json["rows"] == as_json_has_it(expected)
    assert as_json["rows_total"] == expected.height
    if "visitor_keys" not in expected.columns:
        assert answers[CSV].content.decode() == f"{as_csv(expected)}\n"
    assert pl.read_parquet(io.BytesIO(answers[PARQUET].content)).equals(expected)
    assert pl.read_ipc_stream(io.BytesIO(answers[ARROW].content)).equals(expected)
    assert pl.read_parquet(io.BytesIO(answers[PARQUET].content)).schema == expected.schema


@pytest.mark.parametrize("question", ALL.values(), ids=ALL)
def test_the_columns_of_the_table_are_those_of_the_frame(warehouse: Warehouse, question: Question) -> None:
    """Names, order and types; a dimension that was asked for is a column more. Only what may be null is null."""
    endpoint, frame = endpoint_of(question.path), question.of_library(warehouse)
    described = [*endpoint.columns, *endpoint.optional]

    dimension = [name for name in frame.columns if name not in described]

    assert [name for name in frame.columns if name in endpoint.columns] == list(endpoint.columns)
    assert dimension in ([], re.findall(r"by=([^&]+)", question.query))
    for name, dtype in frame.schema.items():
        assert dtype == (pl.String() if name in dimension else COLUMNS[name].dtype), name
        assert frame[name].null_count() == 0 or name in dimension or COLUMNS[name].nullable, name


def test_a_campaign_has_its_sums_and_conversions_beside_its_days(client: TestClient, warehouse: Warehouse) -> None:
    """They are the banner's rows of `wh.banners` and `wh.conversions`."""
    of_banner = pl.col("banner_tag") == HOSTILE
    days = ("2026-11-01", "2026-11-21")

    answer = ask(client, QUESTIONS[f"/api/campaigns/{quote(HOSTILE, safe='')}"]).json

    (sums,) = warehouse.banners(*days).filter(of_banner).drop("banner_tag").to_dicts()
    (rates,) = warehouse.conversions(*days, by="banner_tag").filter(of_banner).drop("banner_tag").to_dicts()
    assert (answer["banner"], answer["totals"], answer["conversions"]) == (HOSTILE, sums, rates)


def test_a_comparison_has_its_verdict_beside_its_banners(client: TestClient, warehouse: Warehouse) -> None:
    """In the words that the dashboard and the notebooks have; names are text there."""
    answer = ask(client, QUESTIONS["/api/compare-banners"]).json

    frame = warehouse.compare_banners("2026-11-01", "2026-11-21", credit="registration")
    assert answer["verdict"] == {"conclusion": conclusion(frame), "cautions": " ".join(cautions(frame))}
    assert answer["verdict"]["conclusion"]


def test_a_banner_that_was_seen_on_other_days_has_zeros(client: TestClient) -> None:
    """No days, sums of 0, and rates that nobody can have."""
    answer = client.simulate_get("/api/campaigns/brandA", query_string="from=2026-12-01&to=2026-12-02").json

    assert (answer["rows"], answer["totals"]) == ([], {"visits": 0, "registrations": 0, "deposits": 0})
    assert (answer["conversions"]["visitors"], answer["conversions"]["registration_rate"]) == (0, None)


@pytest.mark.parametrize(
    "address",
    [f"/api/campaigns/nobody?{NOVEMBER}", f"/api/campaigns/BRANDA?{NOVEMBER}", "/api/players/nobody", f"/api/trends/click?{NOVEMBER}"],
)  # fmt: skip
def test_what_the_path_names_and_is_not_there_is_404(client: TestClient, address: str) -> None:
    """A problem document says what is missing."""
    answer = client.simulate_get(address)

    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json["detail"]
    assert "etag" not in answer.headers


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html, application/xhtml+xml, */*;q=0.8", "application/json"),
        ("text/csv", "text/csv"),
        ("text/*", "text/csv"),
        ("text/csv;q=0.5, application/vnd.apache.parquet", "application/vnd.apache.parquet"),
        ("application/json;q=0.1, application/vnd.apache.arrow.stream;q=0.2", "application/vnd.apache.arrow.stream"),
        ("application/json;q=0, text/csv;q=0.1", "text/csv"),
    ],
)
def test_accept_chooses_the_form(client: TestClient, accept: str, media_type: str) -> None:
    """The one that the client likes best; JSON where it does not mind."""
    answer = ask(client, QUESTIONS["/api/metrics"], Accept=accept)

    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert "Accept" in answer.headers["vary"]


@pytest.mark.parametrize("accept", ["image/png", "application/json;q=0", "nonsense", "text/csv;q=0, application/xml"])
def test_a_form_that_is_not_made_is_406(client: TestClient, accept: str) -> None:
    """A problem document names those that are."""
    answer = client.simulate_get("/api/metrics", query_string=NOVEMBER, headers={"Accept": accept})

    assert (answer.status_code, answer.headers["content-type"]) == (406, "application/problem+json")
    assert all(form.media_type in answer.json["detail"] for form in FORMATS)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_format_in_the_address_chooses_whatever_accept_says(client: TestClient, form: Any) -> None:
    """For a browser's address line. What is no JSON is saved under the name of the question."""
    address = f"/api/kpis?{NOVEMBER}&format={form.name}"
    answer = client.simulate_get(address, headers={"Accept": "image/png"})

    assert answer.headers["content-type"] == form.content_type
    named = f'attachment; filename="kpis_2026-11-01_2026-11-21.{form.name}"'
    assert answer.headers.get("content-disposition") == (None if form.name == "json" else named)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_each_form_has_an_etag_of_its_own(client: TestClient, form: Any) -> None:
    """304 for the form that the client has, 200 for another; HEAD has the headers of GET."""
    question = QUESTIONS["/api/summary"]
    first = ask(client, question, Accept=form.media_type)
    known = {"If-None-Match": first.headers["etag"]}

    again = client.simulate_get(question.address, headers={"Accept": form.media_type, **known})
    other = next(f for f in FORMATS if f is not form)
    head = client.simulate_head(question.address, headers={"Accept": form.media_type})

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["x-pixels-snapshot"] == "1"
    assert client.simulate_get(question.address, headers={"Accept": other.media_type, **known}).status_code == 200
    assert (head.content, head.headers) == (b"", first.headers)


def test_the_headers_say_which_snapshot_it_is(client: TestClient, warehouse: Warehouse) -> None:
    """CSV, Parquet and Arrow have no room for it elsewhere."""
    headers = ask(client, QUESTIONS["/api/metrics"], Accept="text/csv").headers
    document = ask(client, QUESTIONS["/api/metrics"]).json

    assert headers["x-pixels-snapshot"] == str(document["snapshot"]) == str(warehouse.snapshot)
    assert headers["x-pixels-as-of"] == document["as_of"]
    assert headers["x-pixels-complete-until"] == document["complete_until"]
    assert headers["x-pixels-time-zone"] == document["time_zone"] == "Europe/Berlin"
    assert headers["x-pixels-rows-total"] == str(document["rows_total"])


def test_no_cell_of_a_csv_is_a_formula(client: TestClient) -> None:
    """A banner tag that begins like one has an apostrophe before it; numbers stay numbers."""
    rows = list(csv.DictReader(io.StringIO(ask(client, QUESTIONS["/api/banners"], Accept="text/csv").text)))

    tags = {row["banner_tag"] for row in rows}
    assert "'+brandB" in tags
    assert not any(tag.startswith(("=", "+", "-", "@")) for tag in tags)
    assert all(row["visits"].isdigit() for row in rows)


@pytest.mark.parametrize(
    ("parameter", "value", "most"), [("steps", "visit", 10), ("window", "7d", 9), ("by", "banner_tag", 1)]
)
def test_a_parameter_is_given_so_often_and_no_more(client: TestClient, parameter: str, value: str, most: int) -> None:
    """Each step of a funnel costs time, so that their number is bounded."""
    asked = f"/api/funnel?{NOVEMBER}" + f"&{parameter}={value}" * (most + 1)

    answer = client.simulate_get(asked)

    assert (answer.status_code, answer.json["parameter"]) == (400, parameter)
    assert f"given {most + 1} times" in answer.json["detail"]


@pytest.mark.parametrize(("days", "status"), [(MOST_DAYS, 200), (MOST_DAYS + 1, 400)])
def test_a_trend_of_too_many_days_is_refused(client: TestClient, days: int, status: int) -> None:
    """Rows are made of days without an event, so their number is bounded; the answer says so at once."""
    first = pl.date(2020, 1, 1)
    last = pl.select(first + pl.duration(days=days - 1)).item()

    answer = client.simulate_get("/api/trends/visit", query_string=f"from=2020-01-01&to={last}")

    assert answer.status_code == status
    assert len(answer.json.get("rows", [])) == (days if status == 200 else 0)


@pytest.mark.parametrize(
    "path", [path for path, asked in QUESTIONS.items() if NOVEMBER in asked.query and path != "/api/trends/visit"]
)
def test_the_whole_calendar_is_a_range_like_others(client: TestClient, path: str) -> None:
    """No endpoint makes rows of nothing, or falls over at the ends of the calendar."""
    query = QUESTIONS[path].query.replace("2026-11-01", "0001-01-01").replace("2026-11-21", "9999-12-31")

    assert client.simulate_get(path, query_string=query).status_code == 200


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.path)
def test_no_parameter_is_a_way_out(client: TestClient, sample: SampleWarehouse, endpoint: Endpoint) -> None:
    """SQL, paths, formulas, control characters, in every parameter: a plain answer, or a problem document that names it."""
    before = [file.read_bytes() for file in sorted(sample.published.iterdir())]
    for parameter in endpoint.parameters:
        for attack in ATTACKS:
            path, values = endpoint.path, {}
            for p in endpoint.parameters:
                value = attack if p is parameter else str(p.example)
                if p.in_path:
                    path = path.replace(f"{{{p.name}}}", quote(value, safe=""))
                elif p.required or p is parameter:
                    values[p.name] = value

            answer = client.simulate_get(path, params=values)

            assert answer.status_code in (200, 400, 404), (parameter.name, attack, answer.text)
            assert "root:" not in answer.text
            assert "x-evil" not in answer.headers
            if answer.status_code != 200:
                assert json.loads(answer.text)["detail"]
    assert [file.read_bytes() for file in sorted(sample.published.iterdir())] == before


def test_a_text_can_be_as_long_as_the_longest_of_an_event() -> None:
    """No banner tag or id that the contract allows is refused for its length."""
    contract = json.loads((resource_path("schema") / "event.schema.json").read_text("utf-8"))

    assert contract["$defs"]["name"]["maxLength"] == LONGEST_TEXT
    assert contract["properties"]["id"]["maxLength"] <= LONGEST_TEXT
