"""The examples of docs/pixel.md for a page do what stands beside them, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import Page

from tests.e2e.brand_site import Event, Site

pytestmark = pytest.mark.browser

MANUAL = (Path(__file__).parents[2] / "docs" / "pixel.md").read_text("utf-8")


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", MANUAL, re.DOTALL | re.MULTILINE)


def at_collector(site: Site, example: str) -> str:
    return example.replace("https://pixels.example.com", site.collector.url)


def said(events: list[Event]) -> list[tuple[str, str, str]]:
    return sorted((event["event_type"], event["player_id"], event["banner_tag"]) for event in events)


def test_the_examples_in_html_send_what_they_say(site: Site) -> None:
    """The image and the tag a visit each, the button a deposit, the form a registration."""
    image, tag, elements, _ = (at_collector(site, example) for example in examples("html"))
    page = site.page
    page.goto(f"{site.write()}?bannerTag=brandB")
    page.set_content(f"{tag}{image}{elements}", wait_until="load")
    site.stored(2)
    page.click("text=Pay")
    page.fill("#account", "polarfox")
    page.click("text=Join")

    events = site.stored(4)
    key = next(event["metadata"]["s"] for event in events if event["event_type"] == "registration")
    assert said(events) == [
        ("deposit", "123", "brandB"),
        ("registration", "polarfox", "brandB"),
        ("visit", "123", "brandA"),
        ("visit", key, "brandB"),
    ]


def test_the_form_for_a_server_takes_along_what_the_page_knows(site: Site) -> None:
    """And signs up without it where the browser denies storage."""
    (form,) = (example for example in examples("html") if "/sign-up" in example)
    page = site.page
    page.goto(f"{site.write('data-visit', form)}?bannerTag=brandA&b=click-9")
    (visit,) = site.stored(1)
    page.fill("[name=account]", "polarfox")

    assert submitted(page) == {"account": "polarfox", "s": visit["player_id"], "bannerTag": "brandA", "b": "click-9"}

    page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new DOMException() } })")
    page.goto(site.write("", form))
    page.fill("[name=account]", "polarfox")

    assert submitted(page) == {"account": "polarfox", "s": "", "bannerTag": "", "b": ""}


def submitted(page: Page) -> dict[str, str]:
    """Submit the form of the page; return what is sent to the site."""
    with page.expect_request("**/sign-up") as sent:
        page.click("text=Join")
    return dict(parse_qsl(sent.value.post_data or "", keep_blank_values=True))


def test_the_calls_of_pixels_js_send_what_they_say(site: Site) -> None:
    """A visit, registrations and deposits by both ways of calling."""
    (calls,) = (example for example in examples("js") if "window.pixels" in example)
    site.open('data-banner-tag="brandA"')
    site.call(f"() => {{ {calls} }}")

    kinds = [event["event_type"] for event in site.stored(5)]
    assert sorted(kinds) == ["deposit", "deposit", "registration", "registration", "visit"]


def test_the_calls_of_pixels_js_do_nothing_where_it_was_stopped(site: Site) -> None:
    """As a blocker does; the page's own code goes on."""
    (calls,) = (example for example in examples("js") if "window.pixels" in example)
    site.page.route("**/pixels.js", lambda route: route.abort("blockedbyclient"))
    site.open()

    assert site.call(f"() => {{ {calls} return 'went on'; }}") == "went on"


def test_the_beacon_and_the_fetch_of_ones_own_are_stored(site: Site) -> None:
    """The fetch with its metadata, and without a word on the console."""
    own = [example for example in examples("js") if "window.pixels" not in example]
    site.open()
    for example in own:
        site.call(f"async () => {{ {at_collector(site, example)} }}")

    visit, registration = sorted(site.stored(2), key=lambda event: event["event_type"], reverse=True)
    assert (visit["event_type"], visit["player_id"], visit["banner_tag"]) == ("visit", "p-7", "brandA")
    assert (registration["event_type"], registration["player_id"]) == ("registration", "123")
    assert registration["metadata"] == {"plan": "gold"}
    assert site.console == []
