"""examples/site: a brand that embeds pixels.js, from landing to deposit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.e2e.brand_site import VISITOR_KEY, events_after, served
from tests.integration.collector.running import RunningCollector

pytestmark = pytest.mark.browser

EXAMPLE_SITE = Path(__file__).parents[2] / "examples" / "site"


@pytest.fixture
def example_site() -> Iterator[str]:
    with served(EXAMPLE_SITE, {}) as url:
        yield url


def test_the_example_site_takes_a_visitor_from_landing_to_deposit(
    collector: RunningCollector, visitor: BrowserContext, example_site: str
) -> None:
    """Anonymous until sign-up, one banner all the way, the visitor key on each event."""
    known = len(collector.events())
    page = visitor.new_page()
    page.goto(f"{example_site}/index.html?bannerTag=brandA&b=click1&collector={collector.url}")
    events_after(collector, known, 1)
    page.click("#start")
    page.fill("#nickname", "polarfox")
    page.click("#signup button")
    page.wait_for_url("**/deposit.html")
    events_after(collector, known, 2)
    page.click("text=100 €")
    page.click("#deposit button")
    page.wait_for_selector("#done:has-text('100 €')")

    visit, registration, deposit = events_after(collector, known, 3)
    key, player = visit["player_id"], registration["player_id"]
    assert VISITOR_KEY.fullmatch(key)
    assert player.startswith("p-")
    assert deposit["player_id"] == player
    assert [event["event_type"] for event in (visit, registration, deposit)] == ["visit", "registration", "deposit"]
    assert {event["banner_tag"] for event in (visit, registration, deposit)} == {"brandA"}
    assert {(event["metadata"]["s"], event["metadata"]["b"]) for event in (visit, registration, deposit)} == {
        (key, "click1")
    }
    assert (deposit["metadata"]["amount"], deposit["metadata"]["currency"]) == ("100.00", "EUR")


def test_the_example_site_works_without_a_collector(visitor: BrowserContext, example_site: str) -> None:
    """A brand must not lose a customer because its tracking is down."""
    page = visitor.new_page()
    page.goto(f"{example_site}/signup.html?collector=http://127.0.0.1:9")
    page.fill("#nickname", "polarfox")
    page.click("#signup button")

    page.wait_for_url("**/deposit.html")
    assert page.inner_text("#who") == "polarfox · 0 €"


def test_the_example_site_takes_no_script_from_strangers(visitor: BrowserContext, example_site: str) -> None:
    """A link may choose another collector on this machine only."""
    page = visitor.new_page()
    page.goto(f"{example_site}/index.html?collector=http://127.0.0.1.example.com")

    assert (
        page.evaluate("document.querySelector('script[src$=\"pixels.js\"]').src") == "http://127.0.0.1:8787/pixels.js"
    )
