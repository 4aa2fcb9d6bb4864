"""The demo's history is valid, the same for the same seed, and tells its story."""

from __future__ import annotations

import ipaddress
import json
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pixels.demo import history
from pixels.demo.story import ABROAD, BANNERS, BROKEN, BURST, LAUNCHED, SLOW
from pixels.resources import sql

UNTIL = datetime(2026, 11, 22, 17, 45, 30, 123456, tzinfo=UTC)
TODAY = UNTIL.date()
DOCUMENTATION = [ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]


@pytest.fixture(scope="module")
def events() -> pl.DataFrame:
    """The whole history, with the visitor key as `s`, the time as `at` and its UTC day as `day`."""
    frame = pl.DataFrame(list(history(until=UNTIL, seed=7)))
    at = pl.col("created_at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.3fZ", time_zone="UTC")
    return frame.with_columns(at=at, day=at.dt.date(), s=pl.col("metadata").struct.field("s"))


def per_day(events: pl.DataFrame, event_type: str, banner: str | None = None) -> dict[date, int]:
    """Return the number of events of each day."""
    kept = events.filter(pl.col("event_type") == event_type, True if banner is None else pl.col("banner_tag") == banner)
    return dict(kept.group_by("day").len().iter_rows())


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def test_every_event_keeps_the_contract() -> None:
    """Any collector would have sent them."""
    validator = Draft202012Validator(
        json.loads(sql("event.schema.json")), format_checker=Draft202012Validator.FORMAT_CHECKER
    )

    for event in islice(history(days=3, until=UNTIL, seed=1), 0, None, 20):
        validator.validate(event)


def test_the_same_arguments_give_the_same_events() -> None:
    """Ids included: writing the history twice counts it once."""
    assert list(history(days=4, until=UNTIL, seed=3)) == list(history(days=4, until=UNTIL, seed=3))
    assert list(history(days=4, until=UNTIL, seed=3)) != list(history(days=4, until=UNTIL, seed=4))


@settings(max_examples=10)
@given(
    until=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    days=st.integers(1, 2),
    seed=st.integers(0, 99),
)
def test_events_are_in_order_and_none_is_after_until_or_before_the_first_day(
    until: datetime, days: int, seed: int
) -> None:
    """Whatever the moment, also the first of a day."""
    times = [datetime.fromisoformat(event["created_at"]) for event in history(days=days, until=until, seed=seed)]

    assert all(earlier <= later for earlier, later in pairwise(times))
    assert all(at <= until for at in times)
    assert all(at.date() > until.date() - timedelta(days=days) for at in times)


def test_a_time_without_a_zone_is_refused() -> None:
    """It would mean another day on another machine."""
    with pytest.raises(ValueError, match="until"):
        history(until=datetime(2026, 11, 22), seed=1)  # noqa: DTZ001


def test_it_has_ninety_days_and_the_promised_size(events: pl.DataFrame) -> None:
    """Large enough to look real, small enough to be counted in seconds; ids are unique."""
    assert sorted(per_day(events, "visit")) == [ago(days) for days in reversed(range(90))]
    assert 120_000 <= len(events) <= 200_000
    assert events["id"].n_unique() == len(events)
    assert set(events["banner_tag"]) == {banner.tag for banner in BANNERS}


def test_addresses_are_nobodys(events: pl.DataFrame) -> None:
    """Only the ranges that are set aside for documentation."""
    addresses = [ipaddress.ip_address(text) for text in events["source_ip"].unique()]

    assert all(any(address in net for net in DOCUMENTATION) for address in addresses)


def test_people_are_anonymous_until_they_register(events: pl.DataFrame) -> None:
    """A visitor key stands for the person; the registration carries it beside the new player id."""
    anonymous = events.filter(pl.col("player_id") == pl.col("s"))
    registered = events.filter(pl.col("event_type") == "registration")
    first_visit = anonymous.group_by("s").agg(first=pl.col("at").min())

    assert set(anonymous["event_type"]) == {"visit"}
    assert (
        anonymous["player_id"]
        .str.contains(r"^v-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
        .all()
    )
    assert registered["player_id"].str.contains(r"^[0-9]+$").all()
    assert registered["player_id"].n_unique() == len(registered)
    known = registered.filter(pl.col("day") > ago(60)).join(first_visit, on="s", how="left")
    assert known["first"].is_not_null().all()
    assert (known["first"] < known["at"]).all()


def test_deposits_follow_registrations_but_for_a_few_old_players(events: pl.DataFrame) -> None:
    """Most first deposits have a registration before them; some players registered before Pixels was there."""
    registered = events.filter(pl.col("event_type") == "registration").select("player_id", registered=pl.col("at"))
    first = events.filter(pl.col("event_type") == "deposit").group_by("player_id").agg(first=pl.col("at").min())
    both = first.join(registered, on="player_id", how="left")
    without = both["registered"].null_count()

    assert (both.drop_nulls()["first"] > both.drop_nulls()["registered"]).all()
    assert 50 < without < 0.2 * len(both)


def test_deposits_are_worth_something_and_most_are_signed(events: pl.DataFrame) -> None:
    """Each is a transaction of its own; the players of one banner pay in another currency; visits carry no money."""
    money = events.with_columns(pl.col("metadata").struct.unnest())
    deposits = money.filter(pl.col("event_type") == "deposit")
    currencies = dict(deposits.group_by("currency").agg(pl.col("banner_tag").unique()).iter_rows())

    assert deposits["txid"].n_unique() == len(deposits)
    assert deposits["amount"].str.contains(r"^[1-9][0-9]*\.00$").all()
    assert set(currencies) == {"EUR", "SEK"}
    assert currencies["SEK"] == [ABROAD.tag]
    assert 0.93 * len(deposits) < deposits["_key"].count() < 0.98 * len(deposits)
    assert money.filter(pl.col("event_type") != "deposit").select("amount", "txid", "_key").null_count().row(0) == (
        (len(events) - len(deposits),) * 3
    )


def test_people_come_back_on_the_same_day_and_on_others(events: pl.DataFrame) -> None:
    """Else a daily unique count would be no different from a count of events, nor from a distinct one of the range."""
    visits = events.filter(pl.col("event_type") == "visit")
    daily = visits.select("day", "player_id").unique()

    assert len(daily) < 0.95 * len(visits)
    assert visits["player_id"].n_unique() < 0.9 * len(daily)


def test_weeks_and_days_have_a_rhythm(events: pl.DataFrame) -> None:
    """Saturdays are fuller than Tuesdays, evenings than nights."""
    visits = events.filter(pl.col("event_type") == "visit", pl.col("banner_tag") != BURST.tag, pl.col("day") < TODAY)
    weekdays = dict(visits.group_by(pl.col("at").dt.weekday()).len().iter_rows())
    hours = dict(visits.group_by(pl.col("at").dt.hour()).len().iter_rows())

    assert weekdays[6] > 1.3 * weekdays[2]
    assert hours[20] > 10 * hours[4]


def test_a_campaign_takes_off_five_weeks_ago(events: pl.DataFrame) -> None:
    """Nothing before its launch, and one of the three largest banners now."""
    visits = per_day(events, "visit", LAUNCHED.tag)

    assert min(visits) >= ago(36)
    assert sum(visits.get(ago(days), 0) for days in range(29, 36)) < 0.3 * sum(
        visits[ago(days)] for days in range(1, 8)
    )
    last_week = events.filter(pl.col("day") > ago(7), pl.col("event_type") == "visit")["banner_tag"].value_counts(
        sort=True
    )
    assert LAUNCHED.tag in last_week["banner_tag"][:3]


def test_a_broken_pixel_loses_a_day_of_registrations_and_deposits(events: pl.DataFrame) -> None:
    """Visits go on, so it is the pixel and not the traffic."""
    day = ago(20)

    assert per_day(events, "registration", BROKEN.tag).get(day, 0) == 0
    assert per_day(events, "deposit", BROKEN.tag).get(day, 0) == 0
    assert per_day(events, "visit", BROKEN.tag)[day] > 100
    assert all(per_day(events, kind, BROKEN.tag)[ago(21)] > 5 for kind in ("registration", "deposit"))


def test_a_burst_of_visits_brings_nobody(events: pl.DataFrame) -> None:
    """One evening, four addresses, one old browser, thousands of visitor keys and not one registration."""
    visits = per_day(events, "visit", BURST.tag)
    burst = events.filter(
        pl.col("banner_tag") == BURST.tag, pl.col("source_ip").str.contains(r"^198\.51\.100\.20[0-3]$")
    )
    burst = burst.filter(pl.col("user_agent").str.contains("Windows NT 6.1"))

    assert visits[ago(9)] > 10 * visits[ago(16)]
    assert set(burst["event_type"]) == {"visit"}
    assert burst["at"].dt.hour().is_between(19, 21).all()
    assert burst["player_id"].n_unique() == len(burst) > 2_000


def test_one_banner_converts_slowly(events: pl.DataFrame) -> None:
    """Its first deposits come four to six days after the registration."""
    of_slow = events.filter(pl.col("banner_tag") == SLOW.tag)
    registered = of_slow.filter(pl.col("event_type") == "registration").select("player_id", registered=pl.col("at"))
    first = of_slow.filter(pl.col("event_type") == "deposit").group_by("player_id").agg(first=pl.col("at").min())
    delays = first.join(registered, on="player_id").select(pl.col("first") - pl.col("registered")).to_series()

    assert len(delays) > 100
    assert delays.is_between(timedelta(days=4), timedelta(days=6)).all()
