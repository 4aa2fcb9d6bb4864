"""What an event and a refusal keep of their sender, through the whole application."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import jsonschema
import pytest

from pixels.config import load_settings
from tests.unit.collector.asgi import Answer, ListLog, ask
from tests.unit.collector.schemas import EVENT_SCHEMA, REFUSAL_SCHEMA

GOOD = b"playerId=player-1&bannerTag=brandA&s=v-1&plan=gold"
BAD = b"playerId=secret-player"
BROWSER = (
    b"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
)
GOOGLEBOT = b"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
KEY = "0123456789abcdef"

Headers = Sequence[tuple[bytes, bytes]]


async def sent(
    path: str = "/visit",
    query: bytes = GOOD,
    *,
    headers: Headers = (),
    method: str = "GET",
    body: bytes = b"",
    peer: str = "203.0.113.9",
    **changes: Any,
) -> tuple[Answer, ListLog]:
    """Send one request to a collector with these settings; return its answer and the log."""
    log = ListLog()
    answer = await ask(
        log, path, query, method=method, headers=[(b"user-agent", BROWSER), *headers], body=body, client=(peer, 4711),
        settings=load_settings(**changes),
    )  # fmt: skip
    for event in log.events():
        jsonschema.validate(event, EVENT_SCHEMA)
    for refusal in log.refusals():
        jsonschema.validate(refusal, REFUSAL_SCHEMA)
    return answer, log


async def event_of(*args: Any, **kwargs: Any) -> dict[str, Any]:
    answer, log = await sent(*args, **kwargs)
    assert answer.status == 200
    (event,) = log.events()
    return event


@pytest.mark.parametrize(
    ("source_ip", "kept"),
    [("keep", "203.0.113.9"), ("truncate", "203.0.113.0"), ("drop", None), ("hash", "[0-9a-f]{32}")],
)
async def test_an_event_and_a_refusal_keep_the_same_of_an_address(source_ip: str, kept: str | None) -> None:
    """The setting holds for both."""
    event = await event_of(source_ip=source_ip, hash_key=KEY)
    _, log = await sent(query=BAD, source_ip=source_ip, hash_key=KEY)
    (refusal,) = log.refusals()

    assert event["source_ip"] == refusal["source_ip"]
    assert kept is None if event["source_ip"] is None else re.fullmatch(kept or "", event["source_ip"])


@pytest.mark.parametrize(("path", "mark"), [("/visit", {"_bot": "Googlebot"}), ("/registration", {}), ("/deposit", {})])
async def test_a_crawlers_visit_is_marked(path: str, mark: dict[str, str]) -> None:
    """Visits only; the mark stands with the other metadata in the order of their names."""
    log = ListLog()
    await ask(log, path, GOOD, headers=[(b"user-agent", GOOGLEBOT)])
    (event,) = log.events()

    assert event["metadata"] == {**mark, "plan": "gold", "s": "v-1"}
    assert list(event["metadata"]) == sorted(event["metadata"])


async def test_who_sends_a_batch_is_no_visitor() -> None:
    """The user agent is a server's, whatever it calls itself."""
    log = ListLog()
    body = json.dumps([{"eventType": "visit", "playerId": "1", "bannerTag": "a"}]).encode()

    answer = await ask(
        log, "/events", method="POST", body=body,
        headers=[(b"content-type", b"application/json"), (b"user-agent", b"AcmeBot/1.0")],
    )  # fmt: skip

    assert answer.status == 200
    assert [event["metadata"] for event in log.events()] == [{}]


async def test_a_trusted_proxy_says_who_the_client_is() -> None:
    """And nobody else does; only the header of the setting is read."""
    headers = [(b"x-forwarded-for", b"192.0.2.1, 198.51.100.7"), (b"forwarded", b"for=192.0.2.2")]
    trusted = {"trusted_proxies": "203.0.113.0/24"}

    assert (await event_of(headers=headers))["source_ip"] == "203.0.113.9"
    assert (await event_of(headers=headers, **trusted))["source_ip"] == "198.51.100.7"
    assert (await event_of(headers=headers, proxy_header="forwarded", **trusted))["source_ip"] == "192.0.2.2"
    assert (await event_of(headers=headers, peer="192.0.2.77", **trusted))["source_ip"] == "192.0.2.77"
    assert (await event_of(headers=headers, source_ip="truncate", **trusted))["source_ip"] == "198.51.100.0"


async def test_several_lines_of_a_header_are_one_list() -> None:
    """The last line was added last."""
    headers = [(b"x-forwarded-for", b"192.0.2.1"), (b"x-forwarded-for", b"198.51.100.7")]

    event = await event_of(headers=headers, trusted_proxies="203.0.113.9")

    assert event["source_ip"] == "198.51.100.7"


@pytest.mark.parametrize("header", [b"dnt", b"sec-gpc"])
async def test_a_wish_is_ignored_unless_a_setting_honours_it(header: bytes) -> None:
    """The default keeps what is sent."""
    event = await event_of(headers=[(header, b"1")])

    assert (event["player_id"], event["source_ip"]) == ("player-1", "203.0.113.9")


@pytest.mark.parametrize(("header", "setting"), [(b"dnt", "dnt"), (b"sec-gpc", "sec_gpc")])
async def test_an_anonymous_event_is_stored(header: bytes, setting: str) -> None:
    """It counts, and tells nothing."""
    changes = {setting: "anonymize", "hash_key": KEY}

    event = await event_of(headers=[(header, b"1")], **changes)

    assert event["player_id"].startswith("anon-")
    assert (event["source_ip"], event["user_agent"], event["metadata"]) == (None, None, {})
    assert (await event_of(headers=[(header, b"0")], **changes))["player_id"] == "player-1"


async def test_the_log_does_not_tell_the_player_of_an_anonymous_event() -> None:
    """Nor does the key of the record, nor an id that was made of the player's and an `eventId`."""
    _, log = await sent(query=GOOD + b"&eventId=e1", headers=[(b"dnt", b"1")], dnt="anonymize", hash_key=KEY)
    _, known = await sent(query=GOOD + b"&eventId=e1")

    ((_, key, value),) = log.records
    assert (key or b"").startswith(b"anon-")
    assert b"player-1" not in value
    assert log.events()[0]["id"] != known.events()[0]["id"]


async def test_the_same_anonymous_event_sent_again_is_the_same_event() -> None:
    """`eventId` goes on to do what it is for."""
    sends = [
        await event_of(query=GOOD + b"&eventId=e1", headers=[(b"dnt", b"1")], dnt="anonymize", hash_key=KEY)
        for _ in range(2)
    ]

    assert sends[0] == sends[1]


async def test_what_is_dropped_on_wish_leaves_no_trace() -> None:
    """403, a reason, and nothing in the log but, later, a count."""
    answer, log = await sent(headers=[(b"sec-gpc", b"1")], sec_gpc="drop")

    assert (answer.status, answer.headers["x-pixels-rejected"]) == (403, "do_not_track")
    assert log.records == []


@pytest.mark.parametrize("rule", ["anonymize", "drop"])
@pytest.mark.parametrize(
    ("path", "query", "method", "body"),
    [
        ("/visit", BAD, "GET", b""),
        ("/visit", b"x=%zz&" + BAD, "GET", b""),
        ("/secret-player", BAD, "GET", b""),
        ("/deposit", b"playerId=1&bannerTag=a&currency=EUR&amount=secret-player", "GET", b""),
        ("/visit", b"", "POST", b'{"playerId": "secret-player"}'),
        ("/events", b"", "POST", b'[{"eventType": "visit", "playerId": "secret-player"}]'),
        ("/events", b"", "POST", b'[{"eventType": "secret-player"}]'),
    ],
)
async def test_a_refusal_of_a_visitor_with_a_wish_keeps_its_reason_alone(
    rule: str, path: str, query: bytes, method: str, body: bytes
) -> None:
    """A pixel that was wrong besides must not tell what a right one does not."""
    headers = [(b"dnt", b"1"), (b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]

    _, log = await sent(path, query, method=method, body=body, headers=headers, dnt=rule, hash_key=KEY)

    (refusal,) = log.refusals()
    assert refusal["payload"] == f"{method} {path}"
    assert (refusal["source_ip"], refusal["user_agent"]) == (None, None)
    assert "secret-player" not in json.dumps(refusal).replace("/secret-player", "")


async def test_metadata_that_is_not_allowed_is_left_out_and_explained() -> None:
    """`debug` says which."""
    answer, log = await sent(query=GOOD + b"&debug=1", metadata_allow="form")

    assert log.events()[0]["metadata"] == {"s": "v-1"}
    assert json.loads(answer.body)["left_out"] == ["plan"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "status"),
    [
        ("127.0.0.1", None, "", 200),
        ("::ffff:127.0.0.1", None, "", 200),
        ("203.0.113.9", None, "", 404),
        ("127.0.0.1", b"10.0.0.1", "", 404),
        ("::ffff:127.0.0.1", b"10.0.0.1", "", 404),
        ("127.0.0.1", b"10.0.0.1", "127.0.0.1", 200),
        ("::ffff:127.0.0.1", b"10.0.0.1", "127.0.0.1", 200),
        ("127.0.0.1", b"10.0.0.1, 203.0.113.9", "127.0.0.1", 404),
        ("127.0.0.1", b"unknown", "127.0.0.1", 404),
    ],
)
async def test_metrics_are_for_insiders_also_behind_a_proxy(
    peer: str, forwarded: bytes | None, trusted: str, status: int
) -> None:
    """A proxy that is not trusted brings nobody in, on whatever kind of socket."""
    headers = [] if forwarded is None else [(b"x-forwarded-for", forwarded)]

    answer, _ = await sent("/metrics", b"", headers=headers, peer=peer, trusted_proxies=trusted)

    assert answer.status == status
