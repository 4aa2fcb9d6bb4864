"""How what pixels.js sends reaches the collector: beacons, images, pages that end, networks and policies that forbid."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.e2e.brand_site import Site
from tests.integration.collector.running import RunningCollector, end, running_collector
from tests.waiting import until

pytestmark = pytest.mark.browser

NO_BEACON = "navigator.sendBeacon = undefined"
BEACON_REFUSED = "navigator.sendBeacon = () => false"
ON_PAGE_HIDE = "<script>addEventListener('pagehide', () => pixels.deposit({playerId: 'p1'}))</script>"
BY_THE_BROWSER = "Failed to load resource"
"""How the browser's own lines on its console begin; a page cannot prevent them."""


@contextmanager
def standing_still(collector: RunningCollector) -> Iterator[None]:
    """Let the collector answer nobody meanwhile."""
    for worker in collector.workers():
        os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        for worker in collector.workers():
            os.kill(worker, signal.SIGCONT)


def test_a_beacon_is_used_where_there_is_one(site: Site) -> None:
    """It survives the end of the page."""
    site.open('data-banner-tag="brandA" data-visit')

    site.stored(1)
    assert site.requests == [("POST", "ping")]


@pytest.mark.parametrize("script", [NO_BEACON, BEACON_REFUSED])
def test_without_a_beacon_an_image_is_used(site: Site, script: str) -> None:
    """Also when the browser's queue of beacons is full."""
    site.page.add_init_script(script)
    site.open('data-banner-tag="brandA" data-visit')

    site.stored(1)
    assert site.requests == [("GET", "image")]


def test_an_event_of_the_moment_in_which_the_page_is_left_arrives(site: Site) -> None:
    """The visitor goes to another site."""
    page = site.open('data-banner-tag="brandA"', ON_PAGE_HIDE)
    page.goto("about:blank")

    (deposit,) = site.stored(1)
    assert (deposit["event_type"], deposit["player_id"]) == ("deposit", "p1")


def test_an_event_of_the_moment_in_which_the_tab_is_closed_arrives(site: Site) -> None:
    """With the page and all that belongs to it."""
    page = site.open('data-banner-tag="brandA"', ON_PAGE_HIDE)
    page.close(run_before_unload=True)

    assert site.stored(1)[0]["player_id"] == "p1"


def test_a_click_on_a_link_is_sent_while_the_next_page_loads(site: Site) -> None:
    """A button that leads away is the usual place of an event."""
    next_page = site.write(page="next.html")
    page = site.open(
        'data-banner-tag="brandA"', f'<a data-pixels="deposit" data-player-id="p1" href="{next_page}">Pay</a>'
    )
    page.click("a")
    page.wait_for_url(next_page)

    assert site.stored(1)[0]["player_id"] == "p1"


def test_an_event_arrives_though_its_page_was_gone_before_the_answer(site: Site) -> None:
    """The browser goes on by itself."""
    page = site.open('data-banner-tag="brandA"')
    with standing_still(site.collector):
        assert site.call("pixels.registration({playerId: 'p1'})") is True
        page.close()

    assert site.stored(1)[0]["player_id"] == "p1"


def test_a_script_that_a_blocker_stops_takes_nothing_with_it(site: Site) -> None:
    """The calls of a careful page (`window.pixels?.`) then do nothing."""
    site.page.route("**/pixels.js", lambda route: route.abort("blockedbyclient"))
    site.open(body="<script>window.pixels?.visit(); document.title = 'went on'</script>")

    assert site.page.title() == "went on"
    assert all(line.startswith(BY_THE_BROWSER) for line in site.console)


@pytest.mark.parametrize("beacon", ["beacon", NO_BEACON])
def test_a_collector_that_is_gone_disturbs_no_page(tmp_path: Path, visitor: BrowserContext, beacon: str) -> None:
    """Calls return as ever, nothing is thrown and nothing is said."""
    (tmp_path / "www").mkdir()
    with running_collector(tmp_path / "home") as collector, Site(tmp_path / "www", collector, visitor).online() as site:
        site.page.add_init_script(f"'{beacon}'" if beacon == "beacon" else beacon)
        site.open('data-banner-tag="brandA"')
        end(collector.process)
        with site.page.expect_console_message():  # the browser's, that it cannot connect
            assert site.call("pixels.registration({playerId: 'p1'})") is True

        assert site.errors == []
        assert all(line.startswith(BY_THE_BROWSER) for line in site.console)


def test_a_refusal_disturbs_no_page(tmp_path: Path, visitor: BrowserContext) -> None:
    """The page cannot know; the collector keeps the reason."""
    (tmp_path / "www").mkdir()
    with running_collector(tmp_path / "home") as collector, Site(tmp_path / "www", collector, visitor).online() as site:
        site.open('data-banner-tag="brandA"')
        assert site.call("pixels.deposit({playerId: 'p1', metadata: {amount: 'much', currency: 'EUR'}})") is True
        until(lambda: len(collector.refusals()) == 1, what="the refusal of the beacon")
        site.call("navigator.sendBeacon = undefined")
        assert site.call("pixels.deposit({playerId: 'p1', metadata: {amount: 'much', currency: 'EUR'}})") is True
        until(lambda: len(collector.refusals()) == 2, what="the refusal of the image")

        assert {refusal["reason"] for refusal in collector.refusals()} == {"bad_amount"}
        assert site.errors == []
        assert all(line.startswith(BY_THE_BROWSER) for line in site.console)


def test_after_a_time_without_a_network_the_visitor_is_the_same(site: Site, visitor: BrowserContext) -> None:
    """What was sent meanwhile is lost, as the manual says; what follows is not."""
    site.open('data-banner-tag="brandA" data-visit')
    (before,) = site.stored(1)
    visitor.set_offline(True)
    with site.page.expect_console_message():
        assert site.call("pixels.deposit({playerId: 'p1'})") is True
    visitor.set_offline(False)
    site.call("pixels.registration({playerId: 'p1'})")

    _, registration = site.stored(2)
    assert registration["event_type"] == "registration"
    assert registration["metadata"]["s"] == before["player_id"]
    assert all(line.startswith(BY_THE_BROWSER) for line in site.console)


@pytest.mark.parametrize("script", ["0", NO_BEACON])
def test_the_policy_of_the_manual_lets_everything_through(site: Site, script: str) -> None:
    """Content-Security-Policy: the collector in script-src, connect-src and img-src, and nothing else."""
    origin = site.collector.url
    site.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src {origin}; connect-src {origin}; img-src {origin} data:"
    )
    site.page.add_init_script(script)
    site.open('data-banner-tag="brandA" data-visit')

    site.stored(1)
    assert site.console == []


def test_a_policy_that_forbids_beacons_disturbs_no_page(site: Site) -> None:
    """The browser says so on its console; the page goes on."""
    site.headers["Content-Security-Policy"] = f"default-src 'none'; script-src {site.collector.url}; img-src data:"
    site.open('data-banner-tag="brandA" data-visit')
    assert site.call("pixels.visit()") is True
    site.headers.clear()
    site.open('data-banner-tag="marker" data-visit')

    assert [event["banner_tag"] for event in site.stored(1)] == ["marker"]


@pytest.mark.parametrize("script", ["0", NO_BEACON])
def test_a_page_that_is_isolated_from_other_origins_can_embed_it(site: Site, script: str) -> None:
    """Cross-Origin-Embedder-Policy lets only through what says that it may be embedded."""
    site.headers |= {"Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Opener-Policy": "same-origin"}
    site.page.add_init_script(script)
    site.open('data-banner-tag="brandA" data-visit')

    site.stored(1)
    assert site.call("crossOriginIsolated") is True


def test_no_cookie_and_no_referrer_is_stored(site: Site, visitor: BrowserContext) -> None:
    """A cookie of the collector's own domain, set by others, does travel; nothing of it is kept."""
    visitor.add_cookies([{"name": "secret", "value": "of-another-program", "url": site.collector.url}])
    site.page.add_init_script(NO_BEACON)
    site.page.goto(site.write('data-banner-tag="brandA" data-visit') + "?private=address")

    (visit,) = site.stored(1)
    assert "of-another-program" not in str(visit)
    assert "private" not in str(visit)
