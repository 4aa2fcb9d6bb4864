"""However a pixel is sent, the same event is stored; and the sender gets the answer asked for."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any
from urllib.parse import urlencode

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.answers import GIF, SECURITY_HEADERS
from pixels.config import Settings
from tests.unit.collector.asgi import FULL, Answer, ListLog, ask
from tests.unit.collector.schemas import EVENT_SCHEMA, REASONS, REFUSAL_SCHEMA

GOOD = b"playerId=123&bannerTag=brandA"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
TEXT = "text/plain"


@pytest.fixture
def log() -> ListLog:
    return ListLog()


async def post(
    log: ListLog,
    body: bytes,
    content_type: str | None,
    *,
    path: str = "/visit",
    query: bytes = b"",
    settings: Settings | None = None,
    **headers: str,
) -> Answer:
    """POST a body with its length, as a client does; an underscore in a header's name is a hyphen."""
    sent = {"content-length": str(len(body)), "content-type": content_type, **headers}
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in sent.items() if value is not None]
    return await ask(log, path, query, method="POST", headers=raw, body=body, settings=settings)


def refused_as(answer: Answer) -> tuple[int, str | None]:
    return answer.status, answer.headers.get("x-pixels-rejected")


text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(
    st.fixed_dictionaries(
        {"playerId": text, "bannerTag": text}, optional={"s": text, "b": text, "x y": text, "ü": text}
    )
)
def test_query_form_json_and_beacon_of_the_same_parameters_become_the_same_event(sent: dict[str, str]) -> None:
    """Or are refused for the same reason."""
    query, as_json = urlencode(sent).encode(), json.dumps(sent).encode()
    half = len(sent) // 2
    in_url = urlencode(list(sent.items())[:half]).encode()
    in_body = urlencode(list(sent.items())[half:]).encode()

    async def outcome(body: bytes, content_type: str | None, query: bytes = b"") -> tuple[Any, ...]:
        log = ListLog()
        answer = await post(log, body, content_type, query=query)
        return answer.status, answer.headers.get("x-pixels-rejected"), [{**event, "id": ""} for event in log.events()]

    async def outcomes() -> list[tuple[Any, ...]]:
        return [
            await outcome(b"", None, query),
            await outcome(query, FORM),
            await outcome(query, "Application/X-WWW-Form-Urlencoded ; charset=utf-8"),
            await outcome(as_json, JSON),
            await outcome(as_json, f"{TEXT};charset=UTF-8"),
            await outcome(b" \n" + as_json, TEXT),
            await outcome(query, TEXT),
            await outcome(in_body, FORM, in_url),
        ]

    first, *others = asyncio.run(outcomes())

    assert first[0] in {200, 400}
    assert others == [first] * len(others)


@pytest.mark.parametrize(
    ("body", "content_type", "query", "expected"),
    [
        (GOOD, FORM, b"playerId=123", (400, "repeated_parameter")),
        (b'{"player_id": "1"}', JSON, GOOD, (400, "repeated_parameter")),
        (b"{", JSON, GOOD, (400, "bad_body")),
        (b"[]", JSON, GOOD, (400, "bad_body")),
        (b'{"x": []}', TEXT, GOOD, (400, "bad_body")),
        (b"x=%", FORM, GOOD, (400, "bad_encoding")),
        (b"x=\xff", TEXT, GOOD, (400, "bad_encoding")),
        (b"_key=1", FORM, GOOD, (400, "reserved_parameter")),
        (b'{"metadata": {"_key": "1"}}', JSON, GOOD, (400, "reserved_parameter")),
        (b'{"x": "\\u0000"}', JSON, GOOD, (400, "control_characters")),
        (b'{"x": "' + b"y" * 2049 + b'"}', JSON, GOOD, (400, "too_long")),
        (b"<x/>", "text/xml", GOOD, (415, "body_not_accepted")),
        (b"x=1", None, GOOD, (415, "body_not_accepted")),
        (b"x=1", "", GOOD, (415, "body_not_accepted")),
        (b"x=1", "multipart/form-data; boundary=x", GOOD, (415, "body_not_accepted")),
        (b"x=1", "text/plainer", GOOD, (415, "body_not_accepted")),
    ],
)  # fmt: skip
async def test_a_body_that_is_no_event_is_refused_and_kept(
    log: ListLog, body: bytes, content_type: str | None, query: bytes, expected: tuple[int, str]
) -> None:
    """The same checks as for a query; what is kept has the body after the request line, where it was read."""
    answer = await post(log, body, content_type, query=query)

    assert refused_as(answer) == expected
    (refusal,) = log.refusals()
    jsonschema.validate(refusal, REFUSAL_SCHEMA)
    line, _, kept = refusal["payload"].partition("\n\n")
    assert line == f"POST /visit?{query.decode()}"
    assert kept == ("" if answer.status == 415 else body.decode("latin-1"))
    assert log.events() == []


async def test_a_body_without_content_is_no_body(log: ListLog) -> None:
    """`sendBeacon(url)` has a content type in some browsers."""
    assert (await post(log, b"", JSON, query=GOOD)).status == 200
    assert (await post(log, b"", "text/xml", query=GOOD)).status == 200
    assert len(log.events()) == 2


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip"])
async def test_a_body_may_be_packed(log: ListLog, encoding: str) -> None:
    """Of any kind that is taken."""
    assert (await post(log, gzip.compress(GOOD), FORM, content_encoding=encoding)).status == 200
    assert [event["player_id"] for event in log.events()] == ["123"]


@pytest.mark.parametrize(
    ("body", "encoding", "expected"),
    [
        (GOOD, "gzip", (400, "bad_body")),
        (gzip.compress(GOOD, mtime=0)[:-9], "gzip", (400, "bad_body")),
        (GOOD, "br", (415, "body_not_accepted")),
        (gzip.compress(GOOD, mtime=0), "gzip, gzip", (415, "body_not_accepted")),
        (gzip.compress(bytes(3000), mtime=0), "gzip", (413, "too_long")),
    ],
)
async def test_a_body_that_cannot_be_unpacked_is_refused(
    log: ListLog, body: bytes, encoding: str, expected: tuple[int, str]
) -> None:
    """The limit counts unpacked bytes as well."""
    answer = await post(log, body, FORM, settings=with_settings(max_body_bytes=2048), content_encoding=encoding)

    assert refused_as(answer) == expected
    assert len(log.refusals()) == 1


async def test_the_limit_of_a_body_itself_is_taken(log: ListLog) -> None:
    """And one byte more is not, whether it was announced or not."""
    settings = with_settings(max_body_bytes=2048)
    largest = GOOD + b"&" * (2048 - len(GOOD))

    assert (await post(log, largest, FORM, settings=settings)).status == 200
    assert refused_as(await post(log, largest + b"&", FORM, settings=settings)) == (413, "too_long")
    unannounced = await ask(
        log, "/visit", method="POST", headers=[(b"content-type", FORM.encode())], body=largest + b"&", settings=settings
    )
    assert refused_as(unannounced) == (413, "too_long")
    assert len(log.events()) == 1


async def test_an_event_with_an_id_of_its_sender_keeps_its_id(log: ListLog) -> None:
    """Sent again it is the same event; of another player or type, or without an id, it is another."""
    for path, query in [
        ("/visit", GOOD + b"&eventId=e-1"),
        ("/visit", b"event_id=e-1&banner_tag=other&player_id=123"),
        ("/deposit", GOOD + b"&eventId=e-1"),
        ("/visit", b"playerId=124&bannerTag=brandA&eventId=e-1"),
        ("/visit", GOOD),
        ("/visit", GOOD),
    ]:
        assert (await ask(log, path, query)).status == 200
    await post(log, b'{"eventId": "e-1"}', JSON, query=GOOD)

    first, again, deposit, other, random, another, in_body = (event["id"] for event in log.events())
    assert first == again == in_body
    assert len({first, deposit, other, random, another}) == 5
    assert first[14] == "5"
    assert all("eventId" not in event["metadata"] for event in log.events())


@pytest.mark.parametrize(
    ("event_id", "expected"),
    [
        ("", "placeholder_value"),
        ("  ", "placeholder_value"),
        ("null", "placeholder_value"),
        ("{id}", "placeholder_value"),
        ("a\nb", "control_characters"),
        ("a\x85b", "control_characters"),
        ("x" * 129, "too_long"),
    ],
)
async def test_an_id_that_is_none_is_refused(log: ListLog, event_id: str, expected: str) -> None:
    """All events with the id `null` would be one event."""
    answer = await ask(log, "/visit", GOOD + b"&" + urlencode({"eventId": event_id}).encode())

    assert refused_as(answer) == (400, expected)
    assert (await ask(log, "/visit", GOOD + b"&eventId=" + b"x" * 128)).status == 200


@pytest.mark.parametrize("option", [b"debug=1", b"debug=true", b"%64ebug=1"])
async def test_debug_explains_an_accepted_event_and_stores_it(log: ListLog, option: bytes) -> None:
    """What is shown is what was stored; the option itself is no metadata."""
    answer = await ask(log, "/visit", GOOD + b"&s=1&" + option)

    assert (answer.status, answer.headers["content-type"]) == (200, JSON)
    assert json.loads(answer.body) == {"accepted": True, "event": log.events()[0]}
    assert log.events()[0]["metadata"] == {"s": "1"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (b"debug=1&playerId=1", "missing_banner_tag"),
        (b"playerId=1&debug=1&x=%", "bad_encoding"),
        (b"debug=1&" + b"x" * 9000, "too_long"),
    ],
)
async def test_debug_explains_a_refusal(log: ListLog, query: bytes, expected: str) -> None:
    """Also of a query that cannot be read; status and header are as without it."""
    answer = await ask(log, "/visit", query)

    explained = json.loads(answer.body)
    assert (answer.status, answer.headers["content-type"]) == (400, JSON)
    assert explained == {"accepted": False, "reason": expected, "detail": log.refusals()[0]["detail"]}
    assert answer.headers["x-pixels-rejected"] == expected


async def test_debug_shows_what_was_left_out(log: ListLog) -> None:
    """A setting may leave out metadata; whoever tries a pixel learns of it."""
    answer = await ask(log, "/visit", GOOD + b"&debug=1&email=x&s=1", settings=with_settings(metadata_allow="plan"))

    assert json.loads(answer.body)["left_out"] == ["email"]


async def test_debug_and_response_can_be_said_in_the_body(log: ListLog) -> None:
    """They are options wherever they stand, never metadata."""
    explained = await post(log, b'{"debug": true, "playerId": "1", "bannerTag": "a"}', JSON)
    nothing = await post(log, GOOD + b"&response=204", FORM)

    assert json.loads(explained.body)["accepted"] is True
    assert (nothing.status, nothing.body) == (204, b"")
    assert [event["metadata"] for event in log.events()] == [{}, {}]


@pytest.mark.parametrize("option", [b"debug=0", b"debug=", b"response=gif", b"response=200"])
async def test_another_value_of_an_option_asks_for_nothing(log: ListLog, option: bytes) -> None:
    """The pixel is answered, and the option is no metadata either."""
    answer = await ask(log, "/visit", GOOD + b"&" + option)

    assert (answer.status, answer.body) == (200, GIF)
    assert log.events()[0]["metadata"] == {}


@pytest.mark.parametrize(
    ("option", "headers"),
    [
        (b"&response=204", []),
        (b"", [(b"prefer", b"return=minimal")]),
        (b"", [(b"prefer", b"respond-async, Return=Minimal; foo")]),
    ],
)
async def test_nothing_is_answered_on_request(log: ListLog, option: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    """204 for an event; a refusal keeps its status and its reason, and has no body."""
    stored = await ask(log, "/visit", GOOD + option, headers=headers)
    refused = await ask(log, "/visit", b"playerId=1" + option, headers=headers)

    assert (stored.status, stored.body, stored.headers.get("content-length")) == (204, b"", None)
    assert (refused_as(refused), refused.body) == ((400, "missing_banner_tag"), b"")
    assert "content-type" not in {*stored.headers, *refused.headers}
    assert (len(log.events()), len(log.refusals())) == (1, 1)


async def test_head_stores_nothing_whatever_is_asked_for(log: ListLog) -> None:
    """It answers as GET would, without a body."""
    explained = await ask(log, "/visit", GOOD + b"&debug=1", method="HEAD")
    nothing = await ask(log, "/visit", GOOD + b"&response=204", method="HEAD")

    assert (explained.status, explained.headers["content-type"], explained.body) == (200, JSON, b"")
    assert nothing.status == 204
    assert log.records == []


ANSWERS = [
    ("GET", "/visit", GOOD, {}, 200),
    ("GET", "/visit", GOOD + b"&response=204", {}, 204),
    ("GET", "/visit", GOOD + b"&debug=1", {}, 200),
    ("GET", "/visit", b"", {}, 400),
    ("POST", "/visit", GOOD, {}, 200),
    ("HEAD", "/visit", GOOD, {}, 200),
    ("OPTIONS", "/visit", b"", {}, 204),
    ("PUT", "/visit", GOOD, {}, 405),
    ("BREW", "/visit", GOOD, {}, 405),
    ("GET", "/nowhere", b"", {}, 404),
    ("GET", "/pixels.js", b"", {}, 200),
    ("GET", "/pixels.js", b"", {b"if-none-match": b"*"}, 304),
    ("GET", "/robots.txt", b"", {}, 200),
    ("GET", "/favicon.ico", b"", {}, 204),
    ("GET", "/", b"", {}, 200),
    ("GET", "/healthz", b"", {}, 200),
    ("POST", "/events", b"", {}, 400),
    ("GET", "/events", b"", {}, 405),
    ("OPTIONS", "/events", b"", {}, 204),
]


@pytest.mark.parametrize(("method", "path", "query", "headers", "status"), ANSWERS)
async def test_every_answer_has_the_security_headers(
    log: ListLog, method: str, path: str, query: bytes, headers: dict[bytes, bytes], status: int
) -> None:
    """Nothing is sniffed, framed with scripts or told where it came from; and no answer names its framework."""
    answer = await ask(log, path, query, method=method, headers=list(headers.items()))

    assert answer.status == status
    assert answer.headers.items() >= SECURITY_HEADERS.items()
    assert "server" not in answer.headers
    assert b"falcon" not in answer.body.lower()


@pytest.mark.parametrize("failure", [FULL, ZeroDivisionError("x")])
async def test_answers_of_faults_have_the_security_headers_too(failure: Exception) -> None:
    """503 and 500."""
    answer = await ask(ListLog(failure=failure), "/visit", GOOD)

    assert answer.status in {500, 503}
    assert answer.headers.items() >= SECURITY_HEADERS.items()


async def test_a_preflight_names_what_may_be_sent(log: ListLog) -> None:
    """A browser asks before it sends JSON from another site."""
    answer = await ask(log, "/visit", method="OPTIONS", headers=[(b"origin", b"https://shop.example")])
    batch = await ask(log, "/events", method="OPTIONS")

    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, POST"
    assert answer.headers["access-control-max-age"] == "86400"
    assert {"Content-Type", "Content-Encoding", "X-Pixels-Signature"} <= set(
        answer.headers["access-control-allow-headers"].split(", ")
    )
    assert batch.headers["access-control-allow-methods"] == "POST"
    assert log.records == []


@pytest.mark.parametrize(("method", "path", "query", "headers", "status"), ANSWERS)
async def test_only_listed_origins_may_read_answers(
    log: ListLog, method: str, path: str, query: bytes, headers: dict[bytes, bytes], status: int
) -> None:
    """A listed one is named, another one is told nothing; the event is stored all the same, since CORS protects readers."""
    settings = with_settings(cors_origins="https://shop.example, http://localhost:8080")

    async def asked_from(origin: bytes | None) -> Answer:
        sent = [*headers.items(), *([(b"origin", origin)] if origin else [])]
        return await ask(log, path, query, method=method, headers=sent, settings=settings)

    listed = await asked_from(b"https://shop.example")
    assert (listed.status, listed.headers["vary"]) == (status, "Origin")
    assert listed.headers["access-control-allow-origin"] == "https://shop.example"
    for origin in (
        None,
        b"https://other.example",
        b"https://shop.example.evil",
        b"null",
        b"HTTPS://SHOP.EXAMPLE",
        b"\xff",
    ):
        other = await asked_from(origin)
        assert (other.status, other.headers["vary"]) == (status, "Origin")
        assert not any(name.startswith("access-control-") for name in other.headers)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
bodies = st.one_of(
    st.binary(max_size=100),
    st.dictionaries(
        st.sampled_from(["playerId", "bannerTag", "player_id", "eventId", "metadata", "debug", "x", "_y", "\ud800"]),
        st.sampled_from(["1", "", "{x}", "a\n", "\ud800", "x" * 300, 25.0, None, True]) | json_values,
    )
    .map(json.dumps)
    .map(str.encode),
)


@given(
    body=bodies,
    content_type=st.sampled_from([FORM, JSON, TEXT, "", "x"]),
    query=st.sampled_from([b"", GOOD, b"playerId=1", b"debug=1", b"response=204&bannerTag=a", b"createdAt=x"]),
    packed=st.sampled_from([None, "gzip", "identity", "br"]),
    path=st.sampled_from(["/visit", "/deposit"]),
)
def test_any_body_becomes_an_event_or_a_refusal_of_the_contract(
    body: bytes, content_type: str, query: bytes, packed: str | None, path: str
) -> None:
    """Whatever a stranger sends, exactly one valid record is stored, and the answer says which."""
    log = ListLog()
    sent = gzip.compress(body) if packed == "gzip" else body
    headers: dict[str, Any] = {"content_encoding": packed} if packed else {}

    answer = asyncio.run(post(log, sent, content_type, path=path, query=query, **headers))

    assert len(log.records) == 1
    for event in log.events():
        jsonschema.validate(event, EVENT_SCHEMA)
        assert answer.status in {200, 204}
    for refusal in log.refusals():
        jsonschema.validate(refusal, REFUSAL_SCHEMA)
        assert refusal["reason"] in REASONS
        assert answer.headers["x-pixels-rejected"] == refusal["reason"]
        assert answer.status in {400, 403, 415}


def with_settings(**settings: Any) -> Settings:
    """Return the defaults with some settings changed, without the environment of this machine."""
    return Settings.model_construct(**settings)


async def test_an_event_larger_than_a_message_may_be_is_refused(log: ListLog) -> None:
    """Field by field within the limits; acknowledged, it would be set aside by whoever reads the log."""
    metadata = {f"m{number}": "\N{WOMAN}" * 2048 for number in range(40)}
    body = json.dumps({"playerId": "123", "bannerTag": "brandA", "metadata": metadata}, ensure_ascii=False).encode()

    assert refused_as(await post(log, body, JSON)) == (400, "too_long")
    assert log.events() == []


async def test_a_script_may_read_why_a_pixel_was_not_taken_and_when_to_try_again() -> None:
    """A browser hides from it every header that is not named."""
    refused = await ask(ListLog(), "/visit")
    not_stored = await ask(ListLog(failure=FULL), "/visit", GOOD)

    exposed = [set(answer.headers["access-control-expose-headers"].split(", ")) for answer in (refused, not_stored)]

    assert (refused.status, not_stored.status) == (400, 503)
    assert exposed == [{"X-Pixels-Rejected", "Retry-After", "X-Request-Id"}] * 2
