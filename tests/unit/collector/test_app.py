"""What the collector answers, and what it stores, request by request."""

from __future__ import annotations

import asyncio
import re

import jsonschema
import pytest
import structlog
import structlog.testing
from hypothesis import given
from hypothesis import strategies as st

from collector.answers import GIF
from collector.app import create_app
from tests.unit.collector.asgi import FULL, Answer, ListLog, ask
from tests.unit.collector.schemas import EVENT_SCHEMA, REASONS, REFUSAL_SCHEMA

GOOD = b"playerId=123&bannerTag=brandA&s=v-1&b=click9"


@pytest.fixture
def log() -> ListLog:
    return ListLog()


@pytest.mark.parametrize("event_type", ["visit", "registration", "deposit"])
async def test_a_good_pixel_is_stored_and_answered_with_the_gif(log: ListLog, event_type: str) -> None:
    """The event has every field of the contract; the answer is a 43-byte image that no cache keeps."""
    answer = await ask(log, f"/{event_type}", GOOD, headers=[(b"user-agent", b"Mozilla/5.0")])

    (event,) = log.events()
    assert re.fullmatch(r"01a203fc-5c7b-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", event.pop("id"))
    assert event == {
        "event_type": event_type,
        "player_id": "123",
        "banner_tag": "brandA",
        "metadata": {"b": "click9", "s": "v-1"},
        "source_ip": "203.0.113.9",
        "user_agent": "Mozilla/5.0",
        "created_at": "2026-11-22T16:00:00.123Z",
    }
    assert (answer.status, answer.body, len(answer.body)) == (200, GIF, 43)
    assert answer.headers["content-type"] == "image/gif"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_an_event_is_keyed_by_its_player(log: ListLog) -> None:
    """The record's key is the player id in UTF-8, so that one player's events stay in order."""
    await ask(log, "/visit", b"playerId=J%C3%BCrgen&bannerTag=a")

    assert [key for _, key, _ in log.records] == ["Jürgen".encode()]


async def test_the_gif_is_a_transparent_pixel() -> None:
    """One pixel wide and high, its only colour declared transparent."""
    size, transparent_flag, transparent_index = GIF[6:10], GIF[22], GIF[25]

    assert GIF.startswith(b"GIF89a")
    assert GIF.endswith(b";")
    assert size == bytes([1, 0, 1, 0])
    assert transparent_flag & 1 == 1
    assert transparent_index == 0


async def test_head_answers_like_get_and_stores_nothing(log: ListLog) -> None:
    """Link checkers ask with HEAD: same status and headers, no event, no refusal."""
    good = await ask(log, "/visit", GOOD, method="HEAD")
    bad = await ask(log, "/visit", b"playerId=1", method="HEAD")

    assert (good.status, good.headers["content-length"], good.body) == (200, "43", b"")
    assert (bad.status, bad.headers["x-pixels-rejected"]) == (400, "missing_banner_tag")
    assert log.records == []


async def test_a_beacon_is_a_post_without_a_body(log: ListLog) -> None:
    """`navigator.sendBeacon(url)` counts as the same pixel."""
    answer = await ask(log, "/deposit", GOOD, method="POST", headers=[(b"content-length", b"0")])

    assert answer.status == 200
    assert [event["event_type"] for event in log.events()] == ["deposit"]


async def test_a_body_is_refused(log: ListLog) -> None:
    """Parameters belong in the URL; a body would be silently ignored otherwise."""
    answer = await ask(log, "/visit", GOOD, method="POST", headers=[(b"content-length", b"3")], body=b"a=b")

    assert (answer.status, answer.headers["x-pixels-rejected"]) == (415, "body_not_accepted")
    assert (log.events(), len(log.refusals())) == ([], 1)


async def test_an_announced_body_is_refused_before_it_comes(log: ListLog) -> None:
    """It may never come, and an aborted POST is no beacon."""
    answer = await ask(log, "/visit", GOOD, method="POST", headers=[(b"content-length", b"5")], body=b"")

    assert (answer.status, answer.headers["x-pixels-rejected"]) == (415, "body_not_accepted")
    assert log.events() == []


async def test_a_refusal_is_kept_with_reason_detail_and_request_line(log: ListLog) -> None:
    """Whoever looks at refused pixels sees what was sent, by whom, and why it did not count."""
    answer = await ask(log, "/visit", b"playerId=guest&bannerTag=brandA", headers=[(b"user-agent", b"curl/8")])

    assert (answer.status, answer.body) == (400, GIF)
    assert answer.headers["x-pixels-rejected"] == "placeholder_value"
    assert log.events() == []
    assert log.refusals() == [
        {
            "reason": "placeholder_value",
            "detail": "playerId: 'guest'",
            "received_at": "2026-11-22T16:00:00.123Z",
            "source_ip": "203.0.113.9",
            "user_agent": "curl/8",
            "payload": "GET /visit?playerId=guest&bannerTag=brandA",
        }
    ]


async def test_what_is_kept_of_a_refusal_is_bounded(log: ListLog) -> None:
    """A megabyte of query costs 8 KiB of disk."""
    await ask(log, "/visit", b"playerId=" + b"x" * 1_000_000)

    (refusal,) = log.refusals()
    assert refusal["reason"] == "too_long"
    assert len(refusal["payload"]) == 8192


@pytest.mark.parametrize("path", ["/", "/robots.txt", "/favicon.ico", "/pixels.js"])
async def test_what_browsers_and_crawlers_ask_for_by_themselves_is_no_refusal(log: ListLog, path: str) -> None:
    """These paths answer and leave no trace in the log."""
    assert (await ask(log, path)).status in {200, 204}
    assert (await ask(log, path, method="HEAD")).status in {200, 204}
    assert log.records == []


async def test_crawlers_are_told_to_stay_away(log: ListLog) -> None:
    """robots.txt forbids everything."""
    assert (await ask(log, "/robots.txt")).body == b"User-agent: *\nDisallow: /\n"


async def test_the_script_is_cached_and_revalidated_by_its_etag(log: ListLog) -> None:
    """A page that has pixels.js already gets 304; one that has another version gets the script."""
    first = await ask(log, "/pixels.js")
    again = await ask(log, "/pixels.js", headers=[(b"if-none-match", first.headers["etag"].encode())])
    other = await ask(log, "/pixels.js", headers=[(b"if-none-match", b'"older"')])

    assert first.headers["content-type"].startswith("text/javascript")
    assert "max-age=3600" in first.headers["cache-control"]
    assert (again.status, again.body) == (304, b"")
    assert (other.status, other.body) == (200, first.body)


async def test_a_preflight_is_answered(log: ListLog) -> None:
    """fetch() from any site may ask first; nothing is stored."""
    answer = await ask(log, "/visit", method="OPTIONS")

    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert log.records == []


def allowed_by(answer: Answer) -> set[str]:
    return set(answer.headers["allow"].split(", "))


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/visit"), ("DELETE", "/deposit"), ("BREW", "/visit"), ("POST", "/")]
)
async def test_another_method_is_refused_and_the_answer_names_those_that_work(
    log: ListLog, method: str, path: str
) -> None:
    """Also a method that HTTP does not know."""
    answer = await ask(log, path, GOOD, method=method)

    assert (answer.status, answer.headers["x-pixels-rejected"]) == (405, "method_not_allowed")
    assert {"GET", "HEAD"} <= allowed_by(answer)
    assert ("POST" in allowed_by(answer)) == (path != "/")
    assert [refusal["reason"] for refusal in log.refusals()] == ["method_not_allowed"]


@pytest.mark.parametrize(
    "path", ["/visits", "/visit/", "//visit", "///visit", "//", "/Visit", "/wp-admin.php", "*", "/\x00", "/é"]
)
async def test_an_unknown_path_is_refused(log: ListLog, path: str) -> None:
    """A typo in a template shows up as a refusal instead of vanishing."""
    answer = await ask(log, path, GOOD)

    assert (answer.status, answer.headers["x-pixels-rejected"]) == (404, "unknown_path")
    assert [refusal["reason"] for refusal in log.refusals()] == ["unknown_path"]


async def test_an_event_that_cannot_be_stored_is_answered_503() -> None:
    """No 2xx without durability; the sender is told when to try again."""
    answer = await ask(ListLog(failure=FULL), "/visit", GOOD)

    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert answer.body != GIF


async def test_a_refusal_that_cannot_be_kept_is_answered_503() -> None:
    """A refusal is always counted, so one that was not kept is not answered as if it were."""
    answer = await ask(ListLog(failure=FULL), "/visit", b"playerId=1")

    assert (answer.status, answer.headers["retry-after"]) == (503, "5")


async def test_a_fault_of_ours_tells_the_sender_nothing_but_that_it_is_one() -> None:
    """The traceback goes to the collector's log, in a line that the answer names."""
    failure = ZeroDivisionError("secret detail")
    with structlog.testing.capture_logs() as lines:
        answer = await ask(ListLog(failure=failure), "/visit", GOOD)

    assert (answer.status, answer.body) == (500, b"internal error\n")
    (line,) = lines
    assert (line["event"], line["route"], line["exc_info"]) == ("request.failed", "/visit", failure)
    assert line["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        (b"Mozilla/5.0\t(X11)\x7f", "Mozilla/5.0(X11)"),
        (b"x" * 5000, "x" * 1024),
        (b"caf\xc3\xa9", "café"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"", ""),
    ],
)
async def test_the_user_agent_is_cleaned_and_cut(log: ListLog, header: bytes, kept: str) -> None:
    """What a stranger calls itself may hold anything; an event holds 1,024 printable characters of it."""
    await ask(log, "/visit", GOOD, headers=[(b"user-agent", header)])

    assert log.events()[0]["user_agent"] == kept


async def test_a_sender_without_address_or_user_agent_is_taken(log: ListLog) -> None:
    """Over a Unix socket there is no address; both fields are null then."""
    await ask(log, "/visit", GOOD, client=None)

    (event,) = log.events()
    assert (event["source_ip"], event["user_agent"]) == (None, None)


async def test_the_log_is_closed_when_the_server_stops(log: ListLog) -> None:
    """ASGI's lifespan ends with the log closed."""
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    answered: list[str] = []

    async def receive() -> dict[str, str]:
        return next(messages)

    async def send(message: dict[str, str]) -> None:
        answered.append(message["type"])

    await create_app(log)({"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}, receive, send)

    assert answered == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert log.closed


@given(
    path=st.sampled_from(["/visit", "/deposit"]),
    query=st.one_of(
        st.binary(max_size=300),
        st.lists(st.sampled_from([b"playerId=", b"bannerTag=", b"&", b"%C3%A9", b"%ED%A0%80", b"x", b"%00", b"_", b"=", b"+", b"\xff", b"{id}"]), max_size=30).map(b"".join),
    ),
    user_agent=st.binary(max_size=40),
)  # fmt: skip
def test_any_bytes_become_an_event_or_a_refusal_of_the_contract(path: str, query: bytes, user_agent: bytes) -> None:
    """Whatever a stranger sends, the answer is 200 or 400, and exactly one valid record is stored."""
    log = ListLog()

    answer = asyncio.run(ask(log, path, query, headers=[(b"user-agent", user_agent)]))

    for event in log.events():
        jsonschema.validate(event, EVENT_SCHEMA)
    for refusal in log.refusals():
        jsonschema.validate(refusal, REFUSAL_SCHEMA)
        assert answer.headers["x-pixels-rejected"] == refusal["reason"]
        assert refusal["reason"] in REASONS
    assert (answer.status, len(log.events()), len(log.refusals())) in {(200, 1, 0), (400, 0, 1)}
