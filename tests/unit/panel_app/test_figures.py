"""Every figure of the dashboard is one of the library's, whatever is filtered and however it is split."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import pixels
from panel_app.address import Address
from panel_app.blocks.banners import banner_rows, sorted_rows
from panel_app.measures import BY_SLUG, MEASURES, compared, daily
from panel_app.pages import PAGES
from panel_app.sentence import sentence
from panel_app.source import Held
from panel_app.state import DashboardState
from panel_app.words import Quoted
from pixels import Warehouse
from tests.sample_warehouse import Event, SampleWarehouse, at, deposit, registration, visit
from tests.unit.pixels.sample_events import History, histories


def look(wh: Warehouse, href: str) -> DashboardState:
    """What the dashboard shows at an address."""
    state = DashboardState(Held(wh), PAGES)
    state.go(href)
    state.follow()
    assert (state.problem, state.misread) == ("", ())
    return state


@settings(phases=[Phase.explicit, Phase.generate], max_examples=15)
@given(history=histories(), later=st.integers(4, 9), only=st.sampled_from([(), ("brandA",), ("brandA", "brandB")]))
def test_sums_are_those_of_the_library(history: History, later: int, only: tuple[str, ...]) -> None:
    """Cards, sparklines and rows of any filter and dimension: sums of `wh.kpis` and `wh.conversions` by banner."""
    until = min((e.created_at for e in history.events), default=at("2026-11-01")) + timedelta(days=later)
    days = f"{history.start}..{history.end}"
    with TemporaryDirectory() as folder:
        sample = SampleWarehouse(Path(folder), history.time_zone)
        sample.banners = {"brandA": ("partner", None, None, Decimal(5))}
        sample.publish(*history.events, complete_until=until)
        with pixels.open(folder) as wh:
            address = Address(days=days, where=tuple(("banner_tag", tag) for tag in only))
            state = look(wh, address.href)
            period = (history.start, history.end)
            kpis = wh.kpis(*period, by="banner_tag")
            conversions = wh.conversions(*period, by="banner_tag")
            if only:
                kpis, conversions = (frame.filter(pl.col("banner_tag").is_in(only)) for frame in (kpis, conversions))
            for measure in MEASURES:
                found = compared(measure, state.answer, state.situation).now
                source = conversions if measure.is_rate else kpis
                assert found.part == source[measure.part].sum()
                assert found.whole == (source[measure.whole].sum() if measure.is_rate else 0)
                by_day = daily(measure, state.answer.now, state.situation)
                if not measure.is_rate and history.end < state.situation.today:
                    assert by_day["value"].sum() == found.part
            for by in ("banner_tag", "affiliate", "site"):
                rows = banner_rows(state.answer, state.situation, by)
                assert rows["ftd"].sum() == kpis["ftd"].sum()
                assert rows["visitors"].sum() == kpis["daily_unique_visitors"].sum()
                assert rows["entered_visitors"].sum() == conversions["visitors"].sum()
                assert rows[by].n_unique() == rows.height


def published(home: Path, *events: Event) -> Warehouse:
    """Open a home with these events and 70 days of one visit, registration and deposit each before; it is 22 November."""
    old = [
        make(f"old{day}", "brandA", (at("2026-09-10T10:00") + timedelta(days=day, minutes=n)).isoformat())
        for day in range(70)
        for n, make in enumerate((visit, registration, deposit))
    ]
    SampleWarehouse(home).publish(*old, *events, complete_until=at("2026-11-22T12:00"))
    return pixels.open(home)


def test_a_change_stands_only_where_the_library_compares(tmp_path: Path) -> None:
    """The figures before are those of `wh.compare`, and none when today is among the days."""
    with published(tmp_path) as wh:
        whole, running = look(wh, "./?days=7d"), look(wh, "./?days=today")
        before = dict(wh.compare("2026-11-15", "2026-11-21", against="weekday").select("figure", "before").iter_rows())

        for slug, figure in (("daily-unique-visitors", "daily_unique_visitors"), ("ftd", "ftd")):
            found = compared(BY_SLUG[slug], whole.answer, whole.situation)
            assert found.before is not None
            assert found.before.part == before[figure]
            assert compared(BY_SLUG[slug], running.answer, running.situation).before is None


def test_the_sentence_names_the_banner_that_explains_the_change(tmp_path: Path) -> None:
    """Many more FTD by one banner: how many, against which days, and whose they are."""
    more = [
        make(f"n{n}", "<b>brandC</b>", (at("2026-11-18T10:00") + timedelta(minutes=n, seconds=kind)).isoformat())
        for n in range(30)
        for kind, make in enumerate((visit, registration, deposit))
    ]
    with published(tmp_path, *more) as wh:
        state = look(wh, "./?days=7d")
        parts = sentence(state.answer, state.situation)

    assert parts[0] == "FTD rose from 7 to 34 (+386 %), against 8 to 14 Nov 2026."
    assert parts[2:] == [Quoted("<b>brandC</b>"), " explains most of it (+30)."]


def test_the_sentence_names_the_largest_of_several_banners(tmp_path: Path) -> None:
    """Two brought more: the one that brought most of it is named, whatever the other is called."""
    more = [
        make(f"{tag}{n}", tag, (at("2026-11-18T10:00") + timedelta(minutes=n, seconds=kind)).isoformat())
        for tag, number in (("a few", 5), ("many", 25))
        for n in range(number)
        for kind, make in enumerate((visit, registration, deposit))
    ]
    with published(tmp_path, *more) as wh:
        state = look(wh, "./?days=7d")
        parts = sentence(state.answer, state.situation)

    assert parts[2:] == [Quoted("many"), " explains most of it (+25)."]


@pytest.mark.parametrize(
    ("search", "visitors"),
    [
        ("is.affiliate=partner", 2),
        ("without=affiliate", 4),
        ("is.affiliate=partner&without=affiliate", 6),
        ("is.affiliate=partner&is.banner_tag=many", 0),
        ("is.affiliate=nobody", 0),
    ],
)
def test_a_filter_holds_for_every_dimension(tmp_path: Path, search: str, visitors: int) -> None:
    """Values of one dimension are alternatives, no value is one of them, and all dimensions must agree."""
    sample = SampleWarehouse(tmp_path)
    sample.banners = {"few": ("partner", None, None, None)}
    sample.publish(
        *(
            visit(f"{tag}{n}", tag, "2026-11-18T10:00")
            for tag, number in (("few", 2), ("many", 4))
            for n in range(number)
        ),
        complete_until=at("2026-11-22T12:00"),
    )
    with pixels.open(tmp_path) as wh:
        state = look(wh, f"./?days=all&{search}")

        found = compared(BY_SLUG["daily-unique-visitors"], state.answer, state.situation).now
        assert found.part == visitors


def test_a_difference_within_chance_is_no_change(tmp_path: Path) -> None:
    """Seven after seven, or nine: about as many as before."""
    with published(tmp_path, visit("x", "brandA", "2026-11-18T10:00"), visit("y", "brandA", "2026-11-18T10:00")) as wh:
        state = look(wh, "./?days=7d")

        assert "about as many as before" in str(sentence(state.answer, state.situation)[0])


@pytest.mark.parametrize("upwards", [False, True])
def test_rates_of_few_people_come_last_in_either_order(upwards: bool) -> None:
    """A rate of 3 of 4 is no better than one of 60 of 200."""
    rows = pl.DataFrame(
        {
            "banner_tag": ["few", "many", "none"],
            "visitors": [4, 200, 300],
            "registrations": [3, 60, 0],
            "ftd": [1, 2, 0],
            "visit_to_registration": [0.75, 0.3, 0.0],
            "entered_visitors": [4, 200, 300],
        }
    )

    found = sorted_rows(rows, "banner_tag", "visit_to_registration", upwards=upwards)["banner_tag"].to_list()

    assert found == (["none", "many", "few"] if upwards else ["many", "none", "few"])
