"""The page Anomalies: sentences that say what stood out, a chart, and notes that stay."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

import pixels
from panel_app.acknowledged import FILE, acknowledge, read_acknowledged
from panel_app.pages import PAGES
from panel_app.session import Session
from panel_app.source import Held, Published
from pixels import plots
from pixels.anomalies.figures import runs
from pixels.anomalies.said import Writer, said
from pixels.config import load_settings
from pixels.errors import BadParameter
from tests.sample_warehouse import Event, SampleWarehouse, at, registration, visit
from tests.unit.panel_app.rendered import html
from tests.unit.pixels.test_plots import columns, rendered

FIRST = date(2026, 6, 1)
HOSTILE = "<img src=x onerror=alert(1)>"
BROKEN = FIRST + timedelta(days=34)


def events(days: int = 40) -> list[Event]:
    """Sixty visitors a day over one banner, half of whom register, and none does on the 35th day."""
    found: list[Event] = []
    for day in range(days):
        on = FIRST + timedelta(days=day)
        for person in range(60):
            found.append(visit(f"p{day}-{person}", HOSTILE, f"{on}T00:30"))
            if person < 30 and on != BROKEN:
                found.append(registration(f"p{day}-{person}", HOSTILE, f"{on}T00:40"))
    return found


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleWarehouse:
    """That, looked at on the 40th day."""
    sample = SampleWarehouse(tmp_path_factory.mktemp("home"))
    sample.publish(*events(), complete_until=at(f"{FIRST + timedelta(days=39)}T01:00"))
    return sample


@pytest.fixture
def source(sample: SampleWarehouse) -> Iterator[Published]:
    """As a server has it, without notes."""
    (sample.home / FILE).unlink(missing_ok=True)
    settings = load_settings(home=sample.home)
    source = Published(settings.published_dir, settings)
    yield source
    source.close()


def session(source: Published, href: str = "./anomalies", **options: object) -> Session:
    """What somebody has open."""
    return Session(source, load_settings(), PAGES, href, **options)  # type: ignore[arg-type] # options of a session


def test_a_broken_pixel_is_told_of_in_a_sentence(source: Published) -> None:
    """With the day, the banner as text, what was expected, and that visitors came; the newest series is drawn."""
    page = html(session(source).view)

    assert "No registrations of <b><bdi>&lt;img src=x onerror=alert(1)&gt;</bdi></b> on 5 Jul 2026" in page
    assert "where 30 were expected. Visitors came as usual: a broken pixel?" in page
    assert '<span class="kind silence">Silence</span>' in page
    assert "<img" not in page
    assert "As a table" in page


def test_fewer_than_fourteen_days_say_how_many_are_missing(pixels_home: Path) -> None:
    """And promise nothing."""
    SampleWarehouse(pixels_home).publish(*events(10), complete_until=at(f"{FIRST + timedelta(days=10)}T01:00"))
    settings = load_settings()
    source = Published(settings.published_dir, settings)

    page = html(Session(source, settings, PAGES, "./anomalies").view)

    source.close()
    assert "Needs 14 days of data that are over before anything can be said: 5 days more." in page


def test_days_on_which_nothing_stood_out_say_so(source: Published) -> None:
    """Of these days nothing; it is no empty list."""
    page = html(session(source, f"./anomalies?days={FIRST + timedelta(days=20)}..{FIRST + timedelta(days=30)}").view)

    assert "every figure of these days is what the days before let expect" in page


def test_a_note_stays_with_who_wrote_it(source: Published, sample: SampleWarehouse) -> None:
    """And stays text; another one takes its place; a viewer reads it and cannot write."""
    opened = session(source, user="anna")
    form = opened._views["anomalies"]._list  # type: ignore[attr-defined] # what the browser sends to
    key = form.html.partition('name="run" value="')[2].partition('"')[0].replace("&lt;", "<").replace("&gt;", ">")

    form._handle_msg({"send": {"run": key, "note": f"mended {HOSTILE}"}})
    form._handle_msg({"send": {"run": "made up", "note": "nothing"}})

    page = html(opened.view)
    assert "Looked at (<bdi>anna</bdi>, 20" in page
    assert "mended &lt;img" in page
    form._handle_msg({"send": {"run": key, "note": "x" * 9_999}})
    (note,) = read_acknowledged(sample.home)
    assert note.note == "x" * 500
    viewer = session(source, sees_people=False)
    listed = viewer._views["anomalies"]._list  # type: ignore[attr-defined] # what the browser sends to
    listed._handle_msg({"send": {"run": key, "note": "by a viewer"}})
    assert "Looked at" in html(viewer.view)
    assert "data-send" not in html(viewer.view)
    assert read_acknowledged(sample.home) == [note]


def test_a_snapshot_alone_keeps_no_notes(sample: SampleWarehouse) -> None:
    """In a notebook's cell."""
    with pixels.open(sample.home) as wh:
        page = html(Session(Held(wh), load_settings(), PAGES, "./anomalies").view)

    assert "broken pixel" in page
    assert "data-send" not in page


def test_notes_that_are_written_at_once_are_all_kept(tmp_path: Path) -> None:
    """Each writer waits for the one before."""
    days = [FIRST + timedelta(days=2 * day) for day in range(40)]
    told = [{"measure": "ftd", "is_total": True, "start": day, "end": day, "event_date": day} for day in days]

    with ThreadPoolExecutor(8) as writers:
        list(writers.map(lambda run: acknowledge(tmp_path, run, "seen", "anna"), told))

    assert sorted(note.day for note in read_acknowledged(tmp_path)) == [day.isoformat() for day in days]
    (tmp_path / FILE).write_text("{broken")
    assert read_acknowledged(tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "120 visitors of “a” on 5 Jul 2026, where 60 were expected."),
        ({"is_total": True, "explained_by": "b", "explained_change": 50.0}, "120 visitors on 5 Jul 2026, where 60 were expected. “b” explains most of it (+50)."),
        ({"is_total": True, "explained_by": "b", "explained_change": 20.0}, "120 visitors on 5 Jul 2026, where 60 were expected. “b” has the largest part of it (+20)."),
        ({"value": 0.0, "kind": "silence"}, "No visitors of “a” on 5 Jul 2026, where 60 were expected. The banner ended, or its pixel is gone."),
        ({"value": 0.0, "kind": "silence", "is_total": True}, "No visitors on 5 Jul 2026, where 60 were expected. Nothing arrives: look at the pixels."),
        ({"banner_tag": None}, "120 visitors without banner_tag on 5 Jul 2026, where 60 were expected."),
        ({"measure": "deposit_rate", "value": 0.25, "expected": 0.5}, "25.0 % of the registrations of “a” who entered 29 Jun to 5 Jul 2026 made a first deposit within 7 days, where 50.0 % were expected."),
    ],
)  # fmt: skip
def test_what_is_said_is_what_the_figures_say(changes: dict[str, object], expected: str) -> None:
    """Word by word."""
    run: dict[str, object] = {
        "measure": "daily_unique_visitors", "is_total": False, "banner_tag": "a", "kind": "rise", "event_date": BROKEN,
        "value": 120.0, "expected": 60.0, "explained_by": None, "explained_change": None,
    }  # fmt: skip

    assert said(run | changes, "banner_tag", Writer(lambda tag: f"“{tag}”")) == expected


def test_the_plot_marks_what_stands_out_within_its_limits(sample: SampleWarehouse) -> None:
    """A diamond at 0 on the broken day, points on all others; a measure that there is not is named."""
    with pixels.open(sample.home) as wh:
        found = wh.anomalies(FIRST, FIRST + timedelta(days=39), everything=True)

    marks = columns(rendered(plots.anomalies(found, "registrations", HOSTILE)), "value", "now", "usual")

    assert sorted(len(data["value"]) for data in marks) == [1, 38]
    assert next(data for data in marks if len(data["value"]) == 1) == {"value": [0], "now": ["0"], "usual": ["30"]}
    assert columns(rendered(plots.anomalies(found, "ftd")), "text") == [{"text": ["Nothing is known of these days"]}]
    assert rendered(plots.anomalies(found, "registration_rate"))
    with pytest.raises(BadParameter, match="visits"):
        plots.anomalies(found, "visits")
    assert runs(found, "banner_tag").filter(pl.col("measure") == "registrations").height == 2
