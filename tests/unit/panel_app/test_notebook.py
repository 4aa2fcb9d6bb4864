"""Every page's notebook runs, and asks what the page asks with the same filters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import nbformat
import polars as pl
import pytest

import pixels
from panel_app.notebook import notebook_of
from panel_app.pages import PAGES
from panel_app.session import Session
from panel_app.source import Held
from pixels import Warehouse
from pixels.config import load_settings
from tests.sample_warehouse import SampleWarehouse, at, deposit, registration, visit

HOSTILE = "'); raise SystemExit('x"
DAYS = "days=2026-11-01..2026-11-10"
PERIOD = ("2026-11-01", "2026-11-10")
WITH_NOTEBOOK = [
    page.slug for page in PAGES if page.slug in ("", "banners", "money", "funnel", "compare", "what-if", "proof")
]


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Three banners of two affiliates, each with somebody who went all the way."""
    home = tmp_path_factory.mktemp("home")
    sample = SampleWarehouse(
        home, banners={tag: (who, None, None, None) for tag, who in (("a", "Anna"), ("b", "Anna"), (HOSTILE, HOSTILE))}
    )
    sample.publish(
        *(
            event
            for number, tag in enumerate(("a", "a", "b", HOSTILE))
            for event in (
                visit(f"p{number}", tag, "2026-11-02T10:00"),
                registration(f"p{number}", tag, "2026-11-02T11:00"),
                deposit(f"p{number}", tag, "2026-11-03T10:00", amount="5", currency="EUR", _key="k"),
            )
        ),
        visit("p9", "a", "2026-11-03T10:00"),
        complete_until=at("2026-11-20T12:00"),
    )
    with pixels.open(home) as warehouse:
        yield warehouse


def run(wh: Warehouse, href: str, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Run the notebook of the page at an address, as written; return what each cell shows."""
    shown = Session(Held(wh), load_settings(), PAGES, href)._what_is_shown()
    page = next(page for page in PAGES if page.slug == shown.address.page)
    monkeypatch.setattr(pixels, "open", lambda: wh)
    names: dict[str, Any] = {}
    results = []
    for cell in nbformat.reads(notebook_of(page, shown).decode(), 4).cells:
        if cell.cell_type == "code":
            *before, last = cell.source.rstrip().split("\n")
            exec("\n".join(before), names)  # noqa: S102 - what the page would put into a notebook
            try:
                results.append(eval(last, names))  # noqa: S307
            except SyntaxError:
                exec(last, names)  # noqa: S102
    return results


@pytest.mark.parametrize("slug", WITH_NOTEBOOK)
@pytest.mark.parametrize("by", ["banner_tag", "affiliate"])
@pytest.mark.parametrize(
    "filters",
    ["", "&is.banner_tag=a", "&is.affiliate=Anna", "&is.affiliate=Anna&is.banner_tag=b", "&without=affiliate"],
)
def test_it_runs_with_any_filter_and_dimension(
    wh: Warehouse, slug: str, by: str, filters: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the filter is of another dimension than the rows."""
    heeds = next(page for page in PAGES if page.slug == slug).filters
    asked = f"{filters if 'where' in heeds else ''}{f'&by={by}' if 'by' in heeds else ''}"
    frames = [one for one in run(wh, f"./{slug}?{DAYS}{asked}", monkeypatch) if isinstance(one, pl.DataFrame)]
    assert frames
    wanted = {"&is.banner_tag=a": {"a"}, "&is.affiliate=Anna": {"a", "b"}, "&without=affiliate": set()}.get(filters)
    if filters and "where" in heeds:
        wanted = {"b"} if wanted is None else wanted
        for frame in frames:
            if "banner_tag" in frame.columns:
                assert set(frame["banner_tag"]) <= wanted


def test_it_gives_the_figures_of_the_page(wh: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the banners that the filter leaves."""
    _, figures, conversions, money, _ = run(wh, f"./?{DAYS}&is.affiliate=Anna", monkeypatch)
    assert figures.select("daily_unique_visitors", "registrations", "ftd").sum().row(0) == (4, 3, 3)
    assert conversions["visitors"].sum() == 4
    assert money["signed_amount"].sum() == 15
    _, compared, _, said = run(wh, f"./compare?{DAYS}&is.affiliate=Anna&by=affiliate", monkeypatch)
    assert compared.select("affiliate", "entries", "converted").rows() == [("Anna", 4, 3)]
    assert said


def test_a_name_is_a_literal_and_no_code(wh: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever somebody called a banner."""
    from urllib.parse import quote

    banners, *_ = run(wh, f"./money?{DAYS}&is.banner_tag={quote(HOSTILE)}", monkeypatch)
    assert banners == [HOSTILE]
