"""Reading messages together gives what reading them one by one gives."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import hypothesis.strategies as st
import msgspec
import polars as pl
import pytest
from hypothesis import example, given

from aggregator.contract import contract
from aggregator.decode import decode
from aggregator.messages import read_events, read_singly, read_usual
from aggregator.records import Slice
from collector.contract import Event
from collector.events import to_json

USUAL = Event(
    id="0199c0de-1111-7111-8111-111111111111",
    event_type="visit",
    player_id="spieler-ü",
    banner_tag="brandA",
    metadata={"b": "click1", "s": "bfp1"},
    source_ip="203.0.113.9",
    user_agent="Mozilla/5.0 (X11; Linux x86_64)",
    created_at="2026-11-17T16:00:00.123Z",
)
USUAL_BYTES = to_json(USUAL)

odd = st.text(st.sampled_from('a"\\/é\u0000\u001f\u007f\u0080\u2028{}[],: \t\n\U0001f600'), max_size=6)
texts = odd | st.sampled_from(["x" * 64, "x" * 65, "y" * 2049])
keys = st.sampled_from(["a", "A", "b", "s", "a.b", "a-b", "a:b", "_key"]) | texts
compact = {"separators": (",", ":")}
near_usual = st.builds(
    lambda fields, style: json.dumps({**json.loads(USUAL_BYTES), **fields}, **style).encode("utf-8", "surrogatepass"),
    st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(("id", "player_id", "user_agent", "created_at"), texts | st.none()),
            "metadata": st.dictionaries(keys, texts | st.integers(), max_size=4),
            "unknown": texts,
        },
    ),
    st.sampled_from([compact, {**compact, "ensure_ascii": False}, {}]),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Draw a message with some of its bytes changed, left out, or doubled."""
    message = bytearray(draw(near_usual))
    for _ in range(draw(st.integers(0, 2))):
        at, length = draw(st.integers(0, len(message))), draw(st.integers(0, 3))
        message[at : at + length] = draw(
            st.sampled_from([b"", b'"', b"\\", b'","', b"{}", b"\xff", b":", b"\n", b"null"])
        )
    return bytes(message)


@given(messages=st.lists(damaged() | st.binary(max_size=8) | st.none(), max_size=8))
@example(messages=[USUAL_BYTES.replace(b'"b":', b'"s":')])
@example(messages=[USUAL_BYTES.replace(b"click1", b"{}")])
@example(messages=[USUAL_BYTES.replace(b"click1", b"y" * 2049)])
@example(messages=[USUAL_BYTES.replace(b'"b":', b'"' + b"b" * 65 + b'":')])
@example(messages=[USUAL_BYTES.replace(b"Mozilla", b"\n"), USUAL_BYTES.replace(b"Mozilla", rb"\n\"\u00e9")])
@example(messages=[USUAL_BYTES + b"\n", USUAL_BYTES + b"}", b" " + USUAL_BYTES, USUAL_BYTES[:-1], USUAL_BYTES[1:]])
@example(messages=[USUAL_BYTES.replace(b"click1", b"\x7f"), USUAL_BYTES.replace(b'"b":', rb'"\u0062":')])
@example(messages=[USUAL_BYTES.replace(b'"b":"click1"', b",".join(b'"k%02d":""' % n for n in range(53)))])
@example(messages=[USUAL_BYTES, b"\xff", USUAL_BYTES])
def test_messages_read_together_say_what_each_says_by_itself(messages: list[bytes | None]) -> None:
    """The regular expression accepts nothing that JSON or the contract refuses, and reads what it accepts as they do."""
    together, singly = read_events(messages, contract()), read_singly(range(len(messages)), messages, contract())

    assert together.events.equals(singly.events)
    assert together.faults == singly.faults


@given(
    names=st.tuples(
        *[st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters='"\\'), min_size=1)] * 3
    ),
    metadata=st.dictionaries(
        st.from_regex(r"[A-Za-z0-9_.-]{1,64}", fullmatch=True), st.sampled_from(["", "clic k/1", "é"])
    ),
)
def test_what_the_collector_writes_is_read_together(names: tuple[str, str, str], metadata: dict[str, str]) -> None:
    """Unless a text needs an escape: otherwise a pass would take three times as long for it, and no other test would see it."""
    player, banner, agent = names
    changes = {"player_id": player, "banner_tag": banner, "user_agent": agent, "source_ip": None}
    event = msgspec.structs.replace(USUAL, metadata=dict(sorted(metadata.items())), **changes)

    assert read_usual([to_json(event), to_json(USUAL)], contract()).height == 2


LATER_THAN_ALL = 4_102_444_800_000  # 2100-01-01

two_digits = st.integers(0, 99).map("{:02}".format)
instants = st.builds(
    "{:04}-{}-{}T{}:{}:{}{}{}".format,
    st.integers(0, 2099),
    *[st.integers(1, 12).map("{:02}".format) | two_digits] * 2,
    *[st.sampled_from(["00", "23", "24", "59"]) | two_digits] * 3,
    st.sampled_from([".123", ".123", "", ".1", ".1239", ".999999999", "."]),
    st.sampled_from(["Z", "Z", "+00:00", "-11:30", "z", " Z", "Z "]),
)


@given(written=instants)
@example(written="2024-02-29T23:59:59.999Z")
@example(written="2026-02-29T23:59:59.999Z")
@example(written="2026-11-17T16:00:60.000Z")
@example(written="2026-11-17T24:00:00.000Z")
def test_an_instant_is_what_python_reads_in_it(written: str) -> None:
    """Of the two ways in which instants are parsed, each reads what the standard library reads, cut to milliseconds."""
    message = USUAL_BYTES.replace(USUAL.created_at.encode(), written.encode())
    events, _ = decode([Slice("test", 0, "events", [0], [LATER_THAN_ALL], [message], 1)])

    expected = python_reads(written)
    assert events["created_at"].to_list() == ([expected] if expected else [])


def python_reads(written: str) -> datetime | None:
    """Return what the standard library makes of an instant in the contract's form; None for no instant, and before 2000."""
    if not re.search(contract().created_at, written):
        return None
    try:
        instant = datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000) if instant.year >= 2000 else None


@pytest.mark.parametrize("blank", [None, b"", b" "])
def test_reading_no_message_is_reading_nothing(blank: bytes | None) -> None:
    """A slice without records, or with blank ones only, has no events, and the columns of one that has."""
    assert read_events([], contract()).events.schema == read_events([USUAL_BYTES], contract()).events.schema
    assert read_events([blank], contract()).events.equals(
        pl.DataFrame(schema=read_events([], contract()).events.schema)
    )
