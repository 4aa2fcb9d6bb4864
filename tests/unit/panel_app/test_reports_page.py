"""The page Reports: what it lists, what can be asked for, and which files it hands out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import pixels
from panel_app.pages import PAGES
from panel_app.report_files import address_of
from panel_app.screen import Screen
from panel_app.session import Session
from panel_app.source import Held, Published
from pixels.config import load_settings
from pixels.reports.shelf import shelved_report, shelved_reports
from tests.sample_warehouse import SampleWarehouse, visit
from tests.unit.panel_app.rendered import html

HOSTILE = "<img src=x onerror=alert(1)>"
RECORD = {
    "name": "weekly_report",
    "parameters": {"banner": HOSTILE, "from": "2026-11-16", "snapshot": "/somewhere"},
    "snapshot": 1,
    "time_zone": "UTC",
    "is_demo": False,
    "status": "ok",
    "error": None,
    "finished_at": "2026-11-20T10:00:00.000Z",
}


@pytest.fixture
def published(pixels_home: Path) -> Iterator[Published]:
    """A home with one visit, as a server has it."""
    SampleWarehouse(pixels_home).publish(visit("p", "a", "2026-11-20T10:00"))
    settings = load_settings()
    source = Published(settings.published_dir, settings)
    yield source
    source.close()


def shelve(folder: str, **differs: object) -> Path:
    """Put a report on the shelf, with a page."""
    made = load_settings().reports_dir / folder
    made.mkdir(parents=True)
    made.joinpath("report.json").write_text(json.dumps(RECORD | differs))
    made.joinpath("weekly_report.html").write_text("<p>page</p>")
    return made


def session(source: Published, href: str) -> Session:
    """What somebody has open."""
    return Session(source, load_settings(), PAGES, href)


def test_reports_are_listed_with_the_newest_first(published: Published) -> None:
    """Failures with why; what was asked for stays text, and the path of the snapshot is not said."""
    shelve("weekly_report/1")
    shelve("weekly_report/2", status="failed", error=f"cell 3: {HOSTILE}", finished_at="2026-11-21T10:00:00.000Z")

    page = html(session(published, "./reports").view)

    assert page.index("failed") < page.index("20 Nov 2026, 10:00:00")
    assert "<img" not in page
    assert "&lt;img" in page
    assert "/somewhere" not in page
    assert "./report-files/weekly_report/1/weekly_report.html" in page


def test_a_search_looks_at_names_and_parameters(published: Published) -> None:
    """In any order and case; nothing found says so and leads back."""
    shelve("weekly_report/1")

    assert "weekly_report/1" in html(session(published, "./reports?search=2026-11-16+WEEKLY").view)
    nothing = html(session(published, "./reports?search=campaign").view)
    assert "weekly_report/1" not in nothing
    assert "No report holds <bdi>campaign</bdi>" in nothing
    assert "Show all" in nothing


def test_a_report_that_reads_a_file_is_not_made_from_a_browser(published: Published) -> None:
    """Whoever could name a file of this machine could read any."""
    page = html(session(published, "./reports?report=reconciliation").view)

    assert "There is no report" in page
    assert 'name="file"' not in page


def test_a_form_has_a_field_for_each_parameter_but_the_snapshot(published: Published) -> None:
    """With the help of the notebook and its default."""
    page = html(session(published, "./reports?report=funnel_analysis").view)

    for field in ("from", "to", "banner", "window"):
        assert f'name="{field}"' in page
    assert 'name="snapshot"' not in page
    assert 'type="number" placeholder="7"' in page
    assert "only people who came over this banner" in page
    assert "There is no report" in html(session(published, f"./reports?report={HOSTILE}").view)


def test_a_wrong_parameter_is_told_beside_the_form(published: Published) -> None:
    """And nothing is made. What is not a form of this page is left alone."""
    opened = session(published, "./reports?report=weekly_report")
    screen = next(iter(opened.view.select(Screen)))
    form = next(one for one in opened.view.select(Screen) if "data-send" in one.html)

    form._handle_msg({"send": {"report": "weekly_report", "from": "someday"}})

    assert "someday" in html(opened.view)
    assert 'role="alert"' in html(opened.view)
    assert "Asked for here" not in html(opened.view)
    form._handle_msg({"send": {"stop": "x" * 20}})
    form._handle_msg({"send": ["x"]})
    screen._handle_msg({"send": {"report": "weekly_report"}})
    assert "Asked for here" not in html(opened.view)


def test_a_snapshot_alone_makes_no_reports(pixels_home: Path) -> None:
    """In a notebook's cell nothing is known of the machine."""
    SampleWarehouse(pixels_home).publish(visit("p", "a", "2026-11-20T10:00"))

    with pixels.open(pixels_home) as wh:
        page = html(Session(Held(wh), load_settings(), PAGES, "./reports").view)

    assert "Only a snapshot is known here" in page


@pytest.mark.parametrize(
    "folder", ["..", "../..", "weekly_report/1/../../..", "/etc", "weekly_report/2", "snapshots/1", "a\0b", "x" * 5_000]
)
def test_no_other_folder_is_a_report(pixels_home: Path, folder: str) -> None:
    """Outside the shelf, without a record, or one that holds the data of others."""
    shelve("weekly_report/1")
    shelve("snapshots/1")
    pixels_home.joinpath("report.json").write_text(json.dumps(RECORD))

    assert shelved_report(load_settings().reports_dir, folder) is None


def test_the_address_of_a_file_is_its_place_on_the_shelf(pixels_home: Path) -> None:
    """Names of folders are values of parameters with --for-each, and may be anything that a file can be called."""
    shelve("weekly_report-each-banner/a b%2F?#ü")
    shelf = load_settings().reports_dir
    (report,) = shelved_reports(shelf)

    address = address_of(report, report.files["Page"], shelf)

    assert address == "./report-files/weekly_report-each-banner/a%20b%252F%3F%23%C3%BC/weekly_report.html"
