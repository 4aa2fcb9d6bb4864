"""The page Compare: what can be concluded of banners, and their intervals."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

import pixels
from panel_app.pages import PAGES
from panel_app.pages.compare import COMPARE
from panel_app.session import Session
from panel_app.source import Held
from pixels import Warehouse
from pixels.config import load_settings
from pixels.numbers import numbers_for
from tests.sample_warehouse import Event, SampleWarehouse, at, deposit, registration, visit
from tests.unit.panel_app.rendered import html

RANGE = ("2026-11-01", "2026-11-05")
DAYS = f"days={RANGE[0]}..{RANGE[1]}"
HOSTILE = "<img src=x onerror=alert(1)> 1,234.5"


def came(banner: str, visitors: int, registered: int, deposited: int = 0) -> list[Event]:
    """People of one banner, some of whom registered, and some of those deposited."""
    people = [f"{banner}-{number}" for number in range(visitors)]
    then, later = "2026-11-02T10:00", (at("2026-11-02T10:00") + timedelta(hours=1)).isoformat()
    return [
        *(visit(person, banner, then) for person in people),
        *(registration(person, banner, later) for person in people[:registered]),
        *(deposit(person, banner, later) for person in people[:deposited]),
    ]


@pytest.fixture
def sample(pixels_home: Path) -> SampleWarehouse:
    """A good banner, a bad one of the same affiliate, and one of nobody."""
    anna = ("Anna", None, None, None)
    sample = SampleWarehouse(pixels_home, banners={"good": anna, "bad": anna})
    sample.publish(
        *came("good", 120, 60, 12),
        *came("bad", 150, 15, 9),
        *came(HOSTILE, 8, 1),
        complete_until=at("2026-11-20T12:00"),
    )
    return sample


def session(wh: Warehouse, search: str = "") -> Session:
    """The page at an address."""
    return Session(Held(wh), load_settings(), PAGES, f"./compare?{DAYS}{search}")


def table(shown: Session) -> pl.DataFrame:
    """What can be downloaded of the page."""
    return COMPARE.tables["compare"](shown._what_is_shown())


@pytest.mark.parametrize("measure", ["registration_rate", "deposit_rate"])
@pytest.mark.parametrize("by", ["banner_tag", "affiliate", "site"])
def test_the_page_has_the_answer_of_the_library(sample: SampleWarehouse, measure: str, by: str) -> None:
    """By every dimension and rate: banners are added up to values, which is the same."""
    with pixels.open(sample.home) as wh:
        shown = session(wh, f"&measure={measure}&by={by}")
        expected = wh.compare_banners(*RANGE, by=by, measure=measure)

        assert table(shown).equals(expected)


def test_the_sentence_stands_before_the_intervals(sample: SampleWarehouse) -> None:
    """Names are text, apart from the words; the caution follows."""
    with pixels.open(sample.home) as wh:
        drawn = html(session(wh).view)

    assert (
        "“<b><bdi>good</bdi></b>” has the highest rate with a probability of 99 %: 50.0 % (60 of 120) registered"
        in drawn
    )
    assert drawn.index("has the highest rate") < drawn.index("not given their banner by chance") < drawn.index("<table")
    assert "1 banner has fewer than 100 visitors" in drawn
    assert '<bdi>&lt;img src=x onerror=alert(1)&gt; 1,234.5</bdi></td><td class="interval"' in drawn
    assert '<td class="best">99 %</td>' in drawn


def test_numbers_are_written_as_the_reader_does_and_names_are_not(sample: SampleWarehouse) -> None:
    """A name with a number in it stays what was sent."""
    with pixels.open(sample.home) as wh:
        drawn = html(Session(Held(wh), load_settings(), PAGES, f"./compare?{DAYS}", numbers=numbers_for("de")).view)

    assert "1,234.5</bdi></b>”" in drawn
    assert "50,0 % (60 of 120)" in drawn
    assert "50.0 %" not in drawn


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ("&is.banner_tag=bad", "There is nothing to compare"),
        ("&is.affiliate=Anna&by=affiliate", "There is nothing to compare"),
        ("&is.affiliate=Nobody", "Clear the filters"),
        ("&measure=deposit_rate&is.affiliate=Anna", "</b>” has only 15 registered players."),
        ("&by=affiliate", "8 visitors without an affiliate are not compared."),
    ],
)
def test_filters_rate_and_dimension_are_those_of_the_address(sample: SampleWarehouse, search: str, said: str) -> None:
    """What is left is compared alone."""
    with pixels.open(sample.home) as wh:
        drawn = html(session(wh, search).view)

    assert said in drawn


def test_days_that_are_not_over_say_so(pixels_home: Path) -> None:
    """Nobody's window is over: there is a sentence, and no chart."""
    SampleWarehouse(pixels_home).publish(*came("a", 5, 1), complete_until=at("2026-11-03T12:00"))
    with pixels.open(pixels_home) as wh:
        drawn = html(session(wh).view)

    assert "There is nothing to compare: no visitor of these days, whose 7 days are over, has a banner." in drawn
    assert "5 people whose 7 days are not over are left out." in drawn
    assert "<table" not in drawn


def test_hundreds_of_banners_are_cut_and_told(pixels_home: Path) -> None:
    """The first hundred, of how many."""
    events = [event for number in range(120) for event in came(f"b{number}", 2, number % 2)]
    SampleWarehouse(pixels_home).publish(*events, complete_until=at("2026-11-20T12:00"))
    with pixels.open(pixels_home) as wh:
        drawn = html(session(wh).view)

    assert drawn.count('<td class="interval"') == 100
    assert "The first 100 of 120." in drawn
