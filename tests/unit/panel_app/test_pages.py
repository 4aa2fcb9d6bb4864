"""Pages in a cell, without a server: what is drawn is text, whatever strangers called it."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import panel_app
import pixels
from panel_app import overview
from panel_app.blocks.refused import FIXES
from panel_app.blocks.sparkline import sparkline
from panel_app.page import Shown
from panel_app.pages import PAGES
from panel_app.screen import Screen
from panel_app.session import Session
from panel_app.source import Held
from pixels.config import load_settings
from pixels.numbers import numbers_for
from tests.sample_warehouse import SampleWarehouse, at, deposit, registration, visit
from tests.unit.panel_app.rendered import html

DAY = "2026-11-20"
HOSTILE = '"><img src=x onerror=alert(1)></script><script>alert(2)</script>'
DOCS = Path(__file__).parents[3] / "docs"


class Elements(HTMLParser):
    """The names of elements and of attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note them."""
        self.names |= {tag, *(name for name, _ in attrs)}


@pytest.fixture
def hostile(pixels_home: Path) -> SampleWarehouse:
    """A home in which banner, player and metadata are hostile."""
    sample = SampleWarehouse(pixels_home, is_demo=True)
    sample.publish(
        visit(HOSTILE, HOSTILE, f"{DAY}T10:00", s=HOSTILE),
        registration(HOSTILE, HOSTILE, f"{DAY}T11:00"),
        deposit(HOSTILE, HOSTILE, f"{DAY}T12:00", amount="5.00", currency="EUR", _key="k"),
        visit("quiet", "=brandA", f"{DAY}T13:00"),
        complete_until=at("2026-11-21T12:00"),
    )
    return sample


ADDRESSES = (
    "./", f"./?is.banner_tag={HOSTILE}", "./banners", f"./banners?q={HOSTILE}", f"./banner?tag={HOSTILE}&theirs=9", f"./banner?tag=x&theirs={'9' * 5_000}", "./banner",
    f"./why?day={DAY}", f"./why?day={DAY}&type=deposit", "./proof", "./funnel?drop=3", "./funnel?drop=2", "./players?segment=depositor",
    f"./players?player={HOSTILE}", f"./players?player={HOSTILE}x", f"./?metric={HOSTILE}", f"./?{HOSTILE}=1", f"./why?day={HOSTILE}",
    "./money", "./money?deposits=all", f"./money?is.banner_tag={HOSTILE}&deposits=counted", "./?metric=money",
    "./compare", f"./compare?measure={HOSTILE}", f"./compare?is.banner_tag={HOSTILE}&measure=deposit_rate",
    "./what-if", f"./what-if?rule={HOSTILE}", f"./what-if?is.banner_tag={HOSTILE}&rule=first_ever",
)  # fmt: skip


@pytest.mark.parametrize("href", ADDRESSES)
def test_what_strangers_named_stays_text(hostile: SampleWarehouse, href: str) -> None:
    """No element and no attribute comes of it, on any page."""
    from urllib.parse import quote

    path, _, search = href.partition("?")
    asked = "&".join("=".join(quote(part) for part in pair.split("=", 1)) for pair in search.split("&"))
    with pixels.open(hostile.home) as wh:
        session = Session(Held(wh), load_settings(), PAGES, f"{path}?{asked}")
        shown = html(session.view)

    elements = Elements()
    elements.feed(shown)
    assert not elements.names & {"img", "script", "onerror", "iframe", "src"}
    assert "could not be" not in session.state.problem


def test_a_cell_shows_the_figures_of_its_warehouse_and_follows_its_links(pixels_home: Path) -> None:
    """Cards and banners of the snapshot at hand; a link leads to other days without a server."""
    sample = SampleWarehouse(pixels_home, is_demo=True)
    sample.publish(
        *(visit(f"p{day}", "brandA", f"2026-11-{day:02d}T10:00") for day in range(1, 22)),
        complete_until=at("2026-11-22T12:00"),
    )

    with pixels.open(sample.home) as wh:
        view = overview(wh)
        shown = html(view)
        assert 'kpi-daily-unique-visitors">21<' in shown
        assert "<bdi>brandA</bdi>" in shown
        assert "Demo data" in shown
        assert "download" not in shown  # nothing serves it here
        next(iter(view.select(Screen)))._handle_msg({"go": "./?days=7d"})
        assert 'kpi-daily-unique-visitors">7<' in html(view)


@pytest.mark.parametrize(
    ("cell", "shown"),
    [("banners", 'table class="banners"'), ("funnel", "funnel-step-visit"), ("players", "segment-visitor")],
)
def test_every_page_is_a_cell_too(hostile: SampleWarehouse, cell: str, shown: str) -> None:
    """With the days of the dashboard's address, where the page has any."""
    with pixels.open(hostile.home) as wh:
        page = getattr(panel_app, cell)
        assert shown in html(page(wh) if cell == "players" else page(wh, days="all"))


def test_without_data_a_cell_shows_the_pixel_to_embed(pixels_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the address of the collector as it is set."""
    monkeypatch.setenv("PIXELS_COLLECTOR_PORT", "18787")

    assert "http://127.0.0.1:18787/pixels.js" in html(overview())


def test_what_cannot_be_read_is_said_and_nobody_is_told_to_send_a_first_pixel(pixels_home: Path) -> None:
    """A damaged pointer is not an empty warehouse."""
    (pixels_home / "published").mkdir()
    (pixels_home / "published" / "current.json").write_text("{")

    shown = html(overview())

    assert "current.json cannot be read" in shown
    assert "pixel-snippet" not in shown


def test_every_reason_has_what_mends_it() -> None:
    """The reasons of docs/pixel.md, each with a sentence for its sender."""
    lines = [line for line in (DOCS / "pixel.md").read_text("utf-8").splitlines() if line.startswith("| `")]
    reasons = {line.split("`")[1] for line in lines if line.split("|")[2].strip().isdecimal()}

    assert reasons == FIXES.keys()


@given(values=st.lists(st.one_of(st.none(), st.floats(0, 1e12)), max_size=40), cut=st.integers(0, 3))
def test_a_sparkline_lies_within_its_box(values: list[float | None], cut: int) -> None:
    """Whatever it draws; days that are not whole are left out."""
    partial = [place >= len(values) - cut for place in range(len(values))]
    frame = pl.DataFrame({"value": values, "partial": partial}, {"value": pl.Float64, "partial": pl.Boolean})

    drawn = sparkline(frame)

    points = [
        tuple(map(float, point.split(",")))
        for run in drawn.split('points="')[1:]
        for point in run.split('"')[0].split()
    ]
    assert all(0 <= x <= 84 and 0 <= y <= 26 for x, y in points)


def test_every_reader_has_numbers_as_at_home(pixels_home: Path) -> None:
    """Figures, rates and amounts on the page of a reader of German, and right after it those of a reader of English."""
    sample = SampleWarehouse(pixels_home)
    sample.publish(
        *(visit(f"p{person}", "brandA", "2026-11-10T10:00") for person in range(1_200)),
        registration("p1", "brandA", "2026-11-10T11:00"),
        deposit("p1", "brandA", "2026-11-10T12:00", amount="999.50", currency="EUR", _key="k"),
        complete_until=at("2026-11-22T12:00"),
    )
    with pixels.open(sample.home) as wh:
        german, english = (
            html(Session(Held(wh), load_settings(), PAGES, numbers=numbers_for(language)).view)
            for language in ("de", "en")
        )

    assert 'kpi-daily-unique-visitors">1.200<' in german
    assert 'kpi-visit-to-registration chance">0,1 %<' in german or 'kpi-visit-to-registration">0,1 %<' in german
    assert 'kpi-money">999,50<' in german
    assert 'kpi-daily-unique-visitors">1,200<' in english
    assert "0.1 %" in english


def test_a_view_that_failed_half_way_is_drawn_again(hostile: SampleWarehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when one goes back to what it had shown before, whose answer is the same; and what is there already is not."""
    drawn: list[str] = []
    with pixels.open(hostile.home) as wh:
        session = Session(Held(wh), load_settings(), PAGES, f"./why?day={DAY}")
        view = session._views["why"]
        show = view.show

        def failing(shown: Shown) -> None:
            drawn.append(shown.address.option("type", "visit"))
            if drawn[-1] == "deposit":
                raise ValueError("half-way")
            show(shown)

        monkeypatch.setattr(view, "show", failing)
        for event_type in ("visit", "deposit", "visit", "visit"):
            session.go(f"./why?day={DAY}" + ("" if event_type == "visit" else f"&type={event_type}"))

    assert drawn == ["deposit", "visit"]
