"""The notebooks on a warehouse with data, on an empty one, and on a first day that is not over."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from pixels.resources import resource_path
from tests.integration.notebooks import one_shell
from tests.integration.notebooks.homes import AFFILIATE, HOSTILE, THEIR_LOG, empty, first_day, five_weeks
from tests.unit.reports.html_page import HtmlPage

HOMES = {"five weeks": five_weeks, "empty": empty, "first day": first_day}
NAMES = sorted(path.stem for path in resource_path("notebooks").glob("*.ipynb"))
PARAMETERS = {
    "affiliate_report": {"affiliate": AFFILIATE},
    "reconciliation": {"affiliate": AFFILIATE, "file": THEIR_LOG},
}
EXPECTED = {
    "anomaly_investigation": (
        "25 Oct to 21 Nov 2026, all banners",
        "Nothing stood out: every figure of these days is what the days before let expect.",
        "No count stood out, so there is no day to look into.",
    ),
    "campaign_report": (
        "25 Oct to 21 Nov 2026, all banners",
        "6 visitors a day on average. The busiest day was Saturday, 31 Oct 2026, with 9 visitors.",
        "The last seven whole days against the seven before: no change.",
        "Of 168 people who visited, 76 (45.2 %) registered and 28 (16.7 %) deposited within 7 days.",
        f"“{HOSTILE}” brought the most: 28 deposit days of 28 (100.0 %).",
    ),
    "quickstart": (
        "25 Oct to 21 Nov 2026, all banners",
        "6 visitors a day on average. The busiest day was Saturday, 31 Oct 2026, with 9 visitors.",
        "Of 168 people who visited, 76 (45.2 %) registered and 28 (16.7 %) deposited within 7 days.",
    ),
    "weekly_report": (
        "9 to 15 Nov 2026, all banners",
        "7 FTD, about as many as before (7): the difference can be chance.",
        "Registrations were the same in each of the last 4 whole weeks: 19.",
        "No banner's registrations changed by more than chance.",
        "Of 42 visitors who came 2 to 8 Nov 2026 and whose 7 days are over, 19 (45.2 %) registered; of those, 7 (36.8 %)",
        "Nothing was refused in these days",
    ),
    "affiliate_report": (
        f"25 Oct to 21 Nov 2026, {AFFILIATE}",
        f"“{AFFILIATE}” has 2 banners with events in these days: “{HOSTILE}” and “brandA”.",
        f"“{HOSTILE}” brought the most: 28 deposit days of 28 (100.0 %).",
        "Every event that was received counted",
    ),
    "funnel_analysis": (
        "25 Oct to 21 Nov 2026, all banners",
        "of the other 129, 45.0 % registered and 17.1 % deposited.",
        "Half of those who registered had done so 1 hour after they came, nine of ten 1 hour after.",
        "It takes two banners with 100 visitors or more",
        "The share that registered did not change by more than chance: 45.0 %, then 44.9 %.",
        "Of 76 players who registered in these days, 28 (36.8 %) had made a first deposit",
    ),
    "cohort_forecast": (
        "25 Oct to 21 Nov 2026, all banners",
        "Of 76 players who registered, 36.8 % make a first deposit within 14 days",
        "No banner's people take much longer than those of all.",
        "Of 18 players who registered in the newest cohort, from 16 Nov 2026, 6 made a first deposit so far; 6 are expected",
        "Of 5 forecasts that would have been made of earlier cohorts, 5 (100.0 %) held",
    ),
    "banner_experiment": (
        "25 Oct to 21 Nov 2026, all banners",
        f"No banner can be called the best yet: “{HOSTILE}” is it with a probability of 97 %, “brandA” with 2 %; but “{HOSTILE}” has only 43 visitors.",
        "3 banners have fewer than 100 visitors",
        "39 people whose 7 days are not over are left out.",
        f"“{HOSTILE}” and “brandA” were both there on all of 22 days: on these 65.1 % (28 of 43) and 36.7 % (18 of 49) registered.",
        "given by chance to 103 visitors: at the pace of these days that takes 50 days.",
    ),
    "reconciliation": (
        f"21 to 22 Nov 2026, {AFFILIATE}",
        "Your file has 5 registrations of these days and banners, Pixels has 3. 1 agree;",
        "1 differ, 3 of yours are not in Pixels and 1 of Pixels are not in your file.",
        "Of 3 that Pixels lacks, 1:",
        "already counted on 2026-11-21 at 11:00:00",
        "we counted it for another banner, whose event came first",
        "the data does not go that far yet",
        "<i>nobody</i>",
    ),
    "warehouse_tour": (
        "counted_events is the largest, with about 340 rows.",
        "They agree in each of 3 event types: 340 events count.",
        "Of 210 players and visitor keys, 95 (45.2 %) registered and 35 deposited",
        "On these days there were 45.2 registrations per 100 visits",
    ),
}
"""What each comes to on five weeks of data, worked out by hand: 3 + day % 7 visitors a day."""
ON_NO_DATA = {
    "anomaly_investigation": "Nothing can be said of these days yet: that takes 14 days before them.",
    "campaign_report": "there is nobody to follow",
    "quickstart": "there is nobody to follow",
    "weekly_report": "Nothing was counted in these days.",
    "affiliate_report": "Nothing was received, so there is nothing to explain.",
    "funnel_analysis": "there is nobody to follow",
    "cohort_forecast": "Nobody registered in these days.",
    "banner_experiment": "There is nothing to compare: no visitor of these days, whose 7 days are over, has a banner.",
    "reconciliation": f"No banner is known to be of “{AFFILIATE}”",
    "warehouse_tour": "Both are empty: nothing has been counted.",
}
ON_THE_FIRST_DAY = {
    "anomaly_investigation": "Nothing can be said of these days yet: that takes 14 days before them.",
    "campaign_report": "“brandA” brought the most: 1 deposit day of 1 (100.0 %).",
    "quickstart": "Of 2 people who visited, 1 (50.0 %) registered and 1 (50.0 %) deposited within 7 days.",
    "weekly_report": "There are no whole days of as much data before these to compare with.",
    "affiliate_report": "No banner of “<i>Example</i> Media” has an event in these days.",
    "funnel_analysis": "For 2 of them the 7 days are not over, so these shares may still rise.",
    "cohort_forecast": "Nobody who registered in these days is still waited for: each made a first deposit, or had 14 days for it.",
    "banner_experiment": "2 people whose 7 days are not over are left out.",
    "reconciliation": f"No banner is known to be of “{AFFILIATE}”",
    "warehouse_tour": "They agree in each of 3 event types: 4 events count.",
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], HtmlPage]:
    """What each notebook shows on each warehouse; all run in one shell."""
    homes = {name: make(tmp_path_factory.mktemp("home")).home for name, make in HOMES.items()}
    tasks = [(notebook, home) for notebook in NAMES for home in HOMES]
    answers = subprocess.run(
        [sys.executable, one_shell.__file__],
        input="\n".join(
            json.dumps(
                {
                    "notebook": str(resource_path("notebooks") / f"{notebook}.ipynb"),
                    "home": str(homes[home]),
                    "parameters": PARAMETERS.get(notebook, {}),
                }
            )
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
    assert ON_NO_DATA[notebook] in page.text


@pytest.mark.parametrize("notebook", NAMES)
def test_a_first_day_is_shown_and_said_to_go_on(pages: dict[tuple[str, str], HtmlPage], notebook: str) -> None:
    """On its first day the page shows that day, and that it is not over."""
    page = pages[notebook, "first day"]

    assert "22 Nov 2026 is not over: it holds what came until 22 Nov 2026, 15:00." in page.text
    assert ON_THE_FIRST_DAY[notebook] in page.text


@pytest.mark.parametrize("notebook", NAMES)
def test_the_sentences_come_from_the_data(pages: dict[tuple[str, str], HtmlPage], notebook: str) -> None:
    """Each section says what its figures come to, and names that are markup stand in the sentence as text."""
    page = pages[notebook, "five weeks"]

    assert [sentence for sentence in EXPECTED[notebook] if sentence not in page.text] == []


@pytest.mark.parametrize("notebook", NAMES)
def test_no_plot_lets_a_banner_tag_out(pages: dict[tuple[str, str], HtmlPage], notebook: str) -> None:
    """A tag that ended the script element of a plot would run what follows it, in Lab with the rights of its user."""
    page = pages[notebook, "five weeks"]

    assert "script" in page.elements or notebook == "warehouse_tour"
    assert "onerror" not in page.attributes
    assert "i" not in page.elements


def test_what_is_sent_to_an_affiliate_names_nobody_elses_banner(pages: dict[tuple[str, str], HtmlPage]) -> None:
    """Nor the people behind the figures."""
    page = pages["affiliate_report", "five weeks"]

    assert "brandA" in page.text
    assert "brandB" not in page.text
    assert "p34-1" not in page.text


def test_a_log_sent_back_names_nobody_who_was_not_in_it(pages: dict[tuple[str, str], HtmlPage]) -> None:
    """Nor the banner that a player of theirs was counted for, when it is somebody else's."""
    page = pages["reconciliation", "five weeks"]

    assert "p34-5" in page.text
    assert "p34-7" not in page.text
    assert "brandB" not in page.text
