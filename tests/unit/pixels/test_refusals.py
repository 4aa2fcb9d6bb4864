"""What a refused payload says of the event it would have been: as far as it can be read, and nothing it does not say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixels.refusals import Said, said_by

WHOLE = Said("deposit", "p1", "b")


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b'{"event_type":"deposit","player_id":" p1 ","banner_tag":"b","created_at":"never"}', WHOLE),
        (b'{"eventType":"deposit","playerId":"p1","bannerTag":"b"}', WHOLE),
        (b"GET /deposit?playerId=p1&bannerTag=b", WHOLE),
        (b"GET /deposit?player_id=p1&banner_tag=b&x=%ff%0", WHOLE),
        (b"POST /deposit?playerId=p1\n\nbannerTag=b", WHOLE),
        (b'POST /deposit\n\n{"playerId":"p1","bannerTag":"b"}', WHOLE),
        (b'POST /events\n\n{"eventType":"deposit","playerId":"p1","bannerTag":"b"}', WHOLE),
        (b'192.0.2.7 - - [x] "GET /deposit?playerId=p1&bannerTag=b HTTP/1.1" 200 43 "-" "-"', WHOLE),
        (b"GET /deposit", Said("deposit")),
        (b'{"event_type":"deposit","player_id":7,"banner_tag":null}', Said("deposit")),
        (b'{"event_type":"click","player_id":"p1","banner_tag":"b"}', Said()),
        (b'{"event_type":["deposit"]}', Said()),
        (b'{"event_type":"deposit","player_id":"p1"', Said()),
        (b'{"a":' * 100_000, Said()),
        (b"POST /events\n\n[1, 2]", Said()),
        (b"GET /visits?playerId=p1", Said()),
        (b"\xff\xfe", Said()),
        (b"", Said()),
    ],
)
def test_type_player_and_banner_are_read_from_every_form_that_is_kept(payload: bytes, said: Said) -> None:
    """Records of the log, requests with and without a body, items of a batch, lines of an access log; else nothing."""
    assert said_by(payload) == said


@given(st.binary() | st.binary().map(b"GET /visit?".__add__) | st.binary().map(b"POST /visit\n\n{".__add__))
def test_no_payload_makes_it_fail(payload: bytes) -> None:
    """What strangers sent is read or it is not."""
    assert said_by(payload).event_type in {None, "visit", "registration", "deposit"}
