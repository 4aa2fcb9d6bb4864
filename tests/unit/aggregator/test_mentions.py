"""Whom a refusal names."""

from __future__ import annotations

import json

import pytest

from aggregator.mentions import mentioned, names_within

HARD = 'Jürg "x" & ø/=%2'
EVENT = {"player_id": HARD, "banner_tag": "b", "metadata": {"a": "1"}}


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        (json.dumps(EVENT), HARD),
        (json.dumps(EVENT, ensure_ascii=False), HARD),
        (json.dumps({"payload": json.dumps(EVENT)}), HARD),
        (json.dumps(EVENT)[:-3], HARD),
        ('{"player_id": 12345, "banner_tag"', "12345"),
        ('{"player_id": 12345}', "12345"),
        ("GET /visit?playerId=J%C3%BCrg+%22x%22+%26+%C3%B8%2F%3D%252&bannerTag=b", HARD),
        ("GET /visit?playerId=J%c3%bcrg%20%22x%22%20%26%20%c3%b8%2f%3d%252&bannerTag=b", HARD),
        ("GET /visit?playerId=J%FCrg&bannerTag=b", "Jürg"),
        ("GET /visit?playerId=%31%32%33", "123"),
        ('POST /events\n\n[{"playerId": "123"}]', "123"),
        ("POST /visit\n\nbannerTag=b&playerId=a+b", "a b"),
        ("event_type visit, player_id 123, banner_tag b", "123"),
    ],
)
def test_a_name_is_found_however_it_is_written(payload: str, name: str) -> None:
    """JSON whole, nested or cut off, requests, forms, and plain words; upper and lower case of escapes."""
    assert name in mentioned(payload.encode(), "")
    assert names_within(payload.encode(), "", [name])


@pytest.mark.parametrize(
    "payload",
    [
        '{"player_id": "10", "created_at": "2026-11-01T10:00:01.001Z", "metadata": {"1x": "a1"}}',
        "GET /visit?playerId=11&bannerTag=b1 HTTP/1.1",
        "HTTP/1.1 v1 1.0 -1",
        "",
    ],
)
def test_a_short_name_is_not_found_in_other_values(payload: str) -> None:
    """A player called `1` is not named by every 1."""
    assert "1" not in mentioned(payload.encode(), "event_type x, player_id 11, banner_tag b1")
    assert not names_within(payload.encode(), "", ["1"])


def test_a_name_of_several_words_is_found_in_text_that_is_neither() -> None:
    """Who knows the name finds it in a row of words as well, but no longer name that begins with it."""
    assert names_within(b'xx hans "x" m\xc3\xbcller yy', "", ['hans "x" müller'])
    assert names_within(b"", "player_id a b, banner_tag c", ["a b"])
    assert not names_within(b"xx hans muellers yy", "", ["hans mueller"])


@pytest.mark.parametrize(
    "payload", [b"\xff\xfe\x00", b'"' * 8192, b"[" * 8192, b"%" * 8192, b"\\" * 8192, b'{"a":"\\ud800"}']
)
def test_a_hostile_payload_names_nobody(payload: bytes) -> None:
    """Whatever a stranger sends is looked through in bounded time."""
    assert not names_within(payload, "", ["123", "a b"])
