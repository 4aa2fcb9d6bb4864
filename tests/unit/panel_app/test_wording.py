"""The words around the figures of a page."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

import pixels
from panel_app.pages import PAGES
from panel_app.session import Session
from panel_app.source import Held
from pixels.config import load_settings
from pixels.reports.notebooks import report_notebooks
from pixels.reports.record import title_of
from tests.sample_warehouse import SampleWarehouse, at, registration, visit
from tests.unit.panel_app.rendered import html

DAY = date(2026, 11, 20)
UNTIL = at("2026-11-21T12:00")


@pytest.fixture
def home(pixels_home: Path) -> Path:
    """One visitor a day of three weeks, the half of whom registers; three requests were refused."""
    sample = SampleWarehouse(pixels_home)
    sample.refused[(DAY, "placeholder_value")] = 3
    days = [DAY - timedelta(days=back) for back in range(-1, 21)]
    visits = [visit(f"p{day}", "brandA", f"{day}T10:00") for day in days]
    sample.publish(
        *visits, *(registration(f"p{day}", "brandA", f"{day}T11:00") for day in days[::2]), complete_until=UNTIL
    )
    return sample.home


def shown(home: Path, href: str) -> str:
    """What a page shows."""
    with pixels.open(home) as wh:
        return html(Session(Held(wh), load_settings(), PAGES, href).view)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("", "less than 7 days before"),
        ("?window=1d", "less than 1 day before"),
        ("?window=36h", "less than 36h before"),
    ],
)
def test_a_funnel_says_its_window_as_one_would(home: Path, asked: str, told: str) -> None:
    """Whole days in words, anything else as it was asked for."""
    assert told in shown(home, f"./funnel{asked}")


def test_who_may_still_go_on_is_told_where_anybody_may(home: Path) -> None:
    """There is no column in which nothing stands."""
    soon, late = shown(home, "./funnel?drop=2&days=7d"), shown(home, "./funnel?drop=2&days=2026-11-01..2026-11-05")

    assert ("Time left" in soon, "may still go on</td>" in soon) == (True, True)
    assert "Time left" not in late


def test_today_is_said_beside_the_same_part_of_a_week_ago(home: Path) -> None:
    """Once for the three counts, each with its number of then."""
    status = shown(home, "./")

    assert "Today so far (by then last week)" in status
    assert '<b class="today-visit">1</b> <span class="muted">(1)</span> unique visitor</span>' in status


def test_refused_events_lead_to_the_page_that_adds_up_all_that_was_received(home: Path) -> None:
    """Of the days that they were counted on, also where that page would open with others."""
    assert './proof?days=90d" class="refused">3 refused events: 3 placeholder_value</a>' in shown(
        home, "./anomalies?days=90d"
    )
    assert './proof?days=all" class="refused">' in shown(home, "./")


def test_a_report_has_one_name_on_its_page() -> None:
    """It is asked for by the name that stands on those that were made."""
    from panel_app.address import Address
    from panel_app.blocks.reports import kinds

    notebooks = report_notebooks()
    drawn = kinds(notebooks, Address("reports"))

    assert all(f">{title_of({'name': name})}</a>" in drawn for name in notebooks)


def test_a_field_for_a_day_does_not_say_how_to_write_one() -> None:
    """The browser's own field says that, and not as the command line takes it."""
    from panel_app.address import Address
    from panel_app.blocks.reports import fields

    drawn = fields(report_notebooks(), Address("reports").with_options(report="campaign_report"), "")

    assert '<span class="note">first day; by default the first of the latest four weeks</span>' in drawn
