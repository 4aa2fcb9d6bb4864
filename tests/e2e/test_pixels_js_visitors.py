"""Who a visitor is to pixels.js, and which banner gets the credit: before and after sign-up, with and without consent."""

from __future__ import annotations

import subprocess
from pathlib import Path

import duckdb
import pytest

from tests.e2e.brand_site import VISITOR_KEY, Event, Site
from tests.integration.collector.running import PIXELS, environment

pytestmark = pytest.mark.browser

NO_STORAGE = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied') } })"
FULL_STORAGE = "for (let n = 2**22; n >= 1; n /= 2) try { localStorage['f' + n] = 'x'.repeat(n) } catch {}"


def banners(events: list[Event]) -> list[tuple[str, str | None]]:
    return [(event["banner_tag"], event["metadata"].get("b")) for event in events]


def test_the_visitor_key_joins_what_came_before_and_after_sign_up(site: Site) -> None:
    """Before sign-up the key stands for the player; afterwards it goes along with the real player id, page after page."""
    site.open('data-banner-tag="brandA" data-visit')
    (visit,) = site.stored(1)
    site.open()
    assert site.call("pixels.registration({playerId: 'p7'})") is True
    site.stored(2)
    site.open()
    assert site.call("pixels.deposit({playerId: 'p7', bannerTag: 'other'})") is True

    _, registration, deposit = site.stored(3)
    key = visit["player_id"]
    assert (registration["event_type"], registration["player_id"]) == ("registration", "p7")
    assert (registration["banner_tag"], registration["metadata"]) == ("brandA", {"s": key})
    assert (deposit["event_type"], deposit["player_id"]) == ("deposit", "p7")
    assert (deposit["banner_tag"], deposit["metadata"]) == ("other", {"s": key})


def test_a_pass_links_the_visitor_to_the_player(site: Site) -> None:
    """The visitor key of the visit belongs to who signed up with it, and to nobody before."""
    site.open('data-banner-tag="brandA" data-visit')
    (visit,) = site.stored(1)
    assert visit["player_id"] not in links(site.collector.home)
    site.call("pixels.registration({playerId: 'polarfox'})")
    site.stored(2)

    assert links(site.collector.home)[visit["player_id"]] == "polarfox"


def links(home: Path) -> dict[str, str]:
    """Run a pass and return whom each visitor key belongs to."""
    subprocess.run([PIXELS, "aggregate"], cwd=home, env=environment(home), check=True, capture_output=True, timeout=120)
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as warehouse:
        return dict(warehouse.execute("SELECT visitor_key, player_id FROM visitor_links").fetchall())


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

    assert banners(site.stored(3)) == [("fromAddress", "click1"), ("fromScript", None), ("fromCall", "click2")]


def test_of_two_banners_the_later_gets_what_follows(site: Site) -> None:
    """Each visit is its own banner's; the registration goes to the banner that brought the visitor back."""
    site.open("data-visit", query="?bannerTag=first&b=click-1")
    site.stored(1)
    site.open("data-visit", query="?bannerTag=second&b=click-2")
    site.stored(2)
    site.open()
    site.call("pixels.registration({playerId: 'p8'})")

    events = site.stored(3)
    assert banners(events) == [("first", "click-1"), ("second", "click-2"), ("second", "click-2")]
    assert len({event["metadata"]["s"] for event in events}) == 1


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


def test_consent_given_on_the_page_lets_the_page_send_its_visit(site: Site) -> None:
    """What a consent dialogue does: the banner of the address is still known."""
    site.open('data-consent="off" data-visit', query="?bannerTag=brandA&b=click1")
    site.call("pixels.consent(true)")
    assert site.call("pixels.visit()") is True

    (visit,) = site.stored(1)
    assert VISITOR_KEY.fullmatch(visit["player_id"])
    assert banners([visit]) == [("brandA", "click1")]


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


def test_consent_withdrawn_in_one_tab_ends_the_key_in_all(site: Site) -> None:
    """A page that was open before does not bring it back."""
    site.open('data-banner-tag="brandA" data-visit')
    (before,) = site.stored(1)
    other = site.page.context.new_page()
    other.goto(site.page.url)
    site.stored(2)
    other.evaluate("pixels.consent(false)")
    site.call("pixels.visit()")

    events = site.stored(3)
    assert events[1]["player_id"] == before["player_id"]
    assert events[2]["player_id"] != before["player_id"]


def test_a_page_without_consent_forgets_what_earlier_pages_kept(site: Site) -> None:
    """The attribute of the tag is enough; nothing has to be called."""
    site.open('data-banner-tag="brandA" data-visit')
    site.stored(1)
    site.open('data-consent="off"')

    assert site.call("Object.keys(localStorage)") == []


@pytest.mark.parametrize("storage", [NO_STORAGE, FULL_STORAGE])
def test_a_browser_that_cannot_store_is_no_obstacle(site: Site, storage: str) -> None:
    """Denied or full: the key then lasts as long as the page, and still joins its events."""
    site.page.add_init_script(storage)
    site.open('data-banner-tag="brandA" data-visit')
    site.stored(1)
    site.call("pixels.registration({playerId: 'p1'})")

    visit, registration = site.stored(2)
    assert VISITOR_KEY.fullmatch(visit["player_id"])
    assert registration["metadata"]["s"] == visit["player_id"]


def test_a_sandboxed_frame_sends_as_well(site: Site) -> None:
    """It has no origin and no storage, for real."""
    site.write('data-banner-tag="brandA" data-visit', page="frame.html")
    page = site.open(body='<iframe sandbox="allow-scripts" src="frame.html"></iframe>')

    (visit,) = site.stored(1)
    assert page.frames[1].evaluate("self.origin") == "null"
    assert VISITOR_KEY.fullmatch(visit["player_id"])


def test_each_person_has_a_key_of_their_own(site: Site) -> None:
    """Two profiles are two visitors, who count as two."""
    address = site.write('data-banner-tag="brandA" data-visit')
    site.page.goto(address)
    other = site.page.context.browser.new_context()  # type: ignore[union-attr]
    other.new_page().goto(address)

    first, second = site.stored(2)
    other.close()
    assert first["player_id"] != second["player_id"]
