"""Every page with names and amounts as strangers send them: nothing is cut, broken or out of its place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.test_dashboard import DRAWN, HOSTILE, NOW, ago, running
from tests.sample_warehouse import Event, SampleWarehouse, deposit, registration, visit

pytestmark = pytest.mark.browser

UNBROKEN = "x" * 200
TAGS = (UNBROKEN, HOSTILE, "\u0628\u0627\u0646\u0631 \u0625\u0639\u0644\u0627\u0646\u064a", "Z\u0338\u0321\u035a" * 20)
PAGES = (
    "",
    "banners",
    f"banner?tag={UNBROKEN}&theirs=900",
    "funnel?drop=2",
    "players?segment=depositor",
    f"players?player={UNBROKEN}",
    "money?deposits=all",
    "anomalies",
    "compare",
    "live",
    "proof",
    "what-if",
    "system",
)


def history() -> Iterator[Event]:
    """40 days on which a person a banner comes, signs up and deposits billions; the first of them has a long name."""
    for day in range(40):
        for place, banner in enumerate(TAGS):
            name = UNBROKEN if (day, place) == (0, 0) else f"p{day}-{place}"
            money = {"amount": "9876543210.55", "currency": "EUR", "_key": "k", "txid": f"t-{UNBROKEN}-{day}-{place}"}
            yield visit(name, banner, ago(days=day, minutes=33))
            yield registration(name, banner, ago(days=day, minutes=32))
            yield deposit(name, banner, ago(days=day, minutes=31), **money)


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The dashboard of that history; its address."""
    sample = SampleWarehouse(tmp_path_factory.mktemp("home"))
    sample.refused[((NOW - timedelta(days=2)).date(), "placeholder_value")] = 9_876_543_210
    sample.banners = {tag: (f"An affiliate {tag}", f"Campaign {tag}", tag, Decimal("9876543210.55")) for tag in TAGS}
    sample.publish(*history(), complete_until=NOW)
    with running(sample.home) as served:
        yield served.address


@pytest.mark.parametrize("width", [390, 1440])
def test_strangers_names_and_large_amounts_push_nothing_out_of_its_place(
    dashboard: str, chromium: Browser, width: int
) -> None:
    """No text leaves the window or its card, no word of our own is broken in the middle, no cell of a table is anything else."""
    page = chromium.new_page(viewport={"width": width, "height": 900})
    wrong = {slug: found for slug in PAGES if (found := misplaced(page, f"{dashboard}/{slug}"))}
    page.close()

    assert not wrong


def test_whoever_goes_by_keyboard_sees_where_it_is(dashboard: str, chromium: Browser) -> None:
    """Each of the first thirty stops has a frame, the button on the bar too."""
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    misplaced(page, f"{dashboard}/")
    page.mouse.click(1, 1)

    stops = []
    for _ in range(30):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(FRAME_OF_FOCUS))
    page.close()

    assert ["Toggle theme", "solid"] in stops
    assert [name for name, frame in stops if frame == "none"] == []


def misplaced(page: Page, address: str) -> list[str]:
    """What is out of its place on a page, once it is drawn."""
    page.goto(address)
    expect(page.locator("h2").first).to_be_visible(timeout=DRAWN)
    expect(page.locator(".skeleton")).to_have_count(0, timeout=DRAWN)
    found: list[str] = page.evaluate(MISPLACED)
    return found


FRAME_OF_FOCUS = """() => {
  let element = document.activeElement
  while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
  return [element.ariaLabel ?? element.innerText.slice(0, 40), getComputedStyle(element).outlineStyle]
}"""
"""What has the focus, and the style of its frame."""


MISPLACED = """() => {
  const found = new Set()
  const scrolls = element => element.closest(".scrolls, pre")  // with a way to get there
  const look = root => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) look(element.shadowRoot)
      const style = getComputedStyle(element)
      if (element.matches("td, th") && !["table-cell", "none"].includes(style.display)) found.add(`${style.display}: ${element.outerHTML.slice(0, 80)}`)
      if (!element.checkVisibility()) continue
      if (element.matches(".scroll-button")) found.add("a part that is not seen takes room")
      for (const text of element.childNodes) {
        if (text.nodeType !== Node.TEXT_NODE || !text.data.trim() || element.matches("title, option, style, script, h1")) continue
        const range = document.createRange()
        range.selectNodeContents(text)
        const lines = [...range.getClientRects()]
        const card = element.closest(".card")?.getBoundingClientRect()
        const right = Math.max(...lines.map(line => line.right))
        if (!scrolls(element) && right > innerWidth + 1) found.add(`out of the window: ${text.data.slice(0, 60)}`)
        if (card && right > card.right - 4) found.add(`out of its card: ${text.data.slice(0, 60)}`)
        const is_word = /^\\w+$/.test(text.data) && text.data.length < 16 && !element.closest("bdi, .id")
        const rows = new Set(lines.map(line => Math.round(line.top)))
        if (is_word && rows.size > 1) found.add(`broken: ${text.data}`)
      }
    }
  }
  look(document)
  return [...found]
}"""
"""Text out of the window or of its card, our own words on more than one line, cells that are not laid out as cells, empty room."""
