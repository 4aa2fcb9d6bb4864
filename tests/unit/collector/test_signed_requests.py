"""Who signed a request decides what it may say, whether it is taken at all, and which event it is."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from urllib.parse import quote

import pytest

from pixels.config import Settings
from tests.unit.collector.asgi import NOW, Answer, ListLog, ask
from tests.unit.collector.signed import KEYS, signature_over, signed_header, signing_settings

QUERY = b"bannerTag=a&playerId=1"
ACCEPT = signing_settings()
UNSIGNED: list[tuple[bytes, bytes]] = []


@pytest.fixture
def log() -> ListLog:
    return ListLog()


def reason(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.headers["x-pixels-rejected"]


@pytest.mark.parametrize("key_id", list(KEYS))
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_signed_event_says_who_signed_it(log: ListLog, method: str, key_id: str) -> None:
    """`_key` is what makes a deposit money to whoever reads the log."""
    header = signed_header("/deposit", QUERY, key_id=key_id)

    answer = await ask(log, "/deposit", QUERY, method=method, headers=[header], settings=ACCEPT)

    assert answer.status == 200
    assert log.events()[0]["metadata"] == {"_key": key_id}


async def test_the_signature_may_stand_in_the_url_and_is_no_metadata(log: ListLog) -> None:
    """For senders that cannot set headers; where it stands among the parameters does not matter."""
    signature = quote(signature_over("/deposit", QUERY), safe="").encode()

    for query in (
        QUERY + b"&signature=" + signature,
        b"signature=" + signature + b"&" + QUERY,
        b"playerId=1&signature=" + signature + b"&bannerTag=a",
    ):
        assert (await ask(log, "/deposit", query, settings=ACCEPT)).status == 200

    assert [event["metadata"] for event in log.events()] == [{"_key": "shop"}] * 3
    assert len({event["id"] for event in log.events()}) == 1


async def test_two_signatures_are_one_too_many(log: ListLog) -> None:
    """In the header and in the URL, twice in the URL, or two headers: which one counts is not guessed."""
    header = signed_header("/deposit", QUERY)
    in_url = b"&signature=" + quote(header[1].decode(), safe="").encode()

    both = await ask(log, "/deposit", QUERY + in_url, headers=[header], settings=ACCEPT)
    headers = await ask(log, "/deposit", QUERY, headers=[header, header], settings=ACCEPT)
    urls = await ask(log, "/deposit", QUERY + in_url + in_url, settings=ACCEPT)

    assert (reason(both), reason(headers)) == ((403, "bad_signature"),) * 2
    assert reason(urls) == (400, "repeated_parameter")
    assert log.events() == []


async def test_the_same_signed_request_is_the_same_event(log: ListLog) -> None:
    """Whoever replays what was signed, in whichever order, adds nothing; signed anew it is another event."""
    header = signed_header("/deposit", QUERY)
    later = signed_header("/deposit", QUERY, at=NOW + timedelta(seconds=1))

    for query in (QUERY, QUERY, b"&playerId=1&bannerTag=a"):
        await ask(log, "/deposit", query, headers=[header], settings=ACCEPT)
    await ask(log, "/deposit", QUERY, headers=[(header[0], header[1][:-64] + header[1][-64:].upper())], settings=ACCEPT)
    await ask(log, "/deposit", QUERY, headers=[later], settings=ACCEPT)

    first, *replays, other = [event["id"] for event in log.events()]
    assert replays == [first] * 3
    assert first[14] == "5"
    assert other != first


async def test_an_event_id_outlives_the_signature(log: ListLog) -> None:
    """Signed anew with the next key, an event with its own `eventId` is the same one; a stranger's unsigned copy is not."""
    query = b"bannerTag=a&eventId=d-1&playerId=1"

    for key_id in KEYS:
        await ask(log, "/deposit", query, headers=[signed_header("/deposit", query, key_id=key_id)], settings=ACCEPT)
    await ask(log, "/deposit", query, settings=ACCEPT)

    one, same, strangers = [event["id"] for event in log.events()]
    assert one == same
    assert strangers != one


async def test_what_was_not_signed_is_refused_and_kept(log: ListLog) -> None:
    """A signature that is wrong is never just ignored."""
    header = signed_header("/deposit", QUERY)

    tampered = await ask(log, "/deposit", QUERY + b"&amount=1&currency=EUR", headers=[header], settings=ACCEPT)
    elsewhere = await ask(log, "/registration", QUERY, headers=[header], settings=ACCEPT)
    nobodys = await ask(log, "/deposit", QUERY, headers=[(b"x-pixels-signature", b"\xff")], settings=ACCEPT)
    empty = await ask(log, "/deposit", QUERY + b"&signature", settings=ACCEPT)

    assert [reason(answer) for answer in (tampered, elsewhere, nobodys, empty)] == [(403, "bad_signature")] * 4
    assert (log.events(), len(log.refusals())) == ([], 4)


async def test_an_old_signature_is_refused(log: ListLog) -> None:
    """Five minutes after it was made."""
    header = signed_header("/deposit", QUERY, at=NOW - timedelta(seconds=301))

    assert reason(await ask(log, "/deposit", QUERY, headers=[header], settings=ACCEPT)) == (403, "signature_expired")


async def test_without_keys_no_signature_is_right(log: ListLog) -> None:
    """A sender who signs expects to be known; to be taken for a stranger would be a surprise on pay day."""
    assert reason(await ask(log, "/visit", QUERY, headers=[signed_header("/visit", QUERY)])) == (403, "bad_signature")


@pytest.mark.parametrize("event_type", ["visit", "registration", "deposit"])
async def test_each_type_has_its_own_rule(log: ListLog, event_type: str) -> None:
    """Required for one type, unsigned events of the others are still taken."""
    settings = signing_settings(**{f"signature_{event_type}": "require"})

    for path in ("/visit", "/registration", "/deposit"):
        answer = await ask(log, path, QUERY, settings=settings)
        assert answer.status == (403 if path == f"/{event_type}" else 200)
    signed = await ask(
        log, f"/{event_type}", QUERY, headers=[signed_header(f"/{event_type}", QUERY)], settings=settings
    )

    assert signed.status == 200
    assert [refusal["reason"] for refusal in log.refusals()] == ["signature_required"]


async def test_where_signatures_are_off_they_are_not_read(log: ListLog) -> None:
    """Neither a right nor a wrong one, nor two of them: the event is unsigned, and the parameter no metadata."""
    off = signing_settings(signature_visit="off")

    right = await ask(log, "/visit", QUERY, headers=[signed_header("/visit", QUERY)], settings=off)
    wrong = await ask(
        log, "/visit", QUERY + b"&signature=x", headers=[(b"x-pixels-signature", b"nonsense")], settings=off
    )

    assert (right.status, wrong.status) == (200, 200)
    assert [(event["metadata"], event["id"][14]) for event in log.events()] == [({}, "7")] * 2


async def test_created_at_is_taken_from_a_signed_sender_alone(log: ListLog) -> None:
    """With signatures off nobody is a signed sender."""
    query = b"bannerTag=a&createdAt=2026-11-20T08:00:00%2B01:00&playerId=1"
    header = signed_header("/deposit", query)

    signed = await ask(log, "/deposit", query, headers=[header], settings=ACCEPT)
    unsigned = await ask(log, "/deposit", query, settings=ACCEPT)
    off = await ask(log, "/deposit", query, headers=[header], settings=signing_settings(signature_deposit="off"))

    assert (signed.status, log.events()[0]["created_at"]) == (200, "2026-11-20T07:00:00.000Z")
    assert (reason(unsigned), reason(off)) == ((403, "signature_required"),) * 2
    assert len(log.events()) == 1


async def test_how_far_back_created_at_may_lie_is_a_setting(log: ListLog) -> None:
    """A day here."""
    query = b"bannerTag=a&createdAt=2026-11-20T08:00:00Z&playerId=1"

    answer = await ask(
        log, "/deposit", query, headers=[signed_header("/deposit", query)],
        settings=signing_settings(created_at_max_days=1),
    )  # fmt: skip

    assert reason(answer) == (400, "bad_created_at")


async def test_a_signed_event_may_carry_as_much_metadata_as_any(log: ListLog) -> None:
    """Fifty names of the sender's own, and `_key` besides."""
    query = b"&".join(sorted([*QUERY.split(b"&"), *(b"k%d=" % number for number in range(50))]))

    answer = await ask(log, "/deposit", query, headers=[signed_header("/deposit", query)], settings=ACCEPT)

    assert (answer.status, len(log.events()[0]["metadata"])) == (200, 51)


async def test_nobody_can_claim_to_have_signed(log: ListLog) -> None:
    """`_key` is the collector's own; a sender's is refused, signed or not."""
    query = b"_key=shop&" + QUERY

    for headers in (UNSIGNED, [signed_header("/deposit", query)]):
        assert reason(await ask(log, "/deposit", query, headers=headers, settings=ACCEPT)) == (
            400,
            "reserved_parameter",
        )


async def test_head_checks_the_signature_too(log: ListLog) -> None:
    """It answers as GET would, and stores nothing."""
    settings = signing_settings(signature_deposit="require")

    signed = await ask(
        log, "/deposit", QUERY, method="HEAD", headers=[signed_header("/deposit", QUERY)], settings=settings
    )
    unsigned = await ask(log, "/deposit", QUERY, method="HEAD", settings=settings)

    assert (signed.status, unsigned.status, log.records) == (200, 403, [])


FORM = (b"content-type", b"application/x-www-form-urlencoded")
JSON = (b"content-type", b"application/json")
GZIP = (b"content-encoding", b"gzip")
OBJECT = b'{"playerId": "1", "bannerTag": "a"}'


@pytest.mark.parametrize(("kind", "body"), [(FORM, b"playerId=1&bannerTag=a"), (JSON, OBJECT)])
async def test_a_body_is_signed_byte_by_byte(log: ListLog, kind: tuple[bytes, bytes], body: bytes) -> None:
    """Its order and its white space count, other than the query's; and a signature of its own belongs to it."""
    header = signed_header("/deposit", b"s=v-1", body)

    signed = await ask(log, "/deposit", b"s=v-1", method="POST", headers=[kind, header], body=body, settings=ACCEPT)
    for query, other in ((b"s=v-1", body + b" "), (b"s=v-2", body), (b"s=v-1", b"")):
        refused = await ask(log, "/deposit", query, method="POST", headers=[kind, header], body=other, settings=ACCEPT)
        assert reason(refused) == (403, "bad_signature")

    assert signed.status == 200
    assert [event["metadata"] for event in log.events()] == [{"_key": "shop", "s": "v-1"}]


async def test_a_packed_body_is_signed_as_it_is_sent(log: ListLog) -> None:
    """So that it can be verified before it is unpacked, and no proxy needs to pack it again in the same way."""
    packed = gzip.compress(OBJECT)

    as_sent, unpacked = [
        await ask(
            log, "/deposit", method="POST", headers=[JSON, GZIP, signed_header("/deposit", b"", over)], body=packed, settings=ACCEPT
        )
        for over in (packed, OBJECT)
    ]  # fmt: skip

    assert as_sent.status == 200
    assert reason(unpacked) == (403, "bad_signature")


async def test_a_field_of_a_body_is_no_signature(log: ListLog) -> None:
    """Only the URL's counts: a body cannot hold a signature over itself."""
    body = b"playerId=1&bannerTag=a&signature=" + signature_over("/deposit", b"", b"playerId=1&bannerTag=a").encode()

    taken = await ask(log, "/deposit", method="POST", headers=[FORM], body=body, settings=ACCEPT)
    refused = await ask(
        log,
        "/deposit",
        method="POST",
        headers=[FORM],
        body=body,
        settings=signing_settings(signature_deposit="require"),
    )

    assert taken.status == 200
    assert "_key" not in log.events()[0]["metadata"]
    assert reason(refused) == (403, "signature_required")


def batch(*event_types: str) -> bytes:
    """Return a body with one event of each type named."""
    items = [{"eventType": name, "playerId": str(number), "bannerTag": "a"} for number, name in enumerate(event_types)]
    return json.dumps(items).encode()


async def ask_batch(log: ListLog, body: bytes, settings: Settings, *headers: tuple[bytes, bytes]) -> Answer:
    return await ask(log, "/events", method="POST", headers=[JSON, *headers], body=body, settings=settings)


async def test_one_signature_covers_a_batch(log: ListLog) -> None:
    """Every event in it says who signed, and each is the same event when the batch is sent again."""
    body = batch("visit", "registration", "deposit")
    header = signed_header("/events", b"", body)

    for _ in range(2):
        assert (await ask_batch(log, body, ACCEPT, header)).status == 200

    assert [event["metadata"] for event in log.events()] == [{"_key": "shop"}] * 6
    ids = [event["id"] for event in log.events()]
    assert ids[:3] == ids[3:]
    assert len(set(ids)) == 3


async def test_the_rule_of_its_type_holds_for_each_event_of_a_batch(log: ListLog) -> None:
    """Unsigned: the deposit is refused, the others are taken. Signed: all are, and the visit as unsigned."""
    settings = signing_settings(signature_deposit="require", signature_visit="off")
    body = batch("visit", "registration", "deposit")

    unsigned = await ask_batch(log, body, settings)
    signed = await ask_batch(log, body, settings, signed_header("/events", b"", body))

    assert (unsigned.status, signed.status) == (207, 200)
    assert json.loads(unsigned.body)["results"][2]["reason"] == "signature_required"
    assert [(event["event_type"], "_key" in event["metadata"]) for event in log.events()] == [
        ("visit", False), ("registration", False), ("visit", False), ("registration", True), ("deposit", True)
    ]  # fmt: skip


async def test_a_batch_with_a_wrong_signature_is_refused_as_a_whole(log: ListLog) -> None:
    """Somebody changed it, so nothing in it can be believed; unless nobody reads signatures at all."""
    body = batch("visit", "deposit")
    header = signed_header("/events", b"", body + b" ")
    off = signing_settings(signature_visit="off", signature_registration="off", signature_deposit="off")

    refused = await ask_batch(log, body, signing_settings(signature_visit="off"), header)
    stored = len(log.events())
    taken = await ask_batch(log, body, off, header)

    assert (refused.status, refused.headers["x-pixels-rejected"], stored) == (403, "bad_signature", 0)
    assert [item["reason"] for item in log.refusals()] == ["bad_signature"]
    assert (taken.status, [event["metadata"] for event in log.events()]) == (200, [{}, {}])


async def test_each_event_of_a_signed_batch_may_have_its_own_time_and_money(log: ListLog) -> None:
    """What waited in a queue is sent together and counts on its own day."""
    body = json.dumps(
        [
            {"eventType": "deposit", "playerId": "1", "bannerTag": "a", "createdAt": "2026-11-20T08:00:00Z"},
            {"eventType": "deposit", "playerId": "2", "bannerTag": "a", "amount": "25.00", "currency": "EUR"},
            {"eventType": "deposit", "playerId": "3", "bannerTag": "a", "amount": "25,00", "currency": "EUR"},
        ]
    ).encode()

    answer = await ask_batch(log, body, ACCEPT, signed_header("/events", b"", body))
    unsigned = await ask_batch(log, body, ACCEPT)

    assert [result.get("reason") for result in json.loads(answer.body)["results"]] == [None, None, "bad_amount"]
    assert log.events()[0]["created_at"] == "2026-11-20T08:00:00.000Z"
    assert json.loads(unsigned.body)["results"][0]["reason"] == "signature_required"


async def test_a_signature_is_shown_by_no_answer_and_kept_in_no_event(log: ListLog) -> None:
    """`?debug=1` explains the event; whoever looks over a shoulder could replay the signature for five minutes."""
    query = b"bannerTag=a&debug=1&playerId=1"
    signature = quote(signature_over("/deposit", query), safe="").encode()

    answer = await ask(log, "/deposit", query + b"&signature=" + signature, settings=ACCEPT)

    assert json.loads(answer.body)["event"]["metadata"] == {"_key": "shop"}
    assert signature[-64:] not in answer.body + log.records[0][2]
