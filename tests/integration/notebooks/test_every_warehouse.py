"""The notebooks on a warehouse with data, on an empty one, and on a first day that is not over."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from pixels.resources import resource_path
from tests.integration.notebooks import one_shell
from tests.integration.notebooks.homes import HOSTILE, empty, first_day, five_weeks
from tests.unit.reports.html_page import HtmlPage

HOMES = {"five weeks": five_weeks, "empty": empty, "first day": first_day}
NAMES = sorted(path.stem for path in resource_path("notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], HtmlPage]:
    """What each notebook shows on each warehouse; all run in one shell."""
    homes = {name: make(tmp_path_factory.mktemp("home")).home for name, make in HOMES.items()}
    tasks = [(notebook, home) for notebook in NAMES for home in HOMES]
    answers = subprocess.run(
        [sys.executable, one_shell.__file__],
        input="\n".join(
            json.dumps({"notebook": str(resource_path("notebooks") / f"{notebook}.ipynb"), "home": str(homes[home])})
            for notebook, home in tasks
        ),
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path_factory.mktemp("elsewhere"),
    ).stdout.splitlines()
    return dict(zip(tasks, map(_page, answers), strict=True))


def _page(answer: str) -> HtmlPage:
    """Return what was shown, or the error."""
    answered = json.loads(answer)
    return HtmlPage(answered["error"] if "error" in answered else " ".join(answered["shown"]))


@pytest.mark.parametrize("notebook", NAMES)
@pytest.mark.parametrize("home", HOMES)
def test_a_notebook_runs_on_every_warehouse(pages: dict[tuple[str, str], HtmlPage], notebook: str, home: str) -> None:
    """No cell raises, whatever data there is, and the page says how far the data goes."""
    page = pages[notebook, home]

    assert "Data through 22 Nov 2026, 1" in page.text


@pytest.mark.parametrize("notebook", NAMES)
def test_an_empty_warehouse_is_met_with_what_to_do(pages: dict[tuple[str, str], HtmlPage], notebook: str) -> None:
    """Nobody is left with blank charts: the page says that there is nothing, and how something comes."""
    page = pages[notebook, "empty"]

    assert "Nothing has been counted yet: send a pixel" in page.text
    assert "there is nobody to follow" in page.text


@pytest.mark.parametrize("notebook", NAMES)
def test_a_first_day_is_shown_and_said_to_go_on(pages: dict[tuple[str, str], HtmlPage], notebook: str) -> None:
    """On its first day the page shows that day, and that it is not over."""
    page = pages[notebook, "first day"]

    assert "22 Nov 2026 is not over: it holds what came until 22 Nov 2026, 15:00." in page.text
    assert "Of 2 people who visited, 1 (50.0 %) registered and 1 (50.0 %) deposited within 7 days." in page.text
    assert "“brandA” brought the most: 1 deposit day of 1 (100.0 %)." in page.text


@pytest.mark.parametrize("notebook", NAMES)
def test_the_sentences_come_from_the_data(pages: dict[tuple[str, str], HtmlPage], notebook: str) -> None:
    """The last four whole weeks, whose figures are worked out by hand here: 28 days of 3 + day % 7 visitors."""
    page = pages[notebook, "five weeks"]

    assert "25 Oct to 21 Nov 2026" in page.text
    assert "6 visitors a day on average. The busiest day was Saturday, 31 Oct 2026, with 9 visitors." in page.text
    assert "The last seven whole days against the seven before: no change." in page.text
    assert "Of 168 people who visited, 76 (45.2 %) registered and 28 (16.7 %) deposited within 7 days." in page.text


def test_the_report_shows_the_hostile_banner_as_it_is_written(pages: dict[tuple[str, str], HtmlPage]) -> None:
    """The banner with the most deposits is markup, and stands in the sentence as text."""
    assert (
        f"“{HOSTILE}” brought the most: 28 deposit days of 28 (100.0 %)." in pages["campaign_report", "five weeks"].text
    )


@pytest.mark.parametrize("notebook", NAMES)
def test_no_plot_lets_a_banner_tag_out(pages: dict[tuple[str, str], HtmlPage], notebook: str) -> None:
    """A tag that ended the script element of a plot would run what follows it, in Lab with the rights of its user."""
    page = pages[notebook, "five weeks"]

    assert "script" in page.elements
    assert "onerror" not in page.attributes
