"""Records become events or rejected records with a reason; the contract in schema/ decides."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import hypothesis.strategies as st
import jsonschema
import pytest
from hypothesis import example, given

from aggregator.contract import contract
from aggregator.decode import decode
from aggregator.records import Slice
from pixels.resources import resource_path

APPENDED = 1_795_000_000_000  # 2026-11-18T11:06:40Z
GOOD: dict[str, Any] = {
    "id": "0199c0de-1111-7111-8111-111111111111",
    "event_type": "visit",
    "player_id": "123",
    "banner_tag": "brandA",
    "metadata": {"s": "bfp1", "b": "click1"},
    "source_ip": "203.0.113.9",
    "user_agent": "Mozilla/5.0",
    "created_at": "2026-11-17T16:00:00.123Z",
}
SCHEMA = json.loads((resource_path("schema") / "event.schema.json").read_text("utf-8"))


def slice_of(*values: bytes | None, stream: Any = "events") -> Slice:
    return Slice("test", 3, stream, list(range(len(values))), [APPENDED] * len(values), list(values), len(values))


def reason_of(value: bytes | None) -> str | None:
    """Return why the record was rejected, None for an event; it is always exactly one of the two."""
    events, rejected = decode([slice_of(value)])
    assert events.height + rejected.height == 1
    return None if events.height else str(rejected["reason"][0])


def changed(**fields: Any) -> bytes:
    return json.dumps({name: value for name, value in {**GOOD, **fields}.items() if value is not ...}).encode()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "empty_record"),
        (b"", "empty_record"),
        (b" \n", "empty_record"),
        (b"{", "not_json"),
        (b"visit", "not_json"),
        (changed() + b"\n" + changed(), "not_json"),
        (b"\xef\xbb\xbf" + changed(), "not_json"),
        (b'{"id": "' + b"\xff" + b'"}', "not_utf8"),
        (b"[" * 100_000, "wrong_type"),
        (b"null", "wrong_type"),
        (b'"visit"', "wrong_type"),
        (b"x" * 300_000, "too_large"),
        (changed(id=...), "wrong_type"),
        (changed(id=7), "wrong_type"),
        (changed(id=""), "bad_id"),
        (changed(id="x" * 129), "bad_id"),
        (changed(event_type="click"), "unknown_event_type"),
        (changed(event_type="Visit"), "unknown_event_type"),
        (changed(player_id=...), "missing_player_id"),
        (changed(player_id=None), "missing_player_id"),
        (changed(banner_tag=...), "missing_banner_tag"),
        (changed(player_id=123), "wrong_type"),
        (changed(player_id=""), "placeholder_value"),
        (changed(player_id="  "), "placeholder_value"),
        (changed(player_id=" NULL "), "placeholder_value"),
        (changed(player_id="Undefined"), "placeholder_value"),
        (changed(banner_tag="{clickid}"), "placeholder_value"),
        (changed(banner_tag="[subid]"), "placeholder_value"),
        (changed(banner_tag="${id}"), "placeholder_value"),
        (changed(player_id="a\u0000b"), "control_characters"),
        (changed(banner_tag="a\nb"), "control_characters"),
        (changed(player_id="x" * 257), "too_long"),
        (changed(user_agent="x" * 1025), "too_long"),
        (changed(user_agent="a\u0000b"), "control_characters"),
        (changed(metadata={"key\n": "v"}), "control_characters"),
        (changed(metadata={"s": 1}), "wrong_type"),
        (changed(metadata="{}"), "wrong_type"),
        (changed(metadata={"s": "x" * 2049}), "too_long"),
        (changed(metadata={"": "x"}), "too_long"),
        (changed(metadata={"s": "a\u0001"}), "control_characters"),
        (changed(metadata={f"k{i}": "" for i in range(contract().metadata_keys + 1)}), "too_many_parameters"),
        (changed(extra="field"), "wrong_type"),
        (changed(created_at="yesterday"), "bad_created_at"),
        (changed(created_at="2026-11-17 16:00:00"), "bad_created_at"),
        (changed(created_at="2026-11-17T16:00:00"), "bad_created_at"),
        (changed(created_at="2026-02-30T16:00:00Z"), "bad_created_at"),
        (changed(created_at="1999-12-31T23:59:59Z"), "bad_created_at"),
        (changed(created_at="9999-12-31T23:59:59Z"), "future_created_at"),
        (changed(created_at="2026-11-18T11:11:40.001Z"), "future_created_at"),
    ],
)  # fmt: skip
def test_what_cannot_be_an_event_is_set_aside_with_its_reason(value: bytes | None, reason: str) -> None:
    """Each fault has one reason of the closed list."""
    assert reason_of(value) == reason
    assert reason in contract().reasons


def test_five_minutes_ahead_of_the_log_is_tolerated() -> None:
    """Clocks differ; what is further ahead than five minutes is not an event yet."""
    assert reason_of(changed(created_at="2026-11-18T11:11:40.000Z")) is None
    assert reason_of(changed(created_at="2026-11-18T11:11:40.001Z")) == "future_created_at"


def test_one_bad_record_costs_its_neighbours_nothing() -> None:
    """Good records around a bad one are events, in order."""
    events, rejected = decode([slice_of(changed(id="a"), b"\xff", changed(id="b"))])

    assert events["id"].to_list() == ["a", "b"]
    assert rejected.select("source", "partition", "offset").rows() == [("test", 3, 1)]


def test_the_payload_of_a_rejected_record_is_cut_to_8_kib() -> None:
    """A huge bad message cannot fill the warehouse."""
    _, rejected = decode(
        [slice_of(b"x" * 300_000, changed(event_type="x", metadata={"s": "y" * 2000, "t": "z" * 2048}))]
    )

    assert rejected["payload"].bin.size().max() == 8192


REFUSAL: dict[str, Any] = {"reason": "unknown_path", "received_at": "2026-11-17T10:00:00.000Z", "payload": ""}


def refusal_of(**fields: Any) -> tuple[str, int]:
    """Return reason and count of a refusal as a pass stores it."""
    value = json.dumps({**REFUSAL, **fields}).encode()
    _, rejected = decode([slice_of(value, stream="refusals")])
    (stored,) = rejected.select("reason", "count").rows()
    return stored


def test_a_refusal_stands_for_so_many_as_it_says() -> None:
    """Without a count it is one."""
    assert refusal_of() == ("unknown_path", 1)
    assert refusal_of(count=1) == ("unknown_path", 1)
    assert refusal_of(count=12_345) == ("unknown_path", 12_345)
    assert refusal_of(count=1_000_000_000) == ("unknown_path", 1_000_000_000)


@pytest.mark.parametrize("count", [0, -1, 1_000_000_001, 2**63, 10**30, 1.5, "2", True, None, [1]])
def test_a_refusal_with_a_wrong_count_is_a_bad_refusal(count: Any) -> None:
    """It is kept, as one, and cannot make a sum overflow."""
    schema = json.loads((resource_path("schema") / "refusal.schema.json").read_text("utf-8"))
    assert not jsonschema.Draft202012Validator(schema).is_valid({**REFUSAL, "count": count})

    assert refusal_of(count=count) == ("bad_refusal", 1)


@pytest.mark.parametrize(
    ("received_at", "rejected_at"),
    [
        ("2026-11-17T09:59:59.123Z", "2026-11-17T09:59:59.123+00:00"),
        ("9999-12-31T23:59:59Z", None),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("1999-12-31T23:59:59Z", None),
    ],
)
def test_a_refusal_whose_time_cannot_be_believed_was_received_when_it_was_appended(
    received_at: str, rejected_at: str | None
) -> None:
    """Its reason stands; a time outside the bounds of an event would have a day that no calendar has."""
    value = json.dumps({"reason": "unknown_path", "received_at": received_at, "payload": ""}).encode()
    piece = slice_of(value, stream="refusals")
    _, rejected = decode([piece])
    appended_at = datetime.fromtimestamp(piece.appended_at_ms[0] / 1000, UTC)
    expected = appended_at if rejected_at is None else datetime.fromisoformat(rejected_at)
    assert rejected.select("reason", "rejected_at").rows() == [("unknown_path", expected)]


def test_an_event_is_normalized() -> None:
    """Metadata keys are sorted, the instant is UTC cut to milliseconds, absent fields have their default."""
    events, _ = decode(
        [slice_of(changed(created_at="2026-11-17T17:00:00.123999+01:00"), changed(metadata=..., source_ip=...))]
    )

    first, second = events.rows(named=True)
    assert first["metadata"] == '{"b":"click1","s":"bfp1"}'
    assert first["created_at"].isoformat() == "2026-11-17T16:00:00.123000+00:00"
    assert (second["metadata"], second["source_ip"]) == ("{}", None)


odd = st.text(st.sampled_from('a"\\é\u0000\u0007\u001f\u007f\u0080{}[]$%<> \t\n=\U0001f600'), max_size=6)
texts = odd | st.sampled_from(["null", "guest", "{x}", "123", "x" * 257]) | st.text(max_size=4)
messages = st.fixed_dictionaries(
    {name: st.just(GOOD[name]) for name in ("event_type", "created_at")},
    optional={
        "id": texts,
        "player_id": texts,
        "banner_tag": texts,
        "metadata": st.dictionaries(texts, texts | st.integers(), max_size=3),
        "source_ip": st.none() | texts,
        "user_agent": st.none() | texts,
        "unknown": texts,
    },
)


@given(message=messages)
@example(message={**GOOD, "player_id": "x\u0080"})
def test_what_decodes_is_what_the_schema_allows(message: dict[str, Any]) -> None:
    """The aggregator and schema/event.schema.json agree on every message, placeholders apart, which the schema only lists."""
    accepted = reason_of(json.dumps(message).encode())

    valid = jsonschema.Draft202012Validator(SCHEMA).is_valid(message)
    assert (accepted is None) == valid or (valid and accepted == "placeholder_value")


@given(
    value=st.binary(max_size=64)
    | st.recursive(st.none() | st.integers() | texts, lambda x: st.lists(x) | st.dictionaries(texts, x)).map(
        lambda x: json.dumps(x).encode()
    )
)
def test_no_bytes_make_it_fail(value: bytes) -> None:
    """Whatever is on the topic is an event or a rejected record."""
    assert reason_of(value) in contract().reasons | {None}
    events, rejected = decode([slice_of(value, stream="refusals")])
    assert (events.height, rejected["reason"].to_list()) == (0, ["bad_refusal"])
