"""The page What if: both counts of every banner and day, as the library counts them."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest

import pixels
from aggregator.run import run_pass
from panel_app.blocks.what_if import RULES as WORDED
from panel_app.pages import PAGES
from panel_app.pages.what_if import WHAT_IF
from panel_app.session import Session
from panel_app.source import Held
from pixels import Warehouse
from pixels.config import load_settings
from pixels.what_if import RULES
from tests.local_log import append
from tests.sample_records import event
from tests.sample_warehouse import SampleWarehouse, at, deposit, visit
from tests.unit.panel_app.rendered import html

DAYS = "days=2026-11-01..2026-11-05"
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def sample(pixels_home: Path) -> SampleWarehouse:
    """p1 comes three times on a day, by two banners, and on the next day by one that nobody knows otherwise."""
    sample = SampleWarehouse(pixels_home, banners={"brandA": ("Anna", None, None, None)})
    sample.publish(
        visit("p1", "brandA", "2026-11-01T10:00"),
        visit("p1", "brandA", "2026-11-01T11:00"),
        visit("p1", HOSTILE, "2026-11-01T12:00"),
        visit("p1", "brandA", "2026-11-02T10:00"),
        deposit("p1", "brandA", "2026-11-02T12:00"),
        complete_until=at("2026-11-20T12:00"),
    )
    return sample


def session(wh: Warehouse, search: str = "") -> Session:
    """The page at an address."""
    return Session(Held(wh), load_settings(), PAGES, f"./what-if?{DAYS}{search}")


def tables(shown: Session) -> dict[str, list[tuple[object, ...]]]:
    """What can be downloaded of the page."""
    return {name: frame(shown._what_is_shown()).rows() for name, frame in WHAT_IF.tables.items()}


def test_every_rule_of_the_library_has_words() -> None:
    """And no other; the one that the page opens with is the first."""
    assert set(WORDED) == set(RULES)
    assert set(WHAT_IF.options["rule"] or ()) == set(RULES)


def test_both_counts_of_every_banner_are_shown(sample: SampleWarehouse) -> None:
    """Banners that would count are there too, whose name stays text; and so are days, the newest first."""
    with pixels.open(sample.home) as wh:
        shown = session(wh)
        drawn = html(shown.view)
        expected = wh.what_if("per_event", "2026-11-01", "2026-11-05")
        assert tables(shown)["what-if"] == expected.rows()
    assert "<b>4 visits</b> would count in place of 2: 2 more (+100.0 %)" in drawn
    assert "<bdi>&lt;img src=x onerror=alert(1)&gt;</bdi>" in drawn
    assert drawn.index("2 Nov 2026</td>") < drawn.index("1 Nov 2026</td>")
    assert '<td class="counts">0</td><td class="would-count">1</td><td class="difference">+1</td>' in drawn


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ("&rule=per_day_and_banner", "<b>3 visits</b> would count in place of 2: 1 more (+50.0 %)"),
        ("&rule=first_ever", "<b>1 visit</b> would count in place of 2: 1 fewer (-50.0 %)"),
        ("&rule=first_ever&type=deposit", "the same <b>1 deposit</b>"),
        ("&rule=per_day", "<b>3 figures</b> of these days, by day, type and banner, are as they are stored"),
        ("&type=registration", "None of this type on these days"),
        ("&is.affiliate=Anna", "<b>3 visits</b> would count in place of 2: 1 more"),
        ("&without=affiliate", "<b>1 visit</b> would count in place of 0: 1 more."),
        ("&is.affiliate=Nobody", "Clear the filters"),
        ("&by=affiliate", "(none)"),
    ],
)
def test_rule_type_and_filters_are_those_of_the_address(sample: SampleWarehouse, search: str, said: str) -> None:
    """What the answer comes to stands in a sentence."""
    with pixels.open(sample.home) as wh:
        assert said in html(session(wh, search).view)


def test_a_figure_that_its_records_do_not_give_is_said(sample: SampleWarehouse) -> None:
    """By the rule as it counts, whose second figure has to be the first."""
    with duckdb.connect(str(sample.published / "snapshot-000001.duckdb")) as con:
        con.execute("UPDATE event_summary SET count = 5 WHERE event_type = 'deposit'")
    with pixels.open(sample.home) as wh:
        assert "<b>1 of 3 figures</b>" in html(session(wh, "&rule=per_day").view)


def test_without_the_archive_the_page_says_where_it_belongs(pixels_home: Path) -> None:
    """In the place of counts that nobody can work out; and the download is empty."""
    append(pixels_home, [event(1, created_at="2026-11-02T10:00:00Z"), event(2)], at_ms=1_795_000_000_000)
    run_pass(load_settings(home=pixels_home, retention_days=10), now=lambda: datetime(2026, 11, 20, tzinfo=UTC))
    shutil.rmtree(pixels_home / "archive")
    with pixels.open(pixels_home) as wh:
        shown = session(wh)
        assert "The archive belongs beside the folder of the snapshots" in html(shown.view)
        assert tables(shown) == {"what-if": [], "days": []}


def test_its_notebook_asks_what_the_page_asks(sample: SampleWarehouse) -> None:
    """The cells run, and give the rows of the page."""
    with pixels.open(sample.home) as wh:
        shown = session(wh, "&rule=first_ever&by=affiliate&type=deposit")._what_is_shown()
        names = {"wh": wh, "start": "2026-11-01", "end": "2026-11-05", "plots": pixels.plots}
        for cell in WHAT_IF.notebook(shown):
            exec(cell, names)  # noqa: S102 - what the page would put into a notebook
        frame = names["what_if"]
        assert isinstance(frame, pl.DataFrame)
        assert frame.rows() == WHAT_IF.tables["what-if"](shown).rows()


def test_the_proof_leads_to_counting_anew(sample: SampleWarehouse) -> None:
    """With the same days."""
    with pixels.open(sample.home) as wh:
        proof = html(Session(Held(wh), load_settings(), PAGES, f"./proof?{DAYS}").view)
    assert f'href="./what-if?{DAYS}&amp;rule=per_day"' in proof
