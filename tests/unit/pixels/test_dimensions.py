"""What numbers can be split by: banners, what was said of them, parts of their tags, metadata of events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import pixels
from pixels import Warehouse
from pixels.config import load_settings
from pixels.errors import BadParameter, ConfigurationError, PixelsError
from tests.sample_warehouse import Event, SampleWarehouse, counted, deposit, registration, visit
from tests.unit.pixels.sample_events import History, histories

DAYS = ("2026-11-01", "2026-11-03")
SHOP = "a_my-shop.comb_42c_mail_1"


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Three banners of which two are known, with costs; a player who visits by one, registers and deposits by others."""
    sample = SampleWarehouse(
        tmp_path_factory.mktemp("home"),
        banners={
            SHOP: ("Anna", "autumn", "Leaves", Decimal("10.0000")),
            "plain": ("Anna", None, None, None),
            "unseen": ("Bert", None, None, Decimal("0.1000")),
        },
    )
    sample.publish(
        replace(visit("v-1", SHOP, "2026-11-01T10:00", s="v-1"), metadata={"country": "DE", 'a."b/~': "odd"}),
        visit("v-2", "plain", "2026-11-01T10:00"),
        replace(visit("v-3", "other", "2026-11-02T10:00"), metadata={"country": ""}),
        replace(registration("p1", "plain", "2026-11-01T11:00", s="v-1"), metadata={"country": "AT"}),
        deposit("p1", "other", "2026-11-02T11:00"),
        deposit("p9", "plain", "2026-11-02T11:00"),
    )
    with pixels.open(sample.home) as warehouse:
        yield warehouse


def visits_by(wh: Warehouse, by: str) -> list[tuple[str | None, int]]:
    """Each value with its visits."""
    return list(
        wh.banners(*DAYS, by=by).filter(pl.col("visits") > 0).select(by, "visits").sort(by, nulls_last=True).rows()
    )


def test_a_banner_has_what_was_said_of_it(wh: Warehouse) -> None:
    """Those of which nothing was said are a row of their own."""
    assert visits_by(wh, "affiliate") == [("Anna", 2), (None, 1)]
    assert visits_by(wh, "campaign") == [("autumn", 1), (None, 2)]
    assert visits_by(wh, "name") == [("Leaves", 1), (None, 2)]


def test_a_tag_has_parts(wh: Warehouse) -> None:
    """Those of the default pattern; a tag that does not fit has none."""
    assert visits_by(wh, "site") == [("my-shop.com", 1), (None, 2)]
    assert visits_by(wh, "ad") == [("42", 1), (None, 2)]
    assert visits_by(wh, "sub") == [("mail_1", 1), (None, 2)]


def test_an_event_has_its_metadata(wh: Warehouse) -> None:
    """Any key, whatever signs are in it; an empty text is a value."""
    assert visits_by(wh, "metadata.country") == [("", 1), ("DE", 1), (None, 1)]
    assert visits_by(wh, 'metadata.a."b/~') == [("odd", 1), (None, 2)]
    assert visits_by(wh, "metadata.nowhere") == visits_by(wh, "metadata.") == [(None, 3)]


def test_conversions_credit_the_entry_or_the_registration(wh: Warehouse) -> None:
    """A deposit is that of the visit's country, or of the registration's."""
    columns = ("metadata.country", "visitors", "credited_registrations", "deposits")
    by_entry = wh.conversions(*DAYS, by="metadata.country").select(columns).filter(pl.col("deposits") > 0)
    by_registration = wh.conversions(*DAYS, by="metadata.country", credit="registration").select(columns)
    assert by_entry.rows() == [("DE", 1, 1, 1)]
    assert by_registration.filter(pl.col("deposits") > 0).rows() == [("AT", 0, 1, 1)]


def test_every_count_by_a_dimension_can_be_opened(wh: Warehouse) -> None:
    """As the list of those behind it, also of those without a value."""
    for by in ("banner_tag", "affiliate", "site", "metadata.country"):
        for row in wh.funnel(*DAYS, by=by).iter_rows(named=True):
            listed = wh.funnel_players(row["step"], *DAYS, where={by: row[by]})
            assert listed.height == row["players"]


def test_first_deposits_are_credited_to_the_deposit_or_to_the_registration(wh: Warehouse) -> None:
    """One without a registration is always that of the deposit."""
    columns = ("banner_tag", "registrations", "ftd", "ndc", "first_deposits_without_registration")
    by_deposit = wh.kpis(*DAYS, by="banner_tag").select(columns).sort("banner_tag").rows()
    by_registration = wh.kpis(*DAYS, by="banner_tag", credit="registration").select(columns).sort("banner_tag").rows()
    assert by_deposit == [(SHOP, 0, 0, 0, 0), ("other", 0, 1, 1, 0), ("plain", 1, 0, 0, 1)]
    assert by_registration == [(SHOP, 0, 0, 0, 0), ("other", 0, 0, 0, 0), ("plain", 1, 1, 1, 1)]


def test_transactions_are_split_as_their_money_is(tmp_path: Path) -> None:
    """By the deposit that stands for each; a value of which only a registration was sent again has no row."""
    sample = SampleWarehouse(tmp_path)
    sample.publish(
        registration("p", "first", "2026-11-02T09:00"),
        registration("p", "again", "2026-11-03T09:00"),
        deposit("p", "first", "2026-11-03T10:00", txid="t1", shop="x"),
        deposit("p", "second", "2026-11-03T11:00", txid="t2", shop="y"),
        deposit("p", "second", "2026-11-03T12:00", txid="t1", _key="signed"),
    )
    with pixels.open(tmp_path) as wh:
        for by, expected in {
            "banner_tag": [("first", 1, 0), ("second", 0, 2)],
            "metadata.shop": [("x", 1, 0), ("y", 0, 1), (None, 0, 1)],
        }.items():
            figures = wh.kpis(*DAYS, by=by).select(by, "deposit_days", "deposit_transactions")
            assert figures.rows() == expected
            money = wh.money(*DAYS, by=by).group_by(by).agg(pl.col("transactions").sum())
            assert dict(money.iter_rows()) == {value: number for value, _, number in expected if number}
    sample.publish_again(schema_version=2)
    with pixels.open(tmp_path) as older:
        assert older.kpis(*DAYS, by="banner_tag")["deposit_transactions"].to_list() == [None]


def test_costs_are_divided_by_what_banners_with_a_cost_brought(wh: Warehouse) -> None:
    """A banner without one is counted apart, one without an event has a row."""
    assert wh.costs(*DAYS, by="affiliate").rows() == [
        ("Anna", Decimal("10.0000"), 1, 0, None, 0, None, 1),
        ("Bert", Decimal("0.1000"), 1, 0, None, 0, None, 0),
        (None, None, 0, 0, None, 0, None, 1),
    ]


def test_a_cost_is_a_cost_per_registration_and_ftd(tmp_path: Path) -> None:
    """Exact in the sum, divided at the end."""
    sample = SampleWarehouse(tmp_path, banners={tag: ("A", None, None, Decimal("0.1000")) for tag in "abc"})
    sample.publish(
        *(registration(f"p{tag}", tag, "2026-11-01T10:00") for tag in "abc"), deposit("pa", "b", "2026-11-01T11:00")
    )
    with pixels.open(tmp_path) as wh:
        assert wh.costs(*DAYS, by="affiliate").rows() == [("A", Decimal("0.3000"), 3, 3, 0.1, 1, 0.3, 0)]
        assert wh.costs(*DAYS, credit="registration")["cost_per_ftd"].to_list() == [0.1, None, None]


@pytest.mark.parametrize("by", ["", "banner", "Affiliate", "cost", "metadata", 1, ["affiliate"], "site'; --"])
def test_what_is_no_dimension_is_named(wh: Warehouse, by: Any) -> None:
    """With what there is instead."""
    for ask in (wh.summary, wh.banners, wh.kpis, wh.costs, wh.funnel, wh.conversions):
        with pytest.raises(
            BadParameter, match=r"by: .* banner_tag, affiliate, campaign, name, site, ad, sub, and metadata.KEY"
        ):
            ask(*DAYS, by=by)
    with pytest.raises(BadParameter, match="where: "):
        wh.funnel_players(1, *DAYS, where={by: "x"} if isinstance(by, str) else by)


def test_a_banner_is_asked_for_once(wh: Warehouse) -> None:
    """By `banner` or by `where`: with both nobody knows which of them was meant."""
    assert wh.funnel_players(1, *DAYS, banner="plain").equals(
        wh.funnel_players(1, *DAYS, where={"banner_tag": "plain"})
    )
    with pytest.raises(BadParameter, match="banner: 'plain'"):
        wh.funnel_players(1, *DAYS, banner="plain", where={"banner_tag": "other"})


def test_text_that_no_event_can_carry_is_refused(wh: Warehouse) -> None:
    """Half of a surrogate pair is in no UTF-8."""
    with pytest.raises(PixelsError, match="surrogate"):
        wh.banners(*DAYS, by="metadata.\ud800")
    with pytest.raises(PixelsError, match="sql: "):
        wh.sql("SELECT ?", ["\ud800"])


def test_a_cost_is_not_of_an_event(wh: Warehouse) -> None:
    """Metadata cannot split it."""
    with pytest.raises(BadParameter, match=r"by: 'metadata\.country'"):
        wh.costs(*DAYS, by="metadata.country")


def test_an_older_snapshot_knows_nothing_of_banners(tmp_path: Path) -> None:
    """It was made before anybody could say anything of them."""
    sample = SampleWarehouse(tmp_path)
    sample.publish(visit("p1", "a", "2026-11-01T10:00"))
    sample.publish_again(schema_version=3)
    with pixels.open(tmp_path) as wh:
        assert wh.banners(*DAYS, by="affiliate").rows() == [(None, 1, 0, 0)]
        assert wh.costs(*DAYS).rows() == []


def test_an_own_pattern_takes_tags_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its groups are the dimensions; an empty part is none."""
    SampleWarehouse(tmp_path).publish(
        visit("p1", "news-300x250", "2026-11-01T10:00"), visit("p2", "-300x250", "2026-11-01T10:00")
    )
    monkeypatch.setenv("PIXELS_TAG_PATTERN", "^(?P<paper>[^-]*)-(?P<size>.+)$")
    with pixels.open(tmp_path) as wh:
        assert wh.banners(*DAYS, by="paper").select("paper", "visits").rows() == [("news", 1), (None, 1)]
        assert wh.banners(*DAYS, by="size").select("size", "visits").rows() == [("300x250", 2)]
        with pytest.raises(BadParameter):
            wh.banners(*DAYS, by="site")


def test_no_part_of_a_tag_is_named_as_a_column(wh: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither of the frames that are split, nor of those that they are made of."""
    asked = (wh.summary, wh.banners, wh.kpis, wh.daily, wh.costs, wh.money, wh.funnel, wh.conversions)
    columns = {name for ask in asked for name in ask(*DAYS, by="banner_tag").columns}
    columns |= {*wh.summary(*DAYS, per="week").columns, *wh.conversions(*DAYS, per="day").columns}
    columns |= {*wh.funnel_players(1, *DAYS).columns}
    for name in (
        *columns,
        "step_1",
        "banner_2",
        "event_3",
        "event_id",
        "registered",
        "deposited",
        "deposit_banner",
        "registration_at",
    ):
        monkeypatch.setenv("PIXELS_TAG_PATTERN", f"(?P<{name}>.)")
        with pytest.raises(ConfigurationError, match=f"cannot be named '{name}'"):
            load_settings()


@pytest.mark.parametrize(
    "pattern", ["", "a_(.*)", "(?P<a>", "(?P<count>.)", "(?P<banner_tag>.)", "(?P<A>.)", "(?P<a>.)(?P<a>.)"]
)
def test_a_pattern_that_names_nothing_new_is_refused(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the settings are read."""
    monkeypatch.setenv("PIXELS_TAG_PATTERN", pattern)
    with pytest.raises(ConfigurationError, match="PIXELS_TAG_PATTERN"):
        load_settings()


def test_a_pattern_that_looks_ahead_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tags come from strangers, so that only patterns that take linear time are run over them."""
    SampleWarehouse(tmp_path).publish(visit("p1", "a", "2026-11-01T10:00"))
    monkeypatch.setenv("PIXELS_TAG_PATTERN", "^(?=a)(?P<part>.)")
    with pytest.raises(ConfigurationError, match="looking ahead"):
        pixels.open(tmp_path)


KNOWN = {"brandA": ("x", None, "a_1b_2c_3", Decimal(3)), "brandB": ("y", "x", None, None)}
TAGS = {"brandA": "a_1b_x_c_", "brandB": "a_1b_2c_b"}
NOTHING = "(nothing)"


def value_of(event: Event, by: str) -> str:
    """The plainest reading of each dimension that the property test asks for."""
    if by.startswith("metadata."):
        return event.metadata.get(by.removeprefix("metadata."), NOTHING)
    known = KNOWN.get(event.banner_tag, (None,) * 4)
    return {"affiliate": known[0], "campaign": known[1], "name": known[2], "banner_tag": event.banner_tag}[
        by
    ] or NOTHING


def with_values_for_tags(history: History, by: str) -> list[Event]:
    """The same events by banners that are named as the values."""
    return [replace(event, banner_tag=value_of(event, by)) for event in history.events]


def as_of_tags(frame: pl.DataFrame, by: str) -> pl.DataFrame:
    """A frame by a dimension as one by such banners."""
    named = frame.rename({by: "banner_tag"}) if by != "banner_tag" else frame
    return named.with_columns(pl.col("banner_tag").fill_null(NOTHING))


@settings(max_examples=15, phases=[Phase.explicit, Phase.generate])
@given(
    history=histories(),
    carried=st.lists(st.sampled_from(["", "x", "y", None]), min_size=14, max_size=14),
    by=st.sampled_from(["affiliate", "campaign", "name", "metadata.k"]),
    credit=st.sampled_from(["event", "registration"]),
    entrants=st.sampled_from(["all", "new"]),
)
def test_a_dimension_splits_as_banners_of_that_name_would(
    history: History, carried: list[str | None], by: str, credit: str, entrants: str
) -> None:
    """Every function that takes one, with ties, links and repeats: equal to that by banners whose tags are the values."""
    events = [
        replace(event, metadata={} if value is None else {"k": value})
        for event, value in zip(history.events, carried, strict=False)
    ]
    history = replace(history, events=events)
    until = max(event.created_at for event in events) + timedelta(days=3)
    days = (history.start, history.end)
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        SampleWarehouse(Path(one), history.time_zone, banners=dict(KNOWN)).publish(*events, complete_until=until)
        SampleWarehouse(Path(other), history.time_zone).publish(
            *with_values_for_tags(history, by), complete_until=until
        )
        with pixels.open(one) as wh, pixels.open(other) as named:
            pairs = [
                (wh.summary(*days, by=by), named.summary(*days)),
                (wh.banners(*days, by=by), named.banners(*days)),
                (wh.kpis(*days, by=by, credit=credit), named.kpis(*days, by="banner_tag", credit=credit)),
                (wh.funnel(*days, by=by, entrants=entrants), named.funnel(*days, by="banner_tag", entrants=entrants)),
                (wh.conversions(*days, by=by, credit=credit), named.conversions(*days, by="banner_tag", credit=credit)),
            ]
    for found, expected in pairs:
        assert_frame_equal(as_of_tags(found, by), expected, check_row_order=False)


@settings(max_examples=25, phases=[Phase.explicit, Phase.generate])
@given(history=histories(), credit=st.sampled_from(["event", "registration"]))
def test_key_figures_by_banner_are_as_by_brute_force(history: History, credit: str) -> None:
    """And those that are no distinct counts sum to the figures of the range."""
    days = (history.start, history.end)
    with TemporaryDirectory() as folder:
        SampleWarehouse(Path(folder), history.time_zone).publish(*history.events)
        with pixels.open(folder) as wh:
            by_banner, whole = wh.kpis(*days, by="banner_tag", credit=credit), wh.kpis(*days)
    assert {row[0]: row[1:] for row in by_banner.iter_rows()} == brute_force(history, credit)
    sums = by_banner.drop("banner_tag", "unique_visitors").sum().fill_null(0)
    assert sums.rows() == whole.select(sums.columns).rows()


def brute_force(history: History, credit: str) -> dict[str, tuple[int, ...]]:
    """The key figures of each banner, one event after the other."""
    zone = history.time_zone
    kept = sorted(counted(history.events, zone), key=lambda event: event.order)
    of_range = [event for event in kept if in_range(event.day(zone), history)]
    figures: dict[str, list[int]] = {}

    def count(banner: str, place: int) -> None:
        figures.setdefault(banner, [0] * 8)[place] += 1

    for event in of_range:
        if event.event_type != "registration":
            count(event.banner_tag, 0 if event.event_type == "visit" else 6)
    for _, banner in {(e.player_id, e.banner_tag) for e in of_range if e.event_type == "visit"}:
        count(banner, 1)
    for player in {event.player_id for event in kept}:
        first = {
            kind: next((e for e in kept if (e.player_id, e.event_type) == (player, kind)), None)
            for kind in ("registration", "deposit")
        }
        registered, deposited = first["registration"], first["deposit"]
        if registered and in_range(registered.day(zone), history):
            count(registered.banner_tag, 2)
        if deposited and in_range(deposited.day(zone), history):
            if registered and registered.created_at <= deposited.created_at:
                banner = (registered if credit == "registration" else deposited).banner_tag
                count(banner, 3)
                if in_range(registered.day(zone), history):
                    count(banner, 4)
            else:
                count(deposited.banner_tag, 5)
    for event in history.events:  # none of them names its transaction: each is one
        if event.event_type == "deposit" and in_range(event.day(zone), history):
            count(event.banner_tag, 7)
    return {banner: tuple(counts) for banner, counts in figures.items()}


def in_range(day: date, history: History) -> bool:
    """Whether a day is one of those asked for."""
    return history.start <= day <= history.end
