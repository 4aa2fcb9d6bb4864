"""A query, a form and a JSON object that say the same become the same parameters."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.contract import InvalidEvent, Parameters, read_contract
from collector.events import CHECKS
from collector.parameters import (
    SPELLINGS,
    merged,
    read_form,
    read_json,
    read_ordinary_query,
    read_query,
)
from tests.unit.collector.schemas import REASONS

CONTRACT = read_contract()


def reason(read: object, *arguments: object) -> str:
    assert callable(read)
    with pytest.raises(InvalidEvent) as refused:
        read(*arguments)
    return refused.value.reason


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda name: name not in SPELLINGS and name != "metadata"
)
values = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.dictionaries(names, values, max_size=6))
def test_query_form_and_json_of_the_same_parameters_are_the_same(sent: dict[str, str]) -> None:
    """Whatever the text, however the sender escapes it."""
    assert read_query(urlencode(sent).encode()) == sent
    assert read_form("&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in sent.items()).encode()) == sent
    assert read_json(json.dumps(sent).encode()) == sent
    assert read_json(json.dumps(sent, ensure_ascii=False, indent=1).encode()) == sent


ordinary = st.from_regex(r"[A-Za-z0-9.-]{1,8}=[A-Za-z0-9._~!*'():@,;/?-]{0,10}", fullmatch=True)


@given(st.lists(ordinary, min_size=1, max_size=6).map("&".join).map(str.encode) | st.binary(max_size=60))
def test_an_ordinary_query_is_read_as_any_other_and_needs_no_check(query: bytes) -> None:
    """The short way gives what the long way gives, or leaves it to the long way."""
    parameters = read_ordinary_query(query)

    if parameters is not None:
        assert parameters == read_query(query)
        for check in CHECKS:
            check(parameters, CONTRACT)


@pytest.mark.parametrize(
    ("query", "is_ordinary"),
    [
        (b"playerId=1&bannerTag=a", True),
        (b"&".join(b"k%d=%s" % (n, b"v" * 128) for n in range(48)), True),
        (b"n" * 64 + b"=" + b"v" * 128, True),
        (b"&".join(b"k%d=v" % n for n in range(49)), False),
        (b"n" * 65 + b"=v", False),
        (b"n=" + b"v" * 129, False),
        (b"player_id=1&bannerTag=a", False),
        (b"playerId=1&bannerTag=a&_bot=1", False),
        (b"playerId=1&playerId=1", False),
        (b"playerId=%31", False),
        (b"playerId=a+b", False),
        (b"playerId", False),
        (b"=x", False),
        (b"a=b=c", False),
        (b"a=1&", False),
        (b"a=1\n", False),
        (b"", False),
    ],
)
def test_what_needs_decoding_or_a_check_goes_the_long_way(query: bytes, is_ordinary: bool) -> None:
    """The short way is for queries that are beyond doubt; its bounds lie within every limit of the contract."""
    assert (read_ordinary_query(query) is not None) == is_ordinary


@pytest.mark.parametrize(("snake_case", "camel_case"), SPELLINGS.items())
def test_names_may_be_in_snake_case(snake_case: str, camel_case: str) -> None:
    """Both spellings are one name, so giving both is giving it twice."""
    assert read_query(f"{snake_case}=1".encode()) == read_query(f"{camel_case}=1".encode()) == {camel_case: "1"}
    assert reason(read_query, f"{snake_case}=1&{camel_case}=1".encode()) == "repeated_parameter"
    assert reason(read_json, json.dumps({snake_case: "1", camel_case: "1"}).encode()) == "repeated_parameter"
    assert reason(merged, {camel_case: "1"}, read_json(json.dumps({snake_case: "1"}).encode())) == "repeated_parameter"


def test_a_number_keeps_its_text() -> None:
    """25.00 is an amount, and 25.0 is another text; a large id must not be rounded."""
    sent = b'{"amount": 25.00, "id": 12345678901234567890123, "e": 1E400, "minus": -0, "flag": true, "no": false}'

    assert read_json(sent) == {
        "amount": "25.00",
        "id": "12345678901234567890123",
        "e": "1E400",
        "minus": "-0",
        "flag": "true",
        "no": "false",
    }


def test_null_is_the_same_as_nothing() -> None:
    """A template that has no value says null."""
    assert read_json(b'{"playerId": "1", "s": null, "metadata": null}') == {"playerId": "1"}


def test_metadata_may_be_an_object_of_its_own() -> None:
    """Inside or beside it, a parameter is the same, and may be in one place only."""
    assert read_json(b'{"s": "1", "metadata": {"b": 2, "c": null}}') == {"s": "1", "b": "2"}
    assert read_json(b'{"metadata": "text"}') == {"metadata": "text"}
    assert reason(read_json, b'{"s": "1", "metadata": {"s": "1"}}') == "repeated_parameter"
    assert reason(read_json, b'{"metadata": {"s": "1", "s": null}}') == "repeated_parameter"


@pytest.mark.parametrize("name", ["playerId", "banner_tag", "eventId", "created_at", "eventType", "debug", "response"])
def test_what_is_no_metadata_does_not_belong_into_it(name: str) -> None:
    """Refused rather than taken for a player, or lost."""
    assert reason(read_json, json.dumps({"metadata": {name: "1"}}).encode()) == "reserved_parameter"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "bad_body"),
        (b"{", "bad_body"),
        (b"{}x", "bad_body"),
        (b"[]", "bad_body"),
        (b'"text"', "bad_body"),
        (b"1", "bad_body"),
        (b"null", "bad_body"),
        (b"{'a': 1}", "bad_body"),
        (b'{"a": NaN}', "bad_body"),
        (b'{"a": -Infinity}', "bad_body"),
        (b'{"a": []}', "bad_body"),
        (b'{"a": {}}', "bad_body"),
        (b'{"metadata": []}', "bad_body"),
        (b'{"metadata": {"a": {}}}', "bad_body"),
        (b'{"metadata": {"metadata": {"a": "1"}}}', "bad_body"),
        (b'{"a": "raw \n line end"}', "bad_body"),
        (b'\xef\xbb\xbf{"a": "1"}', "bad_body"),
        (b'{"a": "\xff"}', "bad_encoding"),
        ('{"a": "1"}'.encode("utf-16"), "bad_encoding"),
        (b'{"a": "\\ud800"}', "bad_encoding"),
        (b'{"\\udc00": "a"}', "bad_encoding"),
        (b'{"\\udc00": true}', "bad_encoding"),
        (b'{"metadata": {"\\udc00": 1}}', "bad_encoding"),
        (b'{"": "a"}', "bad_encoding"),
        (b'{"a": 1, "a": 2}', "repeated_parameter"),
        (b'{"a": null, "a": "1"}', "repeated_parameter"),
        (b'{"a":' * 100_000, "bad_body"),
        (b"[" * 100_000, "bad_body"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_json_that_is_no_event_is_refused_with_its_reason(body: bytes, expected: str) -> None:
    """Strictly, and whatever the depth."""
    assert reason(read_json, body) == expected


def test_a_body_full_of_parameters_is_not_read_to_its_end() -> None:
    """A megabyte of names must not keep the others waiting."""
    assert reason(read_form, b"&".join(b"k%d" % n for n in range(100_000))) == "too_many_parameters"
    assert reason(read_json, json.dumps({f"k{n}": "" for n in range(100_000)}).encode()) == "too_many_parameters"


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9) | st.just("\ud800"), inner, max_size=3)
    ),
)


@given(st.binary(max_size=80) | json_like.map(json.dumps).map(str.encode))
def test_any_body_gives_parameters_or_a_listed_reason(body: bytes) -> None:
    """Never another exception."""
    for read in (read_form, read_json, read_query):
        outcome = parameters_or_reason(read, body)
        if isinstance(outcome, str):
            assert outcome in REASONS
        else:
            json.dumps(outcome, ensure_ascii=False).encode()  # fails for half of a character
            assert {type(text) for pair in outcome.items() for text in pair} <= {str}


def parameters_or_reason(read: Callable[[bytes], Parameters], body: bytes) -> Parameters | str:
    try:
        return read(body)
    except InvalidEvent as refused:
        return refused.reason
