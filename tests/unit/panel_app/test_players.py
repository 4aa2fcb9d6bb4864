"""The page Players: where people stand, and the whole way of one of them."""

from __future__ import annotations

from collections.abc import Iterator

import holoviews as hv
import polars as pl
import pytest

import pixels
from panel_app.blocks.players import LISTED
from panel_app.pages import PAGES
from panel_app.pages.players import PLAYERS, Players
from panel_app.roles import Role, pages_for
from panel_app.session import Session
from panel_app.source import Held
from panel_app.state import DashboardState
from pixels import Warehouse, plots
from pixels.config import load_settings
from tests.sample_warehouse import SampleWarehouse, at, deposit, registration, visit
from tests.unit.panel_app.rendered import html


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A visitor who became a player in Berlin, and more strangers than are listed."""
    sample = SampleWarehouse(tmp_path_factory.mktemp("home"), "Europe/Berlin")
    sample.publish(
        visit("v-1", "brandA", "2026-11-01T10:00"),
        registration("p1", "brandA", "2026-11-02T10:00", s="v-1"),
        deposit("p1", "brandB", "2026-11-03T23:30"),
        *(visit(f"stranger-{n}", "brandA", "2026-11-04T10:00") for n in range(LISTED + 1)),
        complete_until=at("2026-11-05T12:00"),
    )
    with pixels.open(sample.home) as warehouse:
        yield warehouse


def shown(wh: Warehouse, query: str = "", *, role: Role = Role.ANALYST) -> str:
    """Return the page as somebody of that role sees it."""
    pages = pages_for(role, PAGES)
    sees_people = role >= Role.ANALYST
    return html(Session(Held(wh), load_settings(), pages, f"./players{query}", sees_people=sees_people).view)


def answers(wh: Warehouse, query: str) -> list[Players]:
    """Return what the page reads, the first and what follows."""
    state = DashboardState(Held(wh), PAGES)
    state.go(f"./players{query}")
    return [look.answer for look in state.looks() if isinstance(look.answer, Players)]


def test_a_person_is_shown_from_the_first_visit_on(wh: Warehouse) -> None:
    """On the warehouse's clock, the oldest first, with the keys of before the registration and a chart of the same."""
    page = shown(wh, "?player=v-1")

    assert "Also seen as <bdi>v-1</bdi>" in page
    assert "First deposit <b>4 Nov 2026, 00:30</b>" in page
    assert "3 records, the oldest first. Times are of Europe/Berlin." in page
    assert page.index("1 Nov 2026, 11:00:00") < page.index("2 Nov 2026, 11:00:00") < page.index("4 Nov 2026, 00:30:00")


def test_the_chart_of_a_person_has_a_mark_a_record(wh: Warehouse) -> None:
    """It is drawn again for another person alone."""
    session = Session(Held(wh), load_settings(), PAGES, "./players?player=p1")
    view = session._views["players"]
    drawn = view._chart.object  # type: ignore[attr-defined]
    session._draw()

    assert sum(len(scatter) for scatter in drawn.traverse(lambda one: one, [hv.Scatter])) == 3
    assert view._chart.object is drawn  # type: ignore[attr-defined]
    session.go("./players?player=stranger-1")
    assert view._chart.object is not drawn  # type: ignore[attr-defined]


def test_beside_a_person_segments_are_not_asked_for(wh: Warehouse) -> None:
    """They take a look at everybody."""
    assert [answer.segments for answer in answers(wh, "?player=p1")] == [None, None]


def test_segments_come_before_the_list_of_one(wh: Warehouse) -> None:
    """The numbers first; of the people those who were seen last, and all of them in the file."""
    first, *_, last = answers(wh, "?segment=visitor")

    assert first.listed is None
    assert last.listed is not None
    assert last.listed.height == LISTED
    assert last.everybody().height == LISTED + 1
    assert f"The {LISTED} seen last are listed." in shown(wh, "?segment=visitor")


def test_who_is_unknown_is_said_beside_the_segments(wh: Warehouse) -> None:
    """With the field to try another."""
    page = shown(wh, "?player=nobody")

    assert "nobody" in page
    assert "has no record in these days" in page
    assert "segment-depositor" in page


def test_a_viewer_sees_how_many_there_are_and_nobody(wh: Warehouse) -> None:
    """No field, no links to people; an address that names one is told to be wrong."""
    page = shown(wh, role=Role.VIEWER)

    assert "segment-depositor" in page
    assert "Player id" not in page
    assert "segment=visitor" not in page
    told = shown(wh, "?player=p1", role=Role.VIEWER)
    assert "This page knows no &#x27;player&#x27;" in told
    assert "v-1" not in told


def test_its_notebook_asks_the_same(wh: Warehouse) -> None:
    """The cells run, and their frame is the one that is shown."""
    session = Session(Held(wh), load_settings(), PAGES, "./players?player=v-1")
    names: dict[str, object] = {"wh": wh, "plots": plots}
    for cell in PLAYERS.notebook(session._what_is_shown()):
        exec(cell, names)  # noqa: S102 - what somebody would run

    timeline = names["timeline"]
    assert isinstance(timeline, pl.DataFrame)
    assert timeline.equals(session.state.answer.person)
