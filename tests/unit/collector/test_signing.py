"""A signature is right when a key made it over this request, not long ago; anything else is refused."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.contract import InvalidEvent
from collector.signing import TOLERANCE_SECONDS, Signature, Signing, signed_text, verify
from pixels.config import Settings
from pixels.errors import ConfigurationError
from tests.unit.collector.asgi import NOW
from tests.unit.collector.signed import KEYS, signature_over

QUERY = b"bannerTag=a&playerId=1"


def verified(
    signature: str,
    query: bytes = QUERY,
    *,
    path: str = "/deposit",
    body: bytes = b"",
    later: timedelta = timedelta(),
    tolerance: float = TOLERANCE_SECONDS,
) -> Signature:
    return verify(signature, path=path, query=query, body=body, keys=KEYS, now=NOW + later, tolerance=tolerance)


def reason(signature: str, query: bytes = QUERY, *, path: str = "/deposit", body: bytes = b"") -> str:
    with pytest.raises(InvalidEvent) as refused:
        verified(signature, query, path=path, body=body)
    return refused.value.reason


def test_the_text_is_time_path_sorted_query_and_body() -> None:
    """Written out byte by byte, as docs/pixel.md describes it to senders."""
    assert signed_text("1795363200", "/deposit", b"b=2&a=%20x&&B=1", b"body\n") == (
        b"1795363200\n/deposit\nB=1&a=%20x&b=2\nbody\n"
    )
    assert signed_text("0", "/events", b"", b"[]") == b"0\n/events\n\n[]"


def test_a_known_signature_stays_right() -> None:
    """Worked out with `openssl dgst -sha256 -hmac "sixteen and more"`: a change here breaks all senders."""
    digits = "801cf27e2d1ed565e4ffb0564567fe64586c504a24c8eb3ac0d8a6226ca152ca"

    assert verified(f"k=shop,t=1795363200,v1={digits}") == Signature("shop", digits)


@pytest.mark.parametrize("key_id", list(KEYS))
def test_each_of_several_keys_verifies(key_id: str) -> None:
    """So that a key can be replaced: both are known until all senders have the new one."""
    assert verified(signature_over("/deposit", QUERY, key_id=key_id)).key_id == key_id


@pytest.mark.parametrize(
    "query",
    [b"playerId=1&bannerTag=a", b"&&playerId=1&&bannerTag=a&", b"signature=whatever&playerId=1&bannerTag=a",
     b"playerId=1&bannerTag=a&sign%61ture=x", b"playerId=1&signature&bannerTag=a"],
)  # fmt: skip
def test_order_empty_pairs_and_the_signature_itself_do_not_matter(query: bytes) -> None:
    """A proxy or a client library may sort and tidy a query without breaking what was signed."""
    assert verified(signature_over("/deposit", QUERY), query).key_id == "shop"


@pytest.mark.parametrize(
    "query",
    [b"", b"playerId=2&bannerTag=a", b"playerId=1&bannerTag=a&amount=9", b"playerId=1", b"playerId=%31&bannerTag=a",
     b"playerId=1&playerId=1&bannerTag=a", b"playerId=1&bannerTag=a&signature2=x", b"playerId=1&bannerTag=a&Signature=x",
     b"playerId=1;bannerTag=a", b"bannerTag=a&playerId=1&=", b"bannerTag=a%26playerId=1"],
)  # fmt: skip
def test_another_query_was_not_signed(query: bytes) -> None:
    """A value, a pair more or less, or another percent-encoding of the same value."""
    assert reason(signature_over("/deposit", QUERY), query) == "bad_signature"


def test_another_path_or_body_was_not_signed() -> None:
    """A signed visit is no signed deposit, and a byte of the body is as good as all of it."""
    signature = signature_over("/deposit", QUERY, b"[1]")

    assert verified(signature, body=b"[1]").key_id == "shop"
    assert reason(signature, path="/visit", body=b"[1]") == "bad_signature"
    assert reason(signature, body=b"[1] ") == "bad_signature"
    assert reason(signature) == "bad_signature"


def test_nothing_moves_between_query_and_body() -> None:
    """The line feed between them cannot stand in a query, so no other split gives the same text."""
    assert reason(signature_over("/deposit", b"a=1", b"b=2\nc"), b"a=1", body=b"b=2c") == "bad_signature"
    assert reason(signature_over("/deposit", b"", b"a=1"), b"a=1", body=b"") == "bad_signature"


@pytest.mark.parametrize("seconds", [0, 1, 299, 300, -299, -300])
def test_a_signature_counts_within_the_tolerance_at_both_edges(seconds: int) -> None:
    """Five minutes by default, whichever clock is ahead; whole seconds, as they are signed."""
    signed_at = NOW.replace(microsecond=0)
    signature = signature_over("/deposit", QUERY, at=signed_at)

    outcome = verify(
        signature, path="/deposit", query=QUERY, body=b"", keys=KEYS, now=signed_at + timedelta(seconds=seconds)
    )

    assert outcome.key_id == "shop"


@pytest.mark.parametrize("milliseconds", [300_001, -300_001, 86_400_000, -86_400_000])
def test_beyond_the_tolerance_a_right_signature_has_expired(milliseconds: int) -> None:
    """A thousandth of a second is enough; the detail says how much it is, since clocks are what is wrong then."""
    signed_at = NOW.replace(microsecond=0)
    signature = signature_over("/deposit", QUERY, at=signed_at)

    with pytest.raises(InvalidEvent, match=r"signature_expired: signed \d+ s (ago|ahead)"):
        verify(
            signature, path="/deposit", query=QUERY, body=b"", keys=KEYS,
            now=signed_at + timedelta(milliseconds=milliseconds),
        )  # fmt: skip


def test_the_tolerance_is_an_argument() -> None:
    """Here a minute."""
    signature = signature_over("/deposit", QUERY)

    assert verified(signature, later=timedelta(seconds=59), tolerance=60).key_id == "shop"
    with pytest.raises(InvalidEvent, match="signature_expired"):
        verified(signature, later=timedelta(seconds=61), tolerance=60)


def test_only_a_holder_of_the_key_learns_that_a_signature_expired() -> None:
    """To everybody else an old signature is a wrong one, whatever its age."""
    old = signature_over("/deposit", QUERY, at=NOW - timedelta(days=9))

    assert reason(old) == "signature_expired"
    assert reason(old, b"playerId=2&bannerTag=a") == "bad_signature"


def test_an_unknown_key_and_a_wrong_digest_are_told_apart_by_nothing() -> None:
    """Which key ids exist is nobody's business: same reason, same detail."""
    right = signature_over("/deposit", QUERY)
    told = []
    for wrong in (right.replace("k=shop", "k=nobody"), right[:-1] + ("0" if right[-1] != "0" else "1")):
        with pytest.raises(InvalidEvent) as refused:
            verified(wrong)
        told.append((refused.value.reason, refused.value.detail))

    assert told[0] == told[1]
    assert told[0][0] == "bad_signature"


def test_the_secret_of_nobody_opens_nothing() -> None:
    """An unknown key is computed with zeros so that it costs the same time; who guesses that has gained nothing."""
    digits = hmac.new(bytes(32), signed_text("1795363200", "/deposit", QUERY, b""), hashlib.sha256).hexdigest()

    assert reason(f"k=nobody,t=1795363200,v1={digits}") == "bad_signature"


def test_upper_case_digits_are_the_same_signature() -> None:
    """Some libraries print them so; the event's identity must not depend on it."""
    right = signature_over("/deposit", QUERY)
    form, _, digits = right.rpartition("=")

    assert verified(f"{form}={digits.upper()}") == verified(right)


RIGHT = signature_over("/deposit", QUERY)


@pytest.mark.parametrize(
    "malformed",
    ["", " ", "k", "k=shop", RIGHT + ",", RIGHT + " ", " " + RIGHT, RIGHT + "\n", RIGHT + "," + RIGHT, RIGHT[:-1], RIGHT + "0",
     RIGHT.replace("k=shop,", ""), RIGHT.replace("v1=", "v2="), RIGHT.replace("t=", "t=+"), RIGHT.replace("t=", "t=-"),
     RIGHT.replace("t=", "t=" + "9" * 400), RIGHT.replace("t=", "t=٣"), RIGHT.replace("k=shop", "k="), RIGHT.replace("k=shop", "k=sh\x00p"),
     RIGHT.replace("k=shop", "k=" + "x" * 65), RIGHT.replace("k=shop", 'k="shop"'), RIGHT.replace("t=", "t=1e"), RIGHT.replace("=", "%3D")],
)  # fmt: skip
def test_what_is_not_of_the_form_is_refused(malformed: str) -> None:
    """Strictly: a lenient parser is where two programs begin to disagree about what was signed."""
    assert reason(malformed) == "bad_signature"


@given(
    signature=st.one_of(
        st.text(max_size=200), st.from_regex(r"k=[a-z]{1,9},t=[0-9]{1,12},v1=[0-9a-f]{64}", fullmatch=True)
    )
)
def test_any_text_is_a_wrong_signature(signature: str) -> None:
    """Never another exception: that would be a 500 for whoever sends it."""
    assert reason(signature) == "bad_signature"


pair = st.builds(
    lambda name, value: name + b"=" + value,
    *[st.binary(max_size=6).filter(lambda raw: not set(raw) & set(b"&=\n%"))] * 2,
)


@given(pairs=st.lists(pair, max_size=8), shuffled=st.randoms(use_true_random=False), body=st.binary(max_size=20))
def test_any_request_verifies_in_any_order_of_its_pairs(pairs: list[bytes], shuffled: Random, body: bytes) -> None:
    """Repeated and nameless pairs as well: whether they make an event is another question."""
    pairs = [pair for pair in pairs if not pair.startswith(b"signature=")]
    signature = signature_over("/events", b"&".join(sorted(pairs)), body)
    shuffled.shuffle(pairs)

    assert verified(signature, b"&".join(pairs), path="/events", body=body).key_id == "shop"


def test_to_require_signatures_takes_a_key() -> None:
    """Without one all deposits would be refused, which nobody wants to find out from a dashboard."""
    with pytest.raises(ConfigurationError, match="PIXELS_SIGNING_KEYS"):
        Signing(Settings.model_construct(signature_deposit="require"))
