"""pixels.js in a real browser, against a real collector on another origin: what a page can say to it."""

from __future__ import annotations

from uuid import UUID

import pytest
from playwright.sync_api import BrowserContext

from tests.e2e.brand_site import VISITOR_KEY, Site

pytestmark = pytest.mark.browser


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


def test_emit_names_events_as_a_site_does(site: Site) -> None:
    """RegistrationSuccess and DepositSuccess; anything else is not sent."""
    site.open()

    assert site.call("pixels.emit('RegistrationSuccess', {bannerTag: 'brandA', playerId: 'p1'})") is True
    assert site.call("pixels.emit('DepositSuccess', {bannerTag: 'brandA', metadata: {txid: 't1'}})") is True
    assert site.call("pixels.emit('Logout', {bannerTag: 'brandA'})") is False
    assert site.call("pixels.emit('toString', {bannerTag: 'brandA'})") is False

    registration, deposit = sorted(site.stored(2), key=lambda event: event["event_type"], reverse=True)
    assert (registration["event_type"], registration["player_id"]) == ("registration", "p1")
    assert (deposit["event_type"], deposit["player_id"]) == ("deposit", deposit["metadata"]["s"])
    assert deposit["metadata"]["txid"] == "t1"


def test_metadata_is_what_has_a_value(site: Site) -> None:
    """Zero is one; what is undefined, null or empty is left out instead of being sent as a word."""
    site.open('data-banner-tag="brandA"')
    site.call("pixels.registration({playerId: 'p7', metadata: {plan: 'gold', zero: 0, none: undefined, nil: null}})")

    (registration,) = site.stored(1)
    assert registration["metadata"].keys() == {"plan", "zero", "s"}
    assert (registration["metadata"]["plan"], registration["metadata"]["zero"]) == ("gold", "0")


def test_any_text_arrives_as_it_was(site: Site) -> None:
    """Accents, ampersands, plus and percent signs are encoded by the script."""
    text = "Łódź & café + 100 % ☃ <b>"
    site.open('data-banner-tag="brandA"')
    site.page.evaluate("text => pixels.deposit({playerId: text, bannerTag: text, metadata: {note: text}})", text)

    (deposit,) = site.stored(1)
    assert (deposit["player_id"], deposit["banner_tag"], deposit["metadata"]["note"]) == (text, text, text)


def test_each_event_has_an_id_of_its_own(site: Site) -> None:
    """So that a browser that sends a request once more does not make a second event of it."""
    site.open('data-banner-tag="brandA"')
    site.call("pixels.deposit({playerId: 'p1'}), pixels.deposit({playerId: 'p1'})")

    first, second = (UUID(event["id"]) for event in site.stored(2))
    assert first != second
    assert first.version == second.version == 5  # made of what the script sent, not of the collector's clock


def test_an_event_id_of_the_site_makes_two_calls_one_event(site: Site) -> None:
    """The page that thanks for a deposit may be loaded twice."""
    site.open('data-banner-tag="brandA"', '<button data-pixels="deposit" data-player-id="p1" data-event-id="order-1">')
    site.call("pixels.deposit({playerId: 'p1', eventId: 'order-1'})")
    site.page.click("button")

    first, second = site.stored(2)
    assert first["id"] == second["id"]
    assert "eventId" not in first["metadata"]


def test_elements_report_by_their_attributes(site: Site) -> None:
    """A click on a button, the submission of a form; its fields give the player, data-meta-* the metadata."""
    page = site.open(
        'data-banner-tag="brandA"',
        """<form data-pixels="registration" data-player-id="#nick" data-meta-form="sign-up" onsubmit="return false">
             <input id="nick"><button id="join">Join</button></form>
           <button id="pay" data-pixels="deposit" data-player-id="p9" data-banner-tag="brandB" data-b="click-9"
             data-meta-tx-id="t1"><b id="inside">Pay</b></button>""",
    )
    page.fill("#nick", "polarfox")
    page.click("#nick")
    page.click("#join")
    site.stored(1)
    page.click("#inside")

    registration, deposit = site.stored(2)
    assert (registration["event_type"], registration["player_id"]) == ("registration", "polarfox")
    assert (registration["banner_tag"], registration["metadata"]["form"]) == ("brandA", "sign-up")
    assert (deposit["event_type"], deposit["player_id"], deposit["banner_tag"]) == ("deposit", "p9", "brandB")
    assert (deposit["metadata"]["tx-id"], deposit["metadata"]["b"]) == ("t1", "click-9")
    assert deposit["metadata"].keys() == {"tx-id", "b", "s"}


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
    assert site.console == []


def test_the_script_leaves_one_name_in_the_page(site: Site) -> None:
    """Its own variables cannot collide with those of the site."""
    site.open(body="<script>const script = 1, page = 2, send = 3; let kept = 4;</script>")

    assert site.call("Object.keys(pixels).sort()") == ["consent", "deposit", "emit", "registration", "visit"]
    assert site.call("[script, page, send, kept]") == [1, 2, 3, 4]
