"""The page Money, its card and its trend: amounts as the library adds them up, and the deposits behind them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

import pixels
from panel_app.pages import PAGES
from panel_app.pages.money import MONEY
from panel_app.pages.overview import trend_rows
from panel_app.roles import Role, pages_for
from panel_app.session import Session
from panel_app.source import Held
from panel_app.words import NONE
from pixels import Warehouse
from pixels.config import load_settings
from tests.sample_warehouse import Event, SampleWarehouse, at, deposit, visit
from tests.unit.panel_app.rendered import html

HOSTILE = "<img src=x onerror=alert(1)>"
DAYS = "days=2026-11-08..2026-11-14"
PERIOD = ("2026-11-08", "2026-11-14")


def paid(
    amount: str, when: str, banner: str = "brandA", player: str = "p1", currency: str = "EUR", **more: str
) -> Event:
    """A deposit with its amount."""
    return deposit(player, banner, when, amount=amount, currency=currency, **more)


@pytest.fixture
def wh(pixels_home: Path) -> Iterator[Warehouse]:
    """Two currencies, one hostile banner, a deposit told twice, one that nobody signed, one without an amount, and days before."""
    sample = SampleWarehouse(
        pixels_home, banners={"brandA": ("Anna", None, None, None), HOSTILE: ("Bert", None, None, None)}
    )
    sample.publish(
        visit("p0", "brandA", "2026-10-20T10:00"),
        deposit("p0", "brandA", "2026-10-20T11:00"),
        paid("40", "2026-11-03T10:00", _key="k"),
        paid("30.25", "2026-11-09T10:00", _key="k", txid="t1"),
        paid("30.25", "2026-11-10T10:00", _key="k", txid="t1"),
        paid("20", "2026-11-11T10:00", HOSTILE, HOSTILE, _key="k", txid=HOSTILE),
        paid("7", "2026-11-12T10:00", player="p2"),
        paid("500", "2026-11-12T11:00", player="p3", currency="SEK", _key="k"),
        deposit("p4", "brandA", "2026-11-13T10:00"),
        complete_until=at("2026-11-20T12:00"),
    )
    with pixels.open(sample.home) as warehouse:
        yield warehouse


def session(wh: Warehouse, search: str = "", page: str = "money") -> Session:
    """A page at an address."""
    return Session(Held(wh), load_settings(), PAGES, f"./{page}?{DAYS}{search}")


def test_amounts_stand_by_currency_beside_those_before(wh: Warehouse) -> None:
    """The one of most transactions first, signed apart from unverified; what has no amount is no 0."""
    drawn = html(session(wh).view)
    assert '<td class="money-EUR">50.25</td><td class="change"><span class="up">▲ 25.6 %</span></td><td>2</td>' in drawn
    assert (
        '<td class="money-SEK">500.00</td><td class="change"><span class="up">▲ from 0</span></td><td>1</td>' in drawn
    )
    assert f'without an amount</th><td class="money-none">{NONE}</td><td class="change">{NONE}</td>' in drawn
    assert drawn.index("money-EUR") < drawn.index("money-SEK") < drawn.index("money-none")


@pytest.mark.parametrize("by", ["banner_tag", "affiliate"])
def test_rows_and_download_are_those_of_the_library(wh: Warehouse, by: str) -> None:
    """By banner or another dimension."""
    shown = session(wh, f"&by={by}")._what_is_shown()
    table = MONEY.tables["money"](shown)
    columns = table.columns
    expected = wh.money(*PERIOD, by=by).select(columns)
    assert table.sort(by, "currency", nulls_last=True).equals(
        expected.with_columns(pl.col("^.*amount$").fill_null(0)).sort(by, "currency", nulls_last=True)
    )


def test_deposits_are_listed_when_asked_for_and_say_what_they_stand_for(wh: Warehouse) -> None:
    """The newest first; a click on an outcome lists those alone; whoever sent it, a name stays text."""
    assert "Every deposit of these days" in html(session(wh).view)
    everything = html(session(wh, "&deposits=all").view)
    assert "Stands for its transaction <b>5</b>" in everything
    assert "Same transaction again <b>1</b>" in everything
    assert (
        everything.index("13 Nov 2026") < everything.index("12 Nov 2026, 11:00:00") < everything.index("9 Nov 2026, 10")
    )
    assert '7.00 EUR <span class="muted">unverified</span>' in everything
    assert "<img" not in everything
    assert "What stands in its place" in everything
    assert "What stands in its place" not in html(session(wh, "&deposits=counted").view)
    again = html(session(wh, "&deposits=same_transaction_again").view)
    assert again.count('<th scope="row">10 Nov 2026') == 1
    assert "<bdi>brandA</bdi>, 9 Nov 2026, 10:00:00" in again
    assert "13 Nov 2026" not in again.partition("The deposits behind it")[2]


def test_filters_hold_for_sums_deposits_and_downloads(wh: Warehouse) -> None:
    """Of an affiliate's banners alone; where these have none, the page says so and leads back."""
    shown = session(wh, "&is.affiliate=Bert&deposits=all")
    drawn = html(shown.view)
    assert '<td class="money-EUR">20.00</td>' in drawn
    assert "money-SEK" not in drawn
    assert MONEY.tables["deposits"](shown._what_is_shown())["amount"].to_list() == [Decimal(20)]
    nobody = html(session(wh, "&is.affiliate=Nobody").view)
    assert "No deposit on these days with these filters" in nobody
    assert "The deposits behind it" not in nobody


def test_a_viewer_sees_amounts_and_nobody_behind_them(wh: Warehouse) -> None:
    """Neither the list nor its download, nor by asking for it in the address."""
    pages = pages_for(Role.VIEWER, PAGES)
    money = next(page for page in pages if page.slug == "money")
    shown = Session(Held(wh), load_settings(), pages, f"./money?{DAYS}&deposits=all", sees_people=False)
    assert set(money.tables) == {"money"}
    assert "p2" not in html(shown.view)
    assert "This page knows no &#x27;deposits&#x27;" in html(shown.view)
    assert "The deposits behind it" not in html(shown.view)
    assert '<td class="money-EUR">50.25</td>' in html(shown.view)


def test_the_card_is_a_measure_like_the_others(wh: Warehouse) -> None:
    """Its amount, its change, what is apart from it; a click draws it by day, and why leads to the page."""
    shown = session(wh, "&metric=money", page="")
    drawn = html(shown.view)
    assert 'kpi-money">50.25</span>' in drawn
    assert "▲ 25.6 %" in drawn
    assert "500.00 SEK, 1 unverified apart" in drawn
    assert "<h2>Money (EUR) by day</h2>" in drawn
    assert f'href="./money?{DAYS}" >why?' in drawn
    rows = trend_rows(shown._what_is_shown())
    assert rows.select("value", "before").rows() == [
        (0.0, 0.0), (30.25, 0.0), (0.0, 40.0), (20.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0),
    ]  # fmt: skip


def test_without_an_amount_there_is_no_card_and_visitors_are_drawn(pixels_home: Path) -> None:
    """Whoever asks for money then."""
    sample = SampleWarehouse(pixels_home)
    sample.publish(visit("p", "a", "2026-11-10T10:00"), deposit("p", "a", "2026-11-10T11:00"))
    with pixels.open(pixels_home) as wh:
        drawn = html(session(wh, "&metric=money", page="").view)
        assert "card-money" not in drawn
        assert "Daily unique visitors by day" in drawn
        assert "without an amount" in html(session(wh).view)
