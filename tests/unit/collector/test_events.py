"""A query string becomes an event, or is refused with a reason of the closed list."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args
from urllib.parse import quote, urlencode

import jsonschema
import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from collector.contract import Event, Facts, InvalidEvent, Reason, Sender, read_contract
from collector.events import EventPipeline, to_json
from collector.parameters import MAX_QUERY_BYTES, read_query
from pixels.config import Settings
from tests.unit.collector.schemas import EVENT_SCHEMA, REASONS

CONTRACT = read_contract()
NOW = datetime(2026, 11, 22, 16, 0, 0, 999999, tzinfo=UTC)
FACTS = Facts(event_type="visit", sender=Sender("192.0.2.1", None), received_at=NOW)
PIPELINE = EventPipeline(Settings.model_construct(), CONTRACT)


def event(query: str | bytes) -> Event:
    raw = query.encode() if isinstance(query, str) else query
    return PIPELINE.event(read_query(raw), FACTS)


def reason(query: str | bytes) -> str:
    with pytest.raises(InvalidEvent) as refused:
        event(query)
    return refused.value.reason


def event_or_reason(query: bytes) -> Event | str:
    try:
        return event(query)
    except InvalidEvent as refused:
        return refused.reason


def test_every_reason_of_the_collector_is_in_the_closed_list() -> None:
    """The list in the schema is what the outside knows."""
    assert set(get_args(Reason)) <= REASONS


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "missing_player_id"),
        ("bannerTag=a", "missing_player_id"),
        ("playerId=&bannerTag=a", "placeholder_value"),
        ("playerId=+%20%C2%A0&bannerTag=a", "placeholder_value"),
        ("playerid=1&bannerTag=a", "missing_player_id"),
        ("playerId=1", "missing_banner_tag"),
        ("playerId=1&bannerTag", "placeholder_value"),
        ("playerId=1&bannerTag=a&playerId=1", "repeated_parameter"),
        ("playerId=1&bannerTag=a&x=1&%78=2", "repeated_parameter"),
        ("playerId=1&bannerTag=a&_bot=1", "reserved_parameter"),
        ("playerId=1&bannerTag=a&%5Fkey=1", "reserved_parameter"),
        ("playerId=1&bannerTag=a&x=%", "bad_encoding"),
        ("playerId=1&bannerTag=a&x=%2", "bad_encoding"),
        ("playerId=1&bannerTag=a&x=%zz", "bad_encoding"),
        ("playerId=1&bannerTag=a&%=x", "bad_encoding"),
        ("playerId=1&bannerTag=%FF", "bad_encoding"),
        ("playerId=%ED%A0%80&bannerTag=a", "bad_encoding"),
        ("playerId=%C0%80&bannerTag=a", "bad_encoding"),
        (b"playerId=1&bannerTag=\xe9", "bad_encoding"),
        ("playerId=1&bannerTag=a&=x", "bad_encoding"),
        ("playerId=1%00&bannerTag=a", "control_characters"),
        ("playerId=1%0A&bannerTag=a", "control_characters"),
        ("playerId=1&bannerTag=%7F", "control_characters"),
        ("playerId=1&bannerTag=a&x=%1B[2J", "control_characters"),
        ("playerId=1&bannerTag=a&x%09y=1", "control_characters"),
        (b"playerId=\x01&bannerTag=a", "control_characters"),
    ],
)  # fmt: skip
def test_a_query_that_is_no_event_is_refused_with_its_reason(query: str | bytes, expected: str) -> None:
    """One reason for each way of being wrong."""
    assert reason(query) == expected


@pytest.mark.parametrize(
    "value",
    ["null", "NULL", "undefined", "None", "nan", "guest", "Guest", "anonymous", "{clickid}", "${id}", "{{id}}", "[subid]",
     "%%GUID%%", "<player_id>", "{}", "  guest  ", "\u00a0{clickid}\u00a0"],
)  # fmt: skip
@pytest.mark.parametrize("parameter", ["playerId", "bannerTag"])
def test_what_a_template_left_behind_is_a_placeholder(parameter: str, value: str) -> None:
    """Were `undefined` a player, it would be the busiest one."""
    assert reason(urlencode({"playerId": "1", "bannerTag": "a", parameter: value})) == "placeholder_value"


@pytest.mark.parametrize(
    "value", ["nullify", "guests", "{a}b", "0", "-", "Anna Nonymous", "v-123", "[x", "名前", "\U0001f600"]
)
def test_an_ordinary_name_is_no_placeholder(value: str) -> None:
    """Only the whole value counts as a placeholder, not a part of it."""
    assert event(urlencode({"playerId": value, "bannerTag": value})).player_id == value


def test_white_space_around_player_and_banner_is_removed() -> None:
    """`brandA ` and `brandA` are one banner; inside, a space stays."""
    made = event("playerId=%2012+3%20&bannerTag=+brand%20A%C2%A0")

    assert (made.player_id, made.banner_tag) == ("12 3", "brand A")


def test_all_other_parameters_become_metadata_as_they_were_sent() -> None:
    """Sorted by key, empty and white values included; a plus sign is a space, an escaped one is a plus."""
    made = event("z=1&bannerTag=a&s=v-1&playerId=7&b=&note=a+b%2Bc%0Ad&&Z=%20&flag")

    assert list(made.metadata.items()) == [
        ("Z", " "),
        ("b", ""),
        ("flag", ""),
        ("note", "a b+c\nd"),
        ("s", "v-1"),
        ("z", "1"),
    ]


def test_the_json_is_the_same_bytes_whatever_the_order_of_the_parameters() -> None:
    """A retry of the same pixel at the same instant is byte-identical."""
    one, other = (
        event("playerId=1&bannerTag=ü&x=1&y=2&eventId=e"),
        event("eventId=e&y=2&x=1&banner_tag=%C3%BC&playerId=1"),
    )

    assert to_json(one) == to_json(other)
    assert to_json(one) == (
        b'{"id":"f01c9f41-42b4-5950-bd2f-2653309d7248","event_type":"visit","player_id":"1","banner_tag":"\xc3\xbc",'
        b'"metadata":{"x":"1","y":"2"},"source_ip":"192.0.2.1","user_agent":null,"created_at":"2026-11-22T16:00:00.999Z"}'
    )


LIMITS = [
    ("playerId=1&bannerTag=a&" + "&".join(f"k{n}=" for n in range(50)), "&one=more", "too_many_parameters"),
    ("bannerTag=a&playerId=" + "x" * 256, "x", "too_long"),
    ("bannerTag=a&playerId=" + "%C3%A9" * 256, "x", "too_long"),
    ("bannerTag=a&playerId=++" + "x" * 256 + "++", "x", "too_long"),
    ("playerId=1&bannerTag=a&v=" + "x" * 2048, "x", "too_long"),
    ("playerId=1&bannerTag=a&" + "k" * 64, "k", "too_long"),
    ("playerId=1&bannerTag=a" + "&" * (MAX_QUERY_BYTES - 22), "&", "too_long"),
]


@pytest.mark.parametrize(("largest", "more", "expected"), LIMITS)
def test_the_limit_itself_is_taken_and_one_more_is_refused(largest: str, more: str, expected: str) -> None:
    """Lengths count characters after decoding, the query string bytes before it."""
    jsonschema.validate(msgspec.to_builtins(event(largest)), EVENT_SCHEMA)

    assert reason(largest + more) == expected


@given(query=st.binary(max_size=400))
def test_any_bytes_give_a_valid_event_or_a_listed_reason(query: bytes) -> None:
    """Never another exception: that would be a 500 for whoever sends it."""
    outcome = event_or_reason(query)

    if isinstance(outcome, Event):
        jsonschema.validate(msgspec.to_builtins(outcome), EVENT_SCHEMA)
    else:
        assert outcome in REASONS


text = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40)


@given(player=text, banner=text, metadata=st.dictionaries(text, text, max_size=5))
def test_what_a_browser_encodes_arrives_unchanged(player: str, banner: str, metadata: dict[str, str]) -> None:
    """Percent-encoded by URLSearchParams' rules or by encodeURIComponent's, any text survives the way in."""
    reserved = {"playerId", "bannerTag"}
    assume(not any(key in reserved or key.startswith("_") for key in metadata))
    for name in (player, banner):
        assume(name.strip() and name.strip().lower() not in CONTRACT.placeholders)
        assume(not CONTRACT.macro.fullmatch(name.strip()))
    sent = {"playerId": player, "bannerTag": banner, **metadata}

    for query in (urlencode(sent), "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in sent.items())):
        made = event(query)
        assert (made.player_id, made.banner_tag, made.metadata) == (player.strip(), banner.strip(), metadata)
        assert msgspec.json.decode(to_json(made), type=Event) == made
