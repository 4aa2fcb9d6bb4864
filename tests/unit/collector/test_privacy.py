"""What is kept of who sends: as much as the settings and the visitor's own wish allow."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.contract import Event, EventType, Facts, InvalidEvent, Sender
from collector.events import to_json
from collector.privacy import AllowedMetadata, Anonymous, KeptAddresses, Wishes, dropped_on_wish
from pixels.config import Settings, WishRule, load_settings
from pixels.errors import ConfigurationError

KEY = "0123456789abcdef"
MORNING = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
METADATA = {"_bot": "Googlebot", "amount": "25.00", "b": "click", "currency": "EUR", "plan": "gold", "s": "v-1", "txid": "t1"}  # fmt: skip


def settings(**changes: Any) -> Settings:
    return load_settings(**{"dnt": "anonymize", "hash_key": KEY, **changes})


def event(event_type: EventType = "visit", player_id: str = "player-1", **metadata: str) -> Event:
    return Event(
        id="0199c0de-0000-7000-8000-000000000001", event_type=event_type, player_id=player_id, banner_tag="brandA",
        metadata=metadata or METADATA, source_ip="203.0.113.9", user_agent="Browser/1.0", created_at="2026-11-22T08:00:00.000Z",
    )  # fmt: skip


def facts(
    wish: WishRule = "anonymize",
    *,
    key_id: str | None = None,
    at: datetime = MORNING,
    event_type: EventType = "visit",
) -> Facts:
    sender = Sender("203.0.113.9", "Browser/1.0")
    return Facts(event_type=event_type, sender=sender, received_at=at, wish=wish, key_id=key_id)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.0"),
        ("10.255.255.255", "10.255.255.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("::1", "::"),
        ("::ffff:203.0.113.9", "203.0.113.0"),
        ("fe80::1%eth0", None),
        ("@", None),
        ("", None),
        (None, None),
    ],
)
def test_a_truncated_address_is_its_network(address: str | None, network: str | None) -> None:
    """/24 of IPv4, /48 of IPv6; what is no address leaves nothing."""
    assert KeptAddresses("truncate", b"").of(address) == network


@given(st.ip_addresses(), st.ip_addresses())
def test_a_hashed_address_tells_only_whether_it_is_the_same(one: Any, other: Any) -> None:
    """32 hexadecimal digits under a key; another key gives others."""
    hashed, elsewhere = KeptAddresses("hash", KEY.encode()).of, KeptAddresses("hash", b"another key, long").of

    assert re.fullmatch(r"[0-9a-f]{32}", hashed(str(one)) or "")
    assert (hashed(str(one)) == hashed(str(other))) == (one == other or same_ipv4(one, other))
    assert hashed(str(one)) != elsewhere(str(one))


def same_ipv4(one: Any, other: Any) -> bool:
    return (getattr(one, "ipv4_mapped", None) or one) == (getattr(other, "ipv4_mapped", None) or other)


@given(st.ip_addresses())
def test_a_truncated_address_lies_in_the_network_of_the_address(address: Any) -> None:
    """Nothing of the host is left."""
    kept = KeptAddresses("truncate", b"").of(str(address)) or ""

    address = getattr(address, "ipv4_mapped", None) or address
    assert ip_network((address, 24 if address.version == 4 else 48), strict=False).network_address == ip_address(kept)


@pytest.mark.parametrize("address", ["203.0.113.9", "@", None])
def test_an_address_is_kept_or_dropped_as_it_is(address: str | None) -> None:
    """The two rules that look at nothing."""
    assert KeptAddresses("keep", b"").of(address) == address
    assert KeptAddresses("drop", b"").of(address) is None


@pytest.mark.parametrize(
    ("dnt", "sec_gpc", "rule"),
    [
        (None, None, "ignore"),
        (b"1", None, "anonymize"),
        (b" 1 ", None, "anonymize"),
        (b"0,1", None, "anonymize"),
        (None, b"1", "drop"),
        (b"1", b"1", "drop"),
        (b"0", b"0", "ignore"),
        (b"", b"", "ignore"),
        (b"10", b"true", "ignore"),
        (b"null", b"?1", "ignore"),
    ],
)
def test_the_stricter_of_two_wishes_holds(dnt: bytes | None, sec_gpc: bytes | None, rule: str) -> None:
    """Only `1` is a wish."""
    assert Wishes("anonymize", "drop").rule(dnt, sec_gpc) == rule
    assert Wishes("ignore", "ignore").rule(dnt, sec_gpc) == "ignore"


def test_headers_are_looked_at_only_where_a_setting_asks() -> None:
    """The default costs nothing."""
    assert not Wishes("ignore", "ignore").are_read
    assert Wishes("ignore", "drop").are_read


def test_an_anonymous_visit_tells_nothing_of_its_visitor() -> None:
    """No address, browser, click id or visitor key; the collector's own mark stays."""
    made = Anonymous(settings())(event(), facts())

    assert (made.source_ip, made.user_agent, made.metadata) == (None, None, {"_bot": "Googlebot"})
    assert (made.banner_tag, made.created_at) == ("brandA", event().created_at)
    assert re.fullmatch(r"anon-[0-9a-f]{32}", made.player_id)
    assert UUID(made.id).version == 8
    assert not {"player-1", "203.0.113.9", "Browser", "click", "v-1"} & set(re.split(r'["/]', to_json(made).decode()))


def test_an_anonymous_visitor_counts_once_a_day_and_is_another_the_next() -> None:
    """The same hash all day, for one person; nobody can link two days."""
    anonymous = Anonymous(settings())
    evening, tomorrow = MORNING + timedelta(hours=15), MORNING + timedelta(days=1)

    first = anonymous(event(), facts())

    assert anonymous(event(), facts(at=evening)) == first
    assert anonymous(event(), facts(at=tomorrow)).player_id != first.player_id
    assert anonymous(event(), facts(at=tomorrow)).id != first.id
    assert anonymous(event(player_id="player-2"), facts()).player_id != first.player_id
    assert Anonymous(settings(hash_key="another long key"))(event(), facts()).player_id != first.player_id


def test_the_day_of_an_anonymous_visitor_is_the_warehouses() -> None:
    """Otherwise one evening in Auckland would be two days."""
    anonymous = Anonymous(settings(timezone="Pacific/Auckland"))
    before, midnight = datetime(2026, 11, 22, 10, 59, tzinfo=UTC), datetime(2026, 11, 22, 11, 0, tzinfo=UTC)

    at_noon = anonymous(event(), facts(at=datetime(2026, 11, 21, 23, 0, tzinfo=UTC)))

    assert anonymous(event(), facts(at=before)).player_id == at_noon.player_id
    assert anonymous(event(), facts(at=midnight)).player_id != at_noon.player_id


@pytest.mark.parametrize(("event_type", "kept"), [("registration", {"_bot"}), ("deposit", {"_bot", "amount", "currency", "txid"})])  # fmt: skip
def test_an_anonymous_registration_or_deposit_keeps_its_player(event_type: EventType, kept: set[str]) -> None:
    """They are the player's dealings with the site; money stays money, everything else goes."""
    made = Anonymous(settings())(event(event_type), facts(event_type=event_type))

    assert (made.id, made.player_id, set(made.metadata)) == (event().id, "player-1", kept)
    assert (made.source_ip, made.user_agent) == (None, None)


@pytest.mark.parametrize("given_facts", [facts("ignore"), facts(key_id="shop")])
def test_who_wishes_nothing_or_signs_stays_as_sent(given_facts: Facts) -> None:
    """A server's request is no visitor's."""
    assert Anonymous(settings())(event(), given_facts) == event()


def test_an_event_is_dropped_on_wish() -> None:
    """Refused, with a reason of its own; not so when it is signed, and not for a milder rule."""
    with pytest.raises(InvalidEvent) as refused:
        dropped_on_wish(event(), facts("drop"))

    assert refused.value.reason == "do_not_track"
    assert dropped_on_wish(event(), facts("drop", key_id="shop")) == event()
    assert dropped_on_wish(event(), facts("anonymize")) == event()


@pytest.mark.parametrize(
    ("allow", "kept"),
    [
        ("plan", METADATA.keys()),
        ("", METADATA.keys() - {"plan"}),
        ("form, other", METADATA.keys() - {"plan"}),
        (json.dumps(["plan", "with, comma"]), METADATA.keys()),
    ],
)
def test_metadata_that_is_not_on_the_list_is_left_out(allow: str, kept: set[str]) -> None:
    """What figures are made of, and the collector's own keys, always pass."""
    assert AllowedMetadata(allow)(event(), facts()).metadata.keys() == kept


@pytest.mark.parametrize("wrong", [{"source_ip": "hash"}, {"dnt": "anonymize"}, {"sec_gpc": "anonymize"}])
@pytest.mark.parametrize("key", ["", "too short", "a key with a line\n end in it"])
def test_hashes_need_a_key(wrong: dict[str, str], key: str) -> None:
    """A hash without a key is undone by trying all addresses. The message names the variable and quotes no key."""
    with pytest.raises(ConfigurationError, match=r"PIXELS_HASH_KEY: .* at least 16 characters") as error:
        load_settings(hash_key=key, **wrong)

    assert not key or key not in str(error.value)


def test_no_key_is_needed_where_nothing_is_hashed() -> None:
    """The defaults start; so do the rules that only leave out. The key is in no repr."""
    load_settings(source_ip="truncate", dnt="drop", sec_gpc="drop")

    assert KEY not in repr(settings())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("trusted_proxies", "10.0.0.1/8"),
        ("trusted_proxies", "proxy.example"),
        ("trusted_proxies", "[1"),
        ("metadata_allow", '["plan", 1]'),
        ("proxy_header", "x-real-ip"),
        ("source_ip", "hide"),
        ("dnt", "yes"),
        ("rate_limit", "-1"),
        ("rate_limit", "nan"),
        ("rate_limit", "inf"),
    ],
)
def test_a_setting_that_cannot_be_is_told_at_start(name: str, value: str) -> None:
    """By the name of its variable."""
    with pytest.raises(ConfigurationError, match=f"PIXELS_{name.upper()}: "):
        load_settings(**{name: value})
