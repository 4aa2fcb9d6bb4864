"""Records that collide, for hypothesis: few of everything, so that every rule of what counts has something to decide."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from hypothesis import strategies as st

from tests.oracle import Refusal

APPENDED = 1_795_000_000_000
"""When the logs took each record, Unix milliseconds: 2026-11-18, later than every event below."""

# The same id on one day and on two, ties to the millisecond, a day of 23 and one of 25 hours in Berlin, midnights on both sides.
INSTANTS = [
    "2026-03-28T22:59:59.999Z", "2026-03-28T23:00:00.000Z", "2026-03-29T00:30:00.000Z", "2026-03-29T21:59:59.999Z",
    "2026-03-29T22:00:00.000Z", "2026-10-24T22:00:00.000Z", "2026-10-25T00:30:00.000Z", "2026-10-25T01:30:00.000Z",
    "2026-10-25T22:59:59.999Z", "2026-10-25T23:00:00.000Z", "2026-10-25T23:00:00.0004Z", "2026-10-26T01:00:00+01:00",
]  # fmt: skip
PLAYERS = ["p1", "p2", " p2 ", "v-1", "ü"]

records = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["e1", "e2", "e3", "e4", "e5", "é"]),
        "event_type": st.sampled_from(["visit", "registration", "deposit"]),
        "player_id": st.sampled_from(PLAYERS),
        "banner_tag": st.sampled_from(["a", "b", "B", "<b>x&=1"]),
        "created_at": st.sampled_from(INSTANTS),
    },
    optional={
        "metadata": st.dictionaries(
            st.sampled_from(["s", "b", "ä", "_bot", 'a"_bot']), st.sampled_from(["v-1", "v-2", "", 'x"\\', ',"_bot":'])
        ),
        "source_ip": st.sampled_from([None, "192.0.2.1"]),
        "user_agent": st.sampled_from([None, "", "x", "x!"]),
    },
)
"""Events of all types, with banners that take credit from each other."""

# The first txids and amounts are as the contract wants them, the others are what senders and forgers make of them.
deposits = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["d1", "d2", "d3"]),
        "event_type": st.just("deposit"),
        "player_id": st.sampled_from(PLAYERS[:2]),
        "banner_tag": st.sampled_from(["a", "b"]),
        "created_at": st.sampled_from(INSTANTS),
        "metadata": st.fixed_dictionaries(
            {},
            optional={
                "txid": st.sampled_from(["t1", "t2", " t1", "NULL", "{txid}", "", "t\u00851", "t" * 129]),
                "amount": st.sampled_from(["25.00", "99999999999999.9999", "1.00001", "-1", "1,5", ""]),
                "currency": st.sampled_from(["EUR", "JPY", "eur", "ZZZ", ""]),
                "_key": st.sampled_from(["shop", ""]),
            },
        ),
    }
)
"""Deposits with money, signed and forged, of few transactions."""


def _refused_event(**fields: str) -> bytes:
    sound = {"id": "e", "event_type": "visit", "player_id": "p1", "banner_tag": "a", "created_at": INSTANTS[0]}
    return json.dumps({**sound, **fields}).encode()


_REFUSED = {
    b"": "empty_record",
    b"{": "not_json",
    b"\xff": "not_json",
    b'{"id": 1}': "wrong_type",
    _refused_event(id=""): "bad_id",
    _refused_event(event_type="click"): "unknown_event_type",
    _refused_event(banner_tag="[subid]"): "placeholder_value",
    _refused_event(created_at="9999-12-31T23:59:59Z"): "future_created_at",
    _refused_event(created_at="yesterday"): "bad_created_at",
}
bad_records = st.sampled_from(sorted(_REFUSED))
"""Values that are no event; `refusal_of` says why."""


def refusal_of(value: bytes) -> Refusal:
    """What the tables say of a bad record: it has no time but that of the log."""
    return Refusal(datetime.fromtimestamp(APPENDED / 1000, UTC), _REFUSED[value])


collectors_refusals = st.builds(
    Refusal,
    at=st.sampled_from([datetime.fromisoformat(i) for i in INSTANTS]),
    reason=st.sampled_from(["bad_amount", "rate_limited"]),
    count=st.sampled_from([1, 1, 7]),
)
"""What the collector refused, on the stream of refusals."""


def refusal_record(refusal: Refusal) -> dict[str, object]:
    """The record of that stream."""
    many = {"count": refusal.count} if refusal.count > 1 else {}
    return {"reason": refusal.reason, "received_at": refusal.at.isoformat(), "payload": "", **many}
