"""pixels.js in a real browser, against a real collector on another origin."""

from __future__ import annotations

import http.server
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.integration.collector.running import RunningCollector, running_collector
from tests.waiting import until

pytestmark = pytest.mark.browser

EXAMPLE_SITE = Path(__file__).parents[2] / "examples" / "site"
VISITOR_KEY = re.compile(r"v-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
NO_BEACON = "navigator.sendBeacon = undefined"
BEACON_REFUSED = "navigator.sendBeacon = () => false"
NO_STORAGE = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied') } })"

Event = dict[str, Any]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line for each, and never from a cache: pages of one address differ within a second."""

    def end_headers(self) -> None:
        """Forbid to keep the page."""
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def serve(folder: Path) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[RunningCollector]:
    """A collector of its own for each test, so that a test may count."""
    with running_collector(tmp_path / "home") as running:
        yield running


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[BrowserContext]:
    """Somebody who has never been here."""
    context = chromium.new_context()
    yield context
    context.close()


class Site:
    """A page that embeds pixels.js, opened by the visitor; remembers what went wrong in it and what it requested."""

    def __init__(self, folder: Path, url: str, collector: RunningCollector, visitor: BrowserContext) -> None:
        self._folder, self._url, self._collector = folder, url, collector
        self.page: Page = visitor.new_page()
        self.errors: list[str] = []
        self.requests: list[tuple[str, str]] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._remember)

    def _remember(self, request: Any) -> None:
        if request.url.startswith(self._collector.url) and not request.url.endswith("/pixels.js"):
            self.requests.append((request.method, request.resource_type))

    def open(self, script: str = "", body: str = "", query: str = "") -> Page:
        """Open a page with `<script src=".../pixels.js" {script}>` in its head and wait until all has loaded."""
        tag = f'<script src="{self._collector.url}/pixels.js" {script}></script>'
        (self._folder / "index.html").write_text(f"<!doctype html><html><head>{tag}</head><body>{body}</body></html>")
        self.page.goto(f"{self._url}/index.html{query}")
        return self.page

    def stored(self, count: int) -> list[Event]:
        """Return the events once there are so many; beacons take their time."""
        until(lambda: len(self._collector.events()) >= count, what=f"{count} events")
        events = self._collector.events()
        assert len(events) == count
        return events

    def call(self, javascript: str) -> Any:
        return self.page.evaluate(javascript)


@pytest.fixture
def site(tmp_path: Path, collector: RunningCollector, visitor: BrowserContext) -> Iterator[Site]:
    (tmp_path / "www").mkdir()
    for url in serve(tmp_path / "www"):
        opened = Site(tmp_path / "www", url, collector, visitor)
        yield opened
        assert opened.errors == []
        assert collector.refusals() == []


def test_a_visit_at_load_carries_the_visitor_key_and_sets_no_cookie(site: Site, visitor: BrowserContext) -> None:
    """One tag is all that a landing page needs."""
    page = site.open('data-banner-tag="brandA" data-visit')

    (event,) = site.stored(1)
    key = page.evaluate("localStorage['pixels.visitor']")
    assert VISITOR_KEY.fullmatch(key)
    assert (event["event_type"], event["banner_tag"], event["player_id"]) == ("visit", "brandA", key)
    assert event["metadata"] == {"s": key}
    assert visitor.cookies() == []


@pytest.mark.parametrize("attribute", ["async", "defer"])
def test_the_script_may_load_late(site: Site, attribute: str) -> None:
    """async and defer change when it runs, not what it does."""
    site.open(f'{attribute} data-banner-tag="brandA" data-visit')

    assert site.stored(1)[0]["event_type"] == "visit"


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


def test_the_visitor_key_joins_what_came_before_and_after_sign_up(site: Site) -> None:
    """Before sign-up the key stands for the player; afterwards it goes along with the real player id, page after page."""
    site.open('data-banner-tag="brandA" data-visit')
    (visit,) = site.stored(1)
    site.open()
    assert (
        site.call("pixels.registration({playerId: 'p7', metadata: {plan: 'gold', none: undefined, zero: 0}})") is True
    )
    site.stored(2)
    site.open()
    assert site.call("pixels.deposit({playerId: 'p7', bannerTag: 'other'})") is True

    _, registration, deposit = site.stored(3)
    key = visit["player_id"]
    assert (registration["event_type"], registration["player_id"], registration["banner_tag"]) == (
        "registration",
        "p7",
        "brandA",
    )
    assert registration["metadata"] == {"plan": "gold", "s": key, "zero": "0"}
    assert (deposit["event_type"], deposit["player_id"], deposit["banner_tag"]) == ("deposit", "p7", "other")
    assert deposit["metadata"] == {"s": key}


def test_emit_names_events_as_a_site_does(site: Site) -> None:
    """RegistrationSuccess and DepositSuccess; anything else is not sent."""
    site.open()

    assert site.call("pixels.emit('RegistrationSuccess', {bannerTag: 'brandA', playerId: 'p1'})") is True
    assert site.call("pixels.emit('DepositSuccess', {bannerTag: 'brandA', metadata: {txid: 't1'}})") is True
    assert site.call("pixels.emit('Logout', {bannerTag: 'brandA'})") is False

    registration, deposit = sorted(site.stored(2), key=lambda event: event["event_type"], reverse=True)
    assert (registration["event_type"], registration["player_id"]) == ("registration", "p1")
    assert (deposit["event_type"], deposit["player_id"]) == ("deposit", deposit["metadata"]["s"])
    assert deposit["metadata"]["txid"] == "t1"


def test_banner_and_click_id_come_from_call_script_address_or_memory(site: Site) -> None:
    """In this order; a click id is not handed on to another banner."""
    site.open(query="?bannerTag=fromAddress&b=click1")
    site.open()
    site.call("pixels.visit()")
    site.stored(1)
    site.open('data-banner-tag="fromScript"', query="?bannerTag=fromAddress")
    site.call("pixels.registration()")
    site.stored(2)
    site.call("pixels.deposit({bannerTag: 'fromCall', b: 'click2'})")

    found = [(event["banner_tag"], event["metadata"].get("b")) for event in site.stored(3)]
    assert found == [("fromAddress", "click1"), ("fromScript", None), ("fromCall", "click2")]


def test_without_a_banner_nothing_is_sent(site: Site) -> None:
    """A visitor whom no banner brought is no refusal."""
    site.open("data-visit")
    assert site.call("pixels.visit()") is False
    assert site.call("pixels.visit({bannerTag: 'marker'})") is True

    assert [event["banner_tag"] for event in site.stored(1)] == ["marker"]


def test_without_consent_nothing_is_kept_and_nobody_anonymous_is_sent(site: Site) -> None:
    """A known player's event still is, without the visitor key."""
    site.open('data-consent="off" data-visit', query="?bannerTag=brandA&b=click1")
    assert site.call("pixels.visit()") is False
    assert site.call("pixels.deposit({playerId: 'p1'})") is True

    (deposit,) = site.stored(1)
    assert (deposit["player_id"], deposit["metadata"]) == ("p1", {"b": "click1"})
    assert site.call("Object.keys(localStorage)") == []


def test_withdrawn_consent_removes_what_was_kept(site: Site) -> None:
    """Given again, the visitor is a new one."""
    site.open('data-banner-tag="brandA" data-visit')
    (before,) = site.stored(1)
    site.call("pixels.consent(false)")
    assert site.call("Object.keys(localStorage)") == []
    assert site.call("pixels.visit()") is False
    site.call("pixels.consent(true)")
    assert site.call("pixels.visit()") is True

    assert site.stored(2)[1]["player_id"] != before["player_id"]


def test_a_browser_that_denies_storage_is_no_obstacle(site: Site) -> None:
    """The key then lasts as long as the page, and still joins its events."""
    site.page.add_init_script(NO_STORAGE)
    site.open('data-banner-tag="brandA" data-visit')
    site.stored(1)
    site.call("pixels.registration({playerId: 'p1'})")

    visit, registration = site.stored(2)
    assert VISITOR_KEY.fullmatch(visit["player_id"])
    assert registration["metadata"]["s"] == visit["player_id"]


def test_elements_report_by_their_attributes(site: Site) -> None:
    """A click on a button, the submission of a form; its fields give the player, data-meta-* the metadata."""
    page = site.open(
        'data-banner-tag="brandA"',
        """<form data-pixels="registration" data-player-id="#nick" data-meta-form="sign-up" onsubmit="return false">
             <input id="nick"><button id="join">Join</button></form>
           <button id="pay" data-pixels="deposit" data-player-id="p9" data-banner-tag="brandB" data-meta-tx-id="t1">
             <b id="inside">Pay</b></button>""",
    )
    page.fill("#nick", "polarfox")
    page.click("#nick")
    page.click("#join")
    site.stored(1)
    page.click("#inside")

    registration, deposit = site.stored(2)
    assert (registration["event_type"], registration["player_id"], registration["banner_tag"]) == (
        "registration",
        "polarfox",
        "brandA",
    )
    assert registration["metadata"]["form"] == "sign-up"
    assert (deposit["event_type"], deposit["player_id"], deposit["banner_tag"]) == ("deposit", "p9", "brandB")
    assert deposit["metadata"]["tx-id"] == "t1"


def test_nothing_is_ever_thrown_into_the_page(site: Site) -> None:
    """Whatever a site hands over, and whatever it has on its page, its own code goes on."""
    page = site.open(
        body="""<button id="a" data-pixels="deposit" data-player-id="#missing">a</button>
                <button id="b" data-pixels="deposit" data-player-id="#[bad">b</button>"""
    )
    for call in ("visit(null)", "visit(1)", "registration({metadata: null})", "deposit()", "emit()", "emit('x')"):
        assert site.call(f"pixels.{call}") is False
    page.click("#a")
    page.click("#b")
    site.call("pixels.visit({bannerTag: 'marker'})")

    assert [event["banner_tag"] for event in site.stored(1)] == ["marker"]


@pytest.fixture
def example_site() -> Iterator[str]:
    yield from serve(EXAMPLE_SITE)


def test_the_example_site_takes_a_visitor_from_landing_to_deposit(
    collector: RunningCollector, visitor: BrowserContext, example_site: str
) -> None:
    """Anonymous until sign-up, one banner all the way, the visitor key on each event."""
    page = visitor.new_page()
    page.goto(f"{example_site}/index.html?bannerTag=brandA&b=click1&collector={collector.url}")
    wait_for_events(collector, 1)
    page.click("#start")
    page.fill("#nickname", "polarfox")
    page.click("#signup button")
    page.wait_for_url("**/deposit.html")
    wait_for_events(collector, 2)
    page.click("text=100 €")
    page.click("#deposit button")
    page.wait_for_selector("#done:has-text('100 €')")

    visit, registration, deposit = wait_for_events(collector, 3)
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


def wait_for_events(collector: RunningCollector, count: int) -> list[Event]:
    until(lambda: len(collector.events()) >= count, what=f"{count} events")
    return collector.events()
