"""What is still expected, on the page of cohorts: the library's forecast."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

import pixels
from panel_app.blocks.forecast import forecast_section
from panel_app.pages import PAGES
from panel_app.pages.cohorts import COHORTS
from panel_app.session import Session
from panel_app.source import Held
from pixels import Warehouse
from pixels.config import load_settings
from pixels.words import NONE
from tests.sample_warehouse import SampleWarehouse, at, deposit, registration
from tests.unit.panel_app.rendered import html

DAYS = "days=2026-10-05..2026-11-01"


@pytest.fixture
def wh(pixels_home: Path) -> Iterator[Warehouse]:
    """Ten players register on each of 28 days, half of whom deposit a day later; it is the last Friday, at noon."""
    sample, until = SampleWarehouse(pixels_home), at("2026-10-30T12:00")
    events = [
        make(f"p{day}-{number}", "a", f"2026-{10 + (day + 4) // 31:02d}-{(day + 4) % 31 + 1:02d}T{hour}:00")
        for day in range(28)
        for number in range(10)
        for make, hour in [(registration, 10), *([(deposit, 20)] if number % 2 else [])]
    ]
    sample.publish(*(event for event in events if event.created_at < until), complete_until=until)
    with pixels.open(sample.home) as warehouse:
        yield warehouse


def session(wh: Warehouse, search: str = "") -> Session:
    """The page at an address."""
    return Session(Held(wh), load_settings(), PAGES, f"./cohorts?{DAYS}{search}")


def test_the_forecast_of_each_cohort_is_the_library_s(wh: Warehouse) -> None:
    """With its limits where somebody is open; and the share that deposits in the time."""
    shown = session(wh, "&within=7d")
    drawn = html(shown.view)
    frame = COHORTS.tables["forecast"](shown._what_is_shown())
    assert frame.equals(wh.forecast("2026-10-05", "2026-11-01", within="7d"))
    newest = frame.row(-1, named=True)
    assert f"<td>{newest['expected']:.0f}<span" in drawn
    assert f"{newest['lower']:.0f} to {newest['upper']:.0f}" in drawn
    assert "make a first deposit within 7 days" in drawn
    assert drawn.index("26 Oct 2026</th>") < drawn.rindex("5 Oct 2026</th>")


def test_a_time_that_nobody_was_followed_for_is_said(wh: Warehouse) -> None:
    """There is a dash in the place of a number."""
    drawn = html(session(wh, "&within=30d").view)
    assert "has been followed for 30 days yet" in drawn
    assert f"<td>{NONE}</td>" in drawn


def test_while_it_is_not_known_something_holds_its_place(wh: Warehouse) -> None:
    """What came is on the page before."""
    address = session(wh).state.address
    assert "skeleton" in forecast_section(None, None, address)


def test_its_notebook_asks_what_the_page_asks(wh: Warehouse) -> None:
    """The cells run, and give the forecast of the page."""
    shown = session(wh, "&within=7d&per=month")._what_is_shown()
    names = {"wh": wh, "start": "2026-10-05", "end": "2026-11-01", "plots": pixels.plots}
    for cell in COHORTS.notebook(shown):
        exec(cell, names)  # noqa: S102 - what the page would put into a notebook
    frame = names["forecast"]
    assert isinstance(frame, pl.DataFrame)
    assert frame.equals(COHORTS.tables["forecast"](shown))


def test_a_banner_whose_people_take_long_is_named(pixels_home: Path) -> None:
    """Of one they deposit within the hour, of the other five days later; a tag is text."""
    sample = SampleWarehouse(pixels_home)
    tag = "<b>slow</b>"
    fast = [(f"f{number}", "fast", "2026-10-05T10:30") for number in range(240)]
    slow = [(f"s{number}", tag, "2026-10-10T10:00") for number in range(120)]
    sample.publish(
        *(registration(player, banner, "2026-10-05T10:00") for player, banner, _ in (*fast, *slow)),
        *(deposit(player, banner, when) for player, banner, when in (*fast[::2], *slow[::2])),
        complete_until=at("2026-10-30T12:00"),
    )

    with pixels.open(sample.home) as warehouse:
        drawn = html(session(warehouse, "&within=14d").view)

    assert "&lt;b&gt;slow&lt;/b&gt;\u2069” who convert take up to 5 days, where half of all take up to 1 day" in drawn
    assert "<b>slow" not in drawn
