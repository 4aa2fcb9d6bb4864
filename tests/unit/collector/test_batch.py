"""A server sends many events in one request and learns what became of each."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.batch import MAX_ITEMS
from pixels.config import Settings
from tests.unit.collector.asgi import FULL, Answer, ListLog, ask
from tests.unit.collector.schemas import EVENT_SCHEMA, REASONS, REFUSAL_SCHEMA

VISIT = {"eventType": "visit", "playerId": "1", "bannerTag": "a", "s": "v-1"}
DEPOSIT = {
    "event_type": "deposit",
    "player_id": "2",
    "banner_tag": "a",
    "metadata": {"amount": 25.0, "currency": "EUR"},
}
NOBODY = {"eventType": "visit", "bannerTag": "a"}


@pytest.fixture
def log() -> ListLog:
    return ListLog()


async def send(
    log: ListLog, body: bytes, content_type: str = "application/json", query: bytes = b"", **settings: Any
) -> Answer:
    headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    if body[:2] == b"\x1f\x8b":
        headers.append((b"content-encoding", b"gzip"))
    return await ask(
        log, "/events", query, method="POST", headers=headers, body=body, settings=Settings.model_construct(**settings)
    )


def lines(*items: object) -> bytes:
    return "\n".join(json.dumps(item) for item in items).encode()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (json.dumps([VISIT, DEPOSIT]).encode(), "application/json"),
        (json.dumps([VISIT, DEPOSIT], indent=2).encode(), "application/json; charset=utf-8"),
        (json.dumps([VISIT, DEPOSIT]).encode(), "text/plain"),
        (lines(VISIT, DEPOSIT), "application/x-ndjson"),
        (lines(VISIT, DEPOSIT) + b"\n", "application/ndjson"),
        (lines(VISIT, DEPOSIT).replace(b"\n", b"\r\n\r\n"), "application/json"),
        (b"\n\n " + lines(VISIT, DEPOSIT), "text/plain"),
        (gzip.compress(lines(VISIT, DEPOSIT), mtime=0), "application/x-ndjson"),
    ],
)
async def test_an_array_or_lines_become_events(log: ListLog, body: bytes, content_type: str) -> None:
    """In the order sent, each with its id as the result."""
    answer = await send(log, body, content_type)

    visit, deposit = log.events()
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert json.loads(answer.body) == {
        "accepted": 2,
        "refused": 0,
        "results": [{"id": visit["id"]}, {"id": deposit["id"]}],
    }
    assert (visit["event_type"], visit["player_id"], visit["metadata"]) == ("visit", "1", {"s": "v-1"})
    assert (deposit["event_type"], deposit["metadata"]) == ("deposit", {"amount": "25.0", "currency": "EUR"})
    assert [key for _, key, _ in log.records] == [b"1", b"2"]


async def test_a_refused_item_does_not_concern_the_others(log: ListLog) -> None:
    """207; each item has its own result, and what was refused is kept with its own text."""
    broken = b'{"eventType": "visit", '
    answer = await send(log, b"\n".join([lines(VISIT), broken, lines(NOBODY), lines(DEPOSIT)]), "text/plain")

    told = json.loads(answer.body)
    assert (answer.status, told["accepted"], told["refused"]) == (207, 2, 2)
    assert [result.get("reason") for result in told["results"]] == [None, "bad_body", "missing_player_id", None]
    assert [refusal["payload"] for refusal in log.refusals()] == [
        f"POST /events\n\n{broken.decode()}",
        f"POST /events\n\n{json.dumps(NOBODY)}",
    ]
    assert len(log.events()) == 2


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"playerId": "1", "bannerTag": "a"}, "unknown_event_type"),
        ({**VISIT, "eventType": "Visit"}, "unknown_event_type"),
        ({**VISIT, "eventType": None}, "unknown_event_type"),
        ({**VISIT, "event_type": "visit"}, "repeated_parameter"),
        ({**VISIT, "x": []}, "bad_body"),
        ({**VISIT, "_key": "shop"}, "reserved_parameter"),
        ({**VISIT, "playerId": "guest"}, "placeholder_value"),
        ({**VISIT, "createdAt": "2026-11-22T16:00:00Z"}, "signature_required"),
        ([], "bad_body"),
        ("text", "bad_body"),
        (1, "bad_body"),
        (None, "bad_body"),
    ],
)
async def test_a_batch_of_which_nothing_is_accepted_is_answered_400(log: ListLog, item: object, expected: str) -> None:
    """The same checks as for a pixel, and the type of each event besides."""
    answer = await send(log, json.dumps([item]).encode())

    (result,) = json.loads(answer.body)["results"]
    assert (answer.status, result["reason"]) == (400, expected)
    assert [(refusal["reason"], refusal["detail"]) for refusal in log.refusals()] == [(expected, result["detail"])]
    assert log.events() == []


@pytest.mark.parametrize(
    ("body", "content_type", "query", "expected"),
    [
        (b"", "application/json", b"", (400, "bad_body")),
        (b" \n ", "application/json", b"", (400, "bad_body")),
        (b"[]", "application/json", b"", (400, "bad_body")),
        (b"[", "application/json", b"", (400, "bad_body")),
        (b"[{}", "application/json", b"", (400, "bad_body")),
        (b"[{}] x", "application/json", b"", (400, "bad_body")),
        (b"[" * 100_000, "application/json", b"", (400, "bad_body")),
        (json.dumps([VISIT] * (MAX_ITEMS + 1)).encode(), "application/json", b"", (413, "too_long")),
        (lines(*[VISIT] * (MAX_ITEMS + 1)), "text/plain", b"", (413, "too_long")),
        (gzip.compress(bytes(1 << 21), mtime=0), "application/json", b"", (413, "too_long")),
        (b"[{}]", "application/x-www-form-urlencoded", b"", (415, "body_not_accepted")),
        (b"[{}]", "", b"", (415, "body_not_accepted")),
        (lines(VISIT), "text/plain", b"bannerTag=b", (400, "reserved_parameter")),
        (lines(VISIT), "text/plain", b"x=%", (400, "bad_encoding")),
    ],
    ids=lambda value: repr(value)[:30],
)
async def test_a_batch_that_cannot_be_read_is_one_refusal(
    log: ListLog, body: bytes, content_type: str, query: bytes, expected: tuple[int, str]
) -> None:
    """Kept once for the whole; the answer has the reason."""
    answer = await send(log, body, content_type, query)

    told = json.loads(answer.body)
    assert (answer.status, answer.headers["x-pixels-rejected"]) == expected
    assert (told["accepted"], told["results"], told["reason"]) == (0, [], expected[1])
    assert [refusal["reason"] for refusal in log.refusals()] == [expected[1]]
    assert log.events() == []


async def test_as_many_events_as_allowed_are_taken(log: ListLog) -> None:
    """And the options of an answer do no harm in the URL."""
    answer = await send(log, lines(*[VISIT] * MAX_ITEMS), "text/plain", b"debug=1")

    assert (answer.status, len(log.events())) == (200, MAX_ITEMS)
    assert len({event["id"] for event in log.events()}) == MAX_ITEMS


async def test_a_batch_sent_again_is_the_same_events() -> None:
    """With an `eventId` each; so a sender may repeat after 503, whatever was stored of the first try."""
    first, again = ListLog(), ListLog()
    body = lines({**VISIT, "eventId": "e-1"}, {**DEPOSIT, "event_id": "e-1"})

    await send(first, body, "text/plain")
    await send(again, body, "text/plain")

    assert [event["id"] for event in first.events()] == [event["id"] for event in again.events()]
    assert len({event["id"] for event in first.events()}) == 2


async def test_a_batch_that_cannot_be_stored_is_answered_503() -> None:
    """Nothing is said to be accepted, and the sender is told when to try again."""
    answer = await send(ListLog(failure=FULL), lines(VISIT, NOBODY), "text/plain")

    assert (answer.status, answer.headers["retry-after"]) == (503, "5")


async def test_options_of_the_answer_are_no_metadata(log: ListLog) -> None:
    """They mean nothing here, in an item or in the URL."""
    answer = await send(log, lines({**VISIT, "debug": True, "response": 204}), "text/plain", b"debug=1&response=204")

    assert (answer.status, json.loads(answer.body)["accepted"]) == (200, 1)
    assert log.events()[0]["metadata"] == {"s": "v-1"}


class ForgetfulLog(ListLog):
    """A log that stores what it can, and cannot store what one player does."""

    async def append(self, stream: Any, key: bytes | None, value: bytes) -> None:
        if key == b"2":
            raise FULL
        await super().append(stream, key, value)


async def test_one_event_that_cannot_be_stored_makes_the_whole_batch_503() -> None:
    """The others are not lost for it: all were tried."""
    log = ForgetfulLog()

    answer = await send(log, lines(DEPOSIT, VISIT), "text/plain")

    assert answer.status == 503
    assert [event["player_id"] for event in log.events()] == ["1"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
async def test_a_batch_is_only_posted(log: ListLog, method: str) -> None:
    """Another method is told which works."""
    answer = await ask(log, "/events", method=method)

    assert (answer.status, answer.headers["x-pixels-rejected"]) == (405, "method_not_allowed")
    assert "POST" in answer.headers["allow"]


items = st.one_of(
    st.sampled_from([VISIT, DEPOSIT, NOBODY, None, 1, [], {}]),
    st.dictionaries(
        st.sampled_from(["eventType", "playerId", "bannerTag", "metadata", "x"]),
        st.sampled_from(["visit", "deposit", "", "null", "\ud800", 1.50, None, {"y": "1"}, []]),
    ),
).map(json.dumps)


@given(
    st.one_of(
        st.binary(max_size=60),
        st.lists(items, max_size=5).map("\n".join).map(str.encode),
        st.lists(items, max_size=5).map(lambda texts: f"[{','.join(texts)}]".encode()),
    )
)
def test_any_body_gives_results_that_the_log_bears_out(body: bytes) -> None:
    """Every accepted item is a valid event in the log, every other one a valid refusal, and the numbers agree."""
    log = ListLog()

    answer = asyncio.run(send(log, body, "text/plain"))

    told = json.loads(answer.body)
    for event in log.events():
        jsonschema.validate(event, EVENT_SCHEMA)
    for refusal in log.refusals():
        jsonschema.validate(refusal, REFUSAL_SCHEMA)
        assert refusal["reason"] in REASONS
    assert [result["id"] for result in told["results"] if "id" in result] == [event["id"] for event in log.events()]
    assert told["accepted"] == len(log.events())
    assert told["refused"] == len(log.refusals()) or (told["results"] == [] and len(log.refusals()) == 1)
    assert answer.status == (200 if not log.refusals() else 207 if log.events() else 400)


async def test_half_a_character_in_one_item_does_not_concern_the_others(log: ListLog) -> None:
    """It is JSON, and no text: that item alone is refused, in an array as in lines."""
    array = b'[{"eventType": "visit", "playerId": "\\ud800", "bannerTag": "a"} , ' + json.dumps(VISIT).encode() + b" ]"

    answer = await send(log, array)

    first, second = json.loads(answer.body)["results"]
    assert (answer.status, first["reason"], list(second)) == (207, "bad_encoding", ["id"])


@pytest.mark.parametrize(
    "body", [b"[", b"[{}", b"[{}}", b"[{},]", b"[,{}]", b"[{}] x", b"[{} {}]", b"[1", b'["', b"[" * 100_000, b"[\xff]"]
)
async def test_what_is_not_an_array_is_refused_as_a_whole(log: ListLog, body: bytes) -> None:
    """One refusal is kept for it."""
    answer = await send(log, body)

    assert (answer.status, answer.headers["x-pixels-rejected"]) == (400, "bad_body")
    assert len(log.refusals()) == 1
