"""What scripts of other origins may send to a collector, and which answers they may read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.e2e.brand_site import events_after, served
from tests.integration.collector.running import RunningCollector, running_collector

pytestmark = pytest.mark.browser

FETCH = """async ([url, options]) => {
    try {
        const answer = await fetch(url, options);
        const { byteLength } = await answer.arrayBuffer();
        return { status: answer.status, bytes: byteLength, rejected: answer.headers.get("X-Pixels-Rejected") };
    } catch (error) {
        return error.name;
    }
}"""
JSON_POST = {
    "method": "POST",
    "headers": {"Content-Type": "application/json"},
    "body": '{"playerId": "p1", "bannerTag": "brandA"}',
}
UNREADABLE = "TypeError"
PIXEL = {"status": 200, "bytes": 43, "rejected": None}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[str]:
    """A site; the same server answers as another origin, see `elsewhere`."""
    folder = tmp_path / "www"
    folder.mkdir()
    (folder / "index.html").write_text('<!doctype html><link rel="icon" href="data:,">')
    with served(folder, {}) as url:
        yield url


def elsewhere(shop: str) -> str:
    """Return the address of the same page on another origin."""
    return shop.replace("localhost", "127.0.0.1")


@pytest.fixture
def page(visitor: BrowserContext) -> Page:
    return visitor.new_page()


def fetched(page: Page, url: str, options: dict[str, Any] | None = None) -> Any:
    """Return what a script of the page learns of the answer, or the name of the error that it gets."""
    return page.evaluate(FETCH, [url, options or {}])


@pytest.mark.parametrize("options", [{}, {"method": "POST"}, JSON_POST])
def test_any_site_may_read_the_answer(
    collector: RunningCollector, page: Page, shop: str, options: dict[str, Any]
) -> None:
    """By default; also after the preflight that the browser sends before JSON."""
    known = len(collector.events())
    page.goto(shop)
    query = "" if options.get("body") else "?playerId=p1&bannerTag=brandA"

    assert fetched(page, f"{collector.url}/registration{query}", options) == PIXEL
    (event,) = events_after(collector, known, 1)
    assert (event["event_type"], event["player_id"]) == ("registration", "p1")


def test_a_script_may_read_why_it_is_refused(collector: RunningCollector, page: Page, shop: str) -> None:
    """From the header, without asking for JSON."""
    page.goto(shop)

    answer = fetched(page, f"{collector.url}/visit?playerId=guest&bannerTag=brandA")
    assert (answer["status"], answer["rejected"]) == (400, "placeholder_value")


def test_a_page_may_send_a_batch(collector: RunningCollector, page: Page, shop: str) -> None:
    """An app that was offline for a while sends all at once."""
    known = len(collector.events())
    page.goto(shop)
    item = '{"eventType": "visit", "playerId": "p1", "bannerTag": "brandA"}'

    assert fetched(page, f"{collector.url}/events", {**JSON_POST, "body": f"[{item}, {item}]"})["status"] == 200
    assert len(events_after(collector, known, 2)) == 2


def test_credentials_are_never_asked_for(collector: RunningCollector, page: Page, shop: str) -> None:
    """A script that sends them cannot read the answer: nothing here depends on who is logged in where."""
    known = len(collector.events())
    page.goto(shop)

    url = f"{collector.url}/visit?playerId=p1&bannerTag=brandA"
    assert fetched(page, url, {"credentials": "include"}) == UNREADABLE
    assert len(events_after(collector, known, 1)) == 1
    assert page.context.cookies() == []


@pytest.fixture
def choosy(tmp_path: Path, shop: str) -> Iterator[RunningCollector]:
    """A collector whose answers only the shop's scripts may read."""
    with running_collector(tmp_path / "choosy", PIXELS_CORS_ORIGINS=f"https://other.example, {shop}") as running:
        yield running


@pytest.mark.parametrize("options", [{}, JSON_POST])
def test_a_listed_site_may_read_the_answer(
    choosy: RunningCollector, page: Page, shop: str, options: dict[str, Any]
) -> None:
    """As if all were allowed."""
    page.goto(shop)
    query = "" if options else "?playerId=p1&bannerTag=brandA"

    assert fetched(page, f"{choosy.url}/visit{query}", options) == PIXEL


def test_another_site_cannot_read_the_answer_and_sends_no_json(choosy: RunningCollector, page: Page, shop: str) -> None:
    """What needs no preflight is stored all the same: a browser asks for leave to read, not to send."""
    page.goto(elsewhere(shop))

    assert fetched(page, f"{choosy.url}/visit", JSON_POST) == UNREADABLE
    assert fetched(page, f"{choosy.url}/visit?playerId=p2&bannerTag=brandA") == UNREADABLE
    assert [event["player_id"] for event in events_after(choosy, 0, 1)] == ["p2"]
    assert choosy.refusals() == []


@pytest.mark.parametrize("script", ["0", "navigator.sendBeacon = undefined"])
def test_pixels_js_works_on_sites_that_are_not_listed(
    choosy: RunningCollector, page: Page, shop: str, script: str
) -> None:
    """Script, beacon and image are not read by the page."""
    page.add_init_script(script)
    page.goto(elsewhere(shop))
    tag = f'<!doctype html><script src="{choosy.url}/pixels.js" data-visit data-banner-tag="brandA"></script>'
    page.set_content(tag)

    assert events_after(choosy, 0, 1)[0]["event_type"] == "visit"
