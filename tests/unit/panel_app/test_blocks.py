"""What the blocks say, as HTML."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest

import pixels
from panel_app.blocks.banners import MEASURES, banners_table
from panel_app.blocks.cards import cards
from panel_app.blocks.funnel import funnel_note, funnel_table
from panel_app.blocks.status import problem, refusals
from panel_app.figures import Figures, read_figures
from pixels.period import Period
from tests.sample_warehouse import Event, SampleWarehouse, at, deposit, registration, visit

HOSTILE = "<img src=x onerror=alert(1)>"
WEEK = Period(date(2026, 11, 15), date(2026, 11, 21))
BANNERS = pl.DataFrame(
    {
        "banner_tag": ["a", "b", HOSTILE],
        "visits": [10_000, 20, 30],
        "registrations": [1, 2, 3],
        "deposits": [0, 5, 5],
    }
)

NOTHING = "\u2013"


def figures(
    tmp_path: Path,
    *events: Event,
    period: Period = WEEK,
    until: str = "2026-12-24T12:00",
    today: date = date(2026, 12, 24),
) -> Figures:
    """What the page shows of these events."""
    sample = SampleWarehouse(tmp_path)
    sample.publish(*events, complete_until=at(until))
    with pixels.open(sample.home) as wh:
        return read_figures(wh, period, today)


def shown(html: str, css_class: str) -> str:
    """The text of the one element with this class."""
    found = re.findall(rf'<(\w+)[^>]*class="[^"]*\b{css_class}\b[^"]*"[^>]*>(.*?)</\1>', html)
    assert len(found) == 1, (css_class, html)
    return re.sub("<[^>]*>", "", found[0][1])


def test_every_card_shows_its_figure(tmp_path: Path) -> None:
    """Five figures, each where its selector is."""
    html = cards(
        figures(
            tmp_path,
            visit("p1", "a", "2026-11-16T10:00"),
            visit("p1", "a", "2026-11-17T10:00"),
            visit("p2", "a", "2026-11-17T10:00"),
            registration("p1", "a", "2026-11-17T11:00"),
            deposit("p1", "a", "2026-11-18T11:00"),
        )
    )

    values = {
        name: shown(html, f"kpi-{name}")
        for name in (
            "daily-unique-visitors",
            "registrations",
            "ftd",
            "visit-to-registration",
            "registration-to-deposit",
        )
    }
    assert values == {
        "daily-unique-visitors": "3",
        "registrations": "1",
        "ftd": "1",
        "visit-to-registration": "50.0 %",
        "registration-to-deposit": "100.0 %",
    }
    assert "1 of 2 who entered 15 to 21 Nov 2026, within 7 days" in html
    assert "2 unique visitors in the period" in html


def test_cards_compare_with_the_days_before(tmp_path: Path) -> None:
    """Twice the visitors of the week before is up 100 %."""
    html = cards(
        figures(
            tmp_path,
            visit("p0", "a", "2026-11-01T10:00"),
            visit("p1", "a", "2026-11-09T10:00"),
            visit("p2", "a", "2026-11-16T10:00"),
            visit("p3", "a", "2026-11-17T10:00"),
        )
    )

    assert "▲ 100.0 % vs 7 days before" in html


def test_conversions_count_people_whose_window_is_over_and_say_so(tmp_path: Path) -> None:
    """Who entered less than 7 days before the data ends is in no rate yet, converted or not."""
    html = cards(
        figures(
            tmp_path,
            visit("old", "a", "2026-11-15T10:00"),
            visit("young", "a", "2026-11-21T10:00"),
            registration("young", "a", "2026-11-21T11:00"),
            until="2026-11-24T12:00",
            today=date(2026, 11, 24),
        )
    )

    assert shown(html, "kpi-visit-to-registration") == "0.0 %"
    assert "0 of 1 who entered until 17 Nov, 12:00, within 7 days" in html


def test_a_rate_that_nobody_is_old_enough_for_is_a_dash_with_the_count_so_far(tmp_path: Path) -> None:
    """The first person of all is no 100 %."""
    today = date(2026, 11, 21)
    html = cards(
        figures(
            tmp_path,
            visit("p1", "a", "2026-11-21T10:00"),
            registration("p1", "a", "2026-11-21T11:00"),
            period=Period(today, today),
            until="2026-11-21T12:00",
            today=today,
        )
    )

    assert shown(html, "kpi-visit-to-registration") == NOTHING
    assert "too early to say: 1 of 1 registered so far" in html
    assert "today is not over" in html


def test_first_deposits_without_a_registration_stand_apart_from_ftd(tmp_path: Path) -> None:
    """They are no FTD, and they are not hidden."""
    html = cards(figures(tmp_path, deposit("p1", "a", "2026-11-16T10:00")))

    assert shown(html, "kpi-ftd") == "0"
    assert "1 first deposit without a registration" in html


def test_the_funnel_is_readable_as_text(tmp_path: Path) -> None:
    """One person all the way: 1, 1, 1, under the names that docs/dashboard.md lists."""
    page = figures(
        tmp_path,
        visit("v-1", "a", "2026-11-16T10:00", s="v-1"),
        registration("p1", "a", "2026-11-16T11:00", s="v-1"),
        deposit("p1", "a", "2026-11-16T12:00"),
    )

    html = funnel_table(page)

    assert [shown(html, f"funnel-step-{step}") for step in ("visit", "registration", "deposit")] == ["1", "1", "1"]
    assert shown(html, "funnel-rate-deposit") == "100.0 %"
    assert "may still go on" not in funnel_note(page)


def test_the_funnel_says_how_many_may_still_go_on(tmp_path: Path) -> None:
    """Immature entries are counted in the bars and named below them."""
    page = figures(tmp_path, visit("p1", "a", "2026-11-21T10:00"), until="2026-11-22T12:00", today=date(2026, 11, 22))

    assert "1 person entered less than 7 days before the data ends and may still go on" in funnel_note(page)


def test_a_funnel_that_nobody_entered_has_no_rate(tmp_path: Path) -> None:
    """Zero of zero is a dash."""
    html = funnel_table(figures(tmp_path, deposit("p1", "a", "2026-11-16T10:00")))

    assert (shown(html, "funnel-step-visit"), shown(html, "funnel-rate-visit")) == ("0", NOTHING)


@pytest.mark.parametrize(
    ("measure", "order"),
    [
        ("Deposit days", [HOSTILE, "b", "a"]),
        ("Registrations", [HOSTILE, "b", "a"]),
        ("Daily unique visitors", ["a", HOSTILE, "b"]),
    ],
)
def test_banners_are_sorted_by_what_was_chosen_then_by_the_rest(measure: str, order: list[str]) -> None:
    """Of equals, those with more of the other measures come first."""
    html = banners_table(BANNERS, measure, 10)

    escaped = [tag.replace("<", "&lt;").replace(">", "&gt;") for tag in order]
    assert re.findall("<bdi>(.*?)</bdi>", html) == escaped


@pytest.mark.parametrize("measure", list(MEASURES))
def test_a_banner_tag_is_text_in_the_table(measure: str) -> None:
    """No element of a stranger's making, whatever the order."""
    html = banners_table(BANNERS, measure, 10)

    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html


def test_the_banners_table_is_as_long_as_it_may_be() -> None:
    """The rest is behind a button."""
    assert banners_table(BANNERS, "Deposit days", 2).count("<bdi>") == 2


def test_a_message_is_text() -> None:
    """A path or a reason in it cannot be an element."""
    assert "<script>" not in problem("<script>alert(1)</script>")


def test_refusals_are_said_with_their_reasons(tmp_path: Path) -> None:
    """The most frequent first."""
    page = figures(tmp_path, visit("p1", "a", "2026-11-16T10:00"))
    refused = pl.DataFrame({"reason": ["missing_player_id", "placeholder_value"], "count": [1200, 4]})

    said = refusals(Figures(**{**vars(page), "refused": refused}))

    assert said == "1,204 refused events: 1,200 missing_player_id, 4 placeholder_value"
