"""History becomes what the collector would have made of it, with its own time; what has an id stays as it stands."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.contract import Event, Facts, InvalidEvent, Sender, read_contract
from collector.event_id import RandomIds, event_id
from collector.events import EventPipeline
from collector.parameters import read_query
from collector.past import PastEvents
from collector.past_instant import past_instant
from pixels.config import Settings
from tests.unit.collector.schemas import EVENT_SCHEMA
from tests.unit.collector.signed import signature_over, signing_settings

AT = datetime(2025, 3, 1, 10, tzinfo=UTC)
PAST = PastEvents(Settings.model_construct())
BERLIN = ZoneInfo("Europe/Berlin")
SAID = {"eventType": "visit", "playerId": "p1", "bannerTag": "a", "createdAt": "2025-03-01T10:00:00Z"}
STORED = {
    "id": "e1",
    "event_type": "visit",
    "player_id": "p1",
    "banner_tag": "a",
    "created_at": "2025-03-01T10:00:00.5Z",
}
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def an_id(content: bytes) -> str:
    return "made-of-it"


def judged(said: dict[str, Any] | str, past: PastEvents = PAST) -> Any:
    """The event that a line of JSON becomes, or the reason against it."""
    line = said if isinstance(said, str) else json.dumps(said)
    found = past.json(line.encode(), an_id)
    return json.loads(found) if isinstance(found, bytes) else found[0]


def judged_row(row: dict[str, str]) -> Any:
    """The event that a row becomes, or the reason against it."""
    found = PAST.row(row.items(), an_id)
    return json.loads(found) if isinstance(found, bytes) else found[0]


def requested(query: str, past: PastEvents = PAST, event_type: str = "visit", user_agent: bytes | None = None) -> Any:
    """The event that a request of the past becomes, or the reason against it."""
    found = past.request(
        event_type, f"/{event_type}", query.encode(), at=AT, source_ip="192.0.2.7", user_agent=user_agent,
        content=b"", new_id=an_id,
    )  # fmt: skip
    return json.loads(found) if isinstance(found, bytes) else found[0]


def test_what_a_sender_said_becomes_an_event_with_its_own_time() -> None:
    """Other fields are metadata, numbers are the text they were written as, null says nothing."""
    said = SAID | {"metadata": {"s": "v-1"}, "plan": None, "vip": True, "sourceIp": "192.0.2.7", "user_agent": "M"}

    event = judged(json.dumps(said)[:-1] + ', "amount": 25.00}')

    assert event == {
        "id": "made-of-it", "event_type": "visit", "player_id": "p1", "banner_tag": "a", "source_ip": "192.0.2.7",
        "metadata": {"amount": "25.00", "s": "v-1", "vip": "true"}, "user_agent": "M", "created_at": "2025-03-01T10:00:00.000Z",
    }  # fmt: skip
    jsonschema.validate(event, EVENT_SCHEMA)


def test_names_may_be_in_snake_case() -> None:
    """As in a pixel."""
    snake = {"event_type": "visit", "player_id": "p1", "banner_tag": "a", "created_at": "2025-03-01T10:00:00Z"}

    assert judged(snake) == judged(SAID)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"eventType": "click"}, "unknown_event_type"),
        ({"eventType": None}, "unknown_event_type"),
        ({"playerId": None}, "missing_player_id"),
        ({"bannerTag": None}, "missing_banner_tag"),
        ({"bannerTag": "{clickid}"}, "placeholder_value"),
        ({"eventId": ""}, "placeholder_value"),
        ({"player_id": "p1"}, "repeated_parameter"),
        ({"source_ip": "a", "sourceIp": "b"}, "repeated_parameter"),
        ({"_key": "shop"}, "reserved_parameter"),
        ({"_bot": "x"}, "reserved_parameter"),
        ({"metadata": {"playerId": "p2"}}, "reserved_parameter"),
        ({"metadata": "text"}, "bad_body"),
        ({"metadata": [1]}, "bad_body"),
        ({"s": {"a": "b"}}, "bad_body"),
        ({"user_agent": {"a": "b"}}, "bad_body"),
        ({"s": "\x00"}, "control_characters"),
        ({"s": "x" * 2049}, "too_long"),
        ({f"k{n}": "" for n in range(51)}, "too_many_parameters"),
        ({"createdAt": None}, "bad_created_at"),
        ({"createdAt": "2025-03-01T10:00:00"}, "bad_created_at"),
        ({"createdAt": 1_740_000_000}, "bad_created_at"),
        ({"eventType": "deposit", "amount": "1,5", "currency": "EUR"}, "bad_amount"),
        ({"eventType": "deposit", "amount": "1.5"}, "bad_currency"),
        ({"eventType": "deposit", "txid": "null"}, "bad_txid"),
    ],
)
def test_what_a_sender_said_is_judged_as_a_pixel_is(change: dict[str, Any], reason: str) -> None:
    """With the collector's own reasons."""
    assert judged(SAID | change) == reason


def test_a_field_that_stands_twice_is_refused() -> None:
    """JSON hides it from most readers."""
    assert judged(json.dumps(SAID)[:-1] + ', "s": "1", "s": "2"}') == "repeated_parameter"


def test_a_record_of_the_log_is_returned_to_the_letter() -> None:
    """Right or wrong: the rules of the log judge it."""
    for line in (
        json.dumps(STORED),
        json.dumps(STORED | {"player_id": 7}),
        "{",
        "[1]",
        "7",
        '{"a": "\\ud800"}',
        '"x"',
        '{"a": "\udcff"}',
    ):
        raw = line.encode("utf-8", "surrogateescape")
        assert PAST.json(raw, an_id) == raw


def test_an_event_that_has_an_id_stays_as_it_stands() -> None:
    """Whatever its columns are called, its instant written, and its metadata packed."""
    exported = {
        "id": "e1", "eventType": "visit", "playerId": "p1", "banner_tag": "a", "createdAt": "2025-03-01 11:00:00.5+01",
        "metadata": '{"_bot": "x", "amount": "1,5", "player_id": "q"}', "source_ip": None, "userAgent": "",
        "plan": "gold", "event_date": "2025-03-01",
    }  # fmt: skip

    assert judged(exported) == STORED | {
        "metadata": {"_bot": "x", "amount": "1,5", "player_id": "q", "plan": "gold"},
        "user_agent": "",
        "created_at": "2025-03-01T10:00:00.500Z",
    }


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"plan": "x", "eventId": "7"}, "reserved_parameter"),
        ({"plan": "x", "bannerTag": "b"}, "repeated_parameter"),
        ({"plan": "x", "metadata": {"plan": "y"}}, "repeated_parameter"),
        ({"metadata": "[1]"}, "bad_body"),
        ({"metadata": [1], "plan": "x"}, "bad_body"),
        ({"user_agent": [1], "plan": "x"}, "bad_body"),
        ({"plan": {"x": "y"}}, "bad_body"),
        ({"metadata": '{"s": "\\ud800"}'}, "bad_encoding"),
        ({"metadata": {"_key": "shop"}}, "reserved_parameter"),
        ({"metadata": '{"_key": "shop"}'}, "reserved_parameter"),
        ({"created_at": "2025-03-01T10:00:00"}, "bad_created_at"),
    ],
)
def test_an_event_that_has_an_id_may_not_contradict_itself(change: dict[str, Any], reason: str) -> None:
    """Nor say who signed it."""
    assert judged(STORED | change) == reason


def test_a_key_is_believed_only_when_that_is_asked_for() -> None:
    """In either form; the event carries it, and is the one that the collector made when it was signed."""
    trusting = PastEvents(Settings.model_construct(), trusted=True)
    said = SAID | {"eventType": "deposit", "eventId": "7", "_key": "shop"}
    signed = Facts(event_type="deposit", sender=Sender(None, None), received_at=AT, key_id="shop")

    event = judged(said, trusting)

    assert (event["metadata"], event["id"]) == ({"_key": "shop"}, event_id("p1", "7", signed, RandomIds()))
    assert judged(STORED | {"metadata": {"_key": "shop"}}, trusting)["metadata"] == {"_key": "shop"}


ANY_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.sampled_from(["{}", '{"_key": 1}', "[]"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=6,
)  # fmt: skip
FIELDS = st.sampled_from([*SAID, *STORED, "metadata", "source_ip", "userAgent", "eventId", "_key", "event_date", "x"])


@given(changes=st.dictionaries(FIELDS, ANY_JSON, max_size=5), base=st.sampled_from([{}, SAID, STORED]))
def test_nothing_that_a_line_may_say_is_more_than_refused(changes: dict[str, Any], base: dict[str, str]) -> None:
    """Whatever stands where, it is an event, or there is a reason against it."""
    found = PAST.json(json.dumps(base | changes).encode(), an_id)

    assert isinstance(found, bytes) or (len(found) == 2 and all(isinstance(text, str) for text in found))


@pytest.mark.parametrize(
    "deep", ["[" * 100_000 + "]" * 100_000, "[" * 900 + "]" * 900, '{"a":' * 500 + "1" + "}" * 500]
)
@pytest.mark.parametrize("column", ["x", "metadata", "createdAt", "eventType"])
def test_rows_that_are_nested_deeply_are_refused(deep: str, column: str) -> None:
    """Here, or by the rules of the log, whose the line stays."""
    for base in (SAID, STORED | {"y": "1"}):
        line = json.dumps(base | {column: 0}).replace(f'"{column}": 0', f'"{column}": {deep}').encode()
        found = PAST.json(line, an_id)
        assert not isinstance(found, bytes) or deep.encode() in found.replace(b" ", b"")


def test_rows_are_judged_as_lines_are() -> None:
    """By the names and texts of their columns."""
    assert judged_row(SAID) == judged(SAID)
    assert judged_row(STORED | {"metadata": "{}"})["created_at"] == "2025-03-01T10:00:00.500Z"
    assert judged_row(SAID | {"_key": "shop"}) == "reserved_parameter"


def test_visits_of_declared_crawlers_are_marked() -> None:
    """As the collector does: visits only."""
    assert requested("playerId=1&bannerTag=a", user_agent=CRAWLER.encode())["metadata"] == {"_bot": "Googlebot"}
    assert judged(SAID | {"userAgent": CRAWLER})["metadata"] == {"_bot": "Googlebot"}
    assert judged(SAID | {"userAgent": CRAWLER, "eventType": "deposit"})["metadata"] == {}


def test_settings_of_the_collector_hold_for_history() -> None:
    """What is kept of addresses and metadata, and what must be signed."""
    settings = Settings.model_construct(source_ip="truncate", metadata_allow="plan")
    event = requested("playerId=1&bannerTag=a&plan=x&other=y", PastEvents(settings))

    assert (event["source_ip"], event["metadata"]) == ("192.0.2.0", {"plan": "x"})
    strict = PastEvents(signing_settings(signature_deposit="require"))
    assert requested("playerId=1&bannerTag=a", strict, "deposit") == "signature_required"


def test_a_signature_in_the_url_is_verified_as_of_then() -> None:
    """One that was right when the request was made is right, and its deposit is money."""
    past = PastEvents(signing_settings())
    query = "bannerTag=a&playerId=1"
    right = {"signature": signature_over("/deposit", query.encode(), at=AT)}

    event = requested(f"{query}&{urlencode(right)}", past, "deposit")

    assert event["metadata"] == {"_key": "shop"}
    assert event["id"] != "made-of-it"
    assert requested(f"{query}&x=1&{urlencode(right)}", past, "deposit") == "bad_signature"
    now = {"signature": signature_over("/deposit", query.encode(), at=datetime(2026, 3, 1, tzinfo=UTC))}
    assert requested(f"{query}&{urlencode(now)}", past, "deposit") == "signature_expired"


QUERIES = st.lists(
    st.sampled_from(
        ["playerId=1", "player_id=2", "bannerTag=a", "bannerTag=%7Bx%7D", "s=", "_key=x", "eventId=7", "amount=1", "currency=EUR",
         "createdAt=2025-03-01T10:00:00Z", "debug=1", "x=%00", "x=%ff", "%", "+=1", "txid=t", "banner_tag=b%20"]
    ),
    max_size=6,
).map("&".join)  # fmt: skip


@given(query=QUERIES, event_type=st.sampled_from(["visit", "deposit"]))
def test_a_request_of_the_past_is_judged_as_one_of_today(query: str, event_type: Any) -> None:
    """The same event but for the random id, or the same reason."""
    found = requested(query, event_type=event_type)
    facts = Facts(event_type=event_type, sender=Sender("192.0.2.7", None), received_at=AT)
    today = _of_today(query, facts)
    if isinstance(today, Event):
        assert {**found, "id": today.id} == msgspec.to_builtins(today)
        assert found["id"] == (today.id if "eventId" in query else "made-of-it")
    else:
        assert found == today


def _of_today(query: str, facts: Facts) -> Event | str:
    try:
        parameters = read_query(query.encode())
        parameters.pop("debug", None)
        return EventPipeline(Settings.model_construct(), read_contract()).event(parameters, facts)
    except InvalidEvent as refused:
        return refused.reason


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2025-03-01T10:00:00Z", "2025-03-01T10:00:00"),
        ("2025-03-01t10:00:00.1z", "2025-03-01T10:00:00.100000"),
        ("2025-03-01 11:00:00.123456789+01", "2025-03-01T10:00:00.123456"),
        ("2025-03-01T04:30:00-0530", "2025-03-01T10:00:00"),
        (" 2025-03-01 10:00:00 UTC ", "2025-03-01T10:00:00"),
        ("2025-07-01 12:00:00", "2025-07-01T10:00:00"),
        ("2025-10-26 02:30:00", "2025-10-26T00:30:00"),
    ],
)
def test_instants_are_read_as_databases_write_them(written: str, instant: str) -> None:
    """A local time that comes twice is the first of the two."""
    assert past_instant(written, BERLIN) == datetime.fromisoformat(instant).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [None, "", "now", "2025-03-01", "20250301T100000Z", "2025-02-30T10:00:00Z", "2025-03-01T24:00:00Z", "2025-03-01T10:00Z",
     "2025-03-30 02:30:00", "0001-01-01T00:00:00+14:00", "0001-01-01 00:00:00", "2025-03-01T10:00:00+1", "٢٠٢٥-03-01T10:00:00Z"],
)  # fmt: skip
def test_what_is_no_instant_is_refused(written: str | None) -> None:
    """Also the hour that spring left out, and what no calendar has."""
    with pytest.raises(InvalidEvent, match="bad_created_at"):
        past_instant(written, BERLIN)
