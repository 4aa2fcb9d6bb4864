"""The page on which one tries the API, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.integration.metrics_api.test_serve import running_api
from tests.unit.metrics_api.questions import HOSTILE, publish

SECRET = "analyst-0123456789"
KEYS = json.dumps({"ann": {"secret": SECRET, "scope": "analyst"}})


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page of an API that asks for a key."""
    home = publish(tmp_path_factory.mktemp("work") / "home").home
    with running_api(home, PIXELS_API_KEYS=KEYS) as (_, port):
        yield f"http://127.0.0.1:{port}/api/docs"


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    """The page as a phone shows it; whatever goes wrong in it fails the test."""
    context = chromium.new_context(viewport={"width": 380, "height": 800})
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if "Security" in message.text else None)
    page.goto(address)
    yield page
    asked = page.evaluate("performance.getEntriesByType('resource').map((entry) => new URL(entry.name).host)")
    assert (wrong, set(asked)) == ([], {address.split("/")[2]})
    context.close()


def open_question(page: Page, path: str) -> None:
    page.locator("summary", has=page.get_by_text(path, exact=True)).click()


def test_a_question_is_asked_with_a_key_that_is_not_kept(page: Page) -> None:
    """Without a key 401; with it the rows, as text; after a reload the key is gone."""
    open_question(page, "/api/banners")
    form = page.locator("#banners")
    form.locator("#banners-from").fill("2026-11-01")
    form.locator("#banners-to").fill("2026-11-21")
    form.get_by_role("button", name="Ask").click()
    expect(form.get_by_role("status")).to_contain_text("401")

    page.get_by_label("Key").fill(SECRET)
    form.get_by_role("button", name="Ask").click()
    expect(form.get_by_role("status")).to_contain_text("200")

    assert HOSTILE in {row["banner_tag"] for row in json.loads(form.locator("pre").inner_text())["rows"]}
    assert page.locator("img").count() == 0
    assert page.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0
    page.reload()
    assert page.get_by_label("Key").input_value() == ""


def test_a_path_takes_what_strangers_write(page: Page) -> None:
    """A banner tag with slashes, question marks and quotes is one part of the path; an answer that is no text can be saved."""
    page.get_by_label("Key").fill(SECRET)
    open_question(page, "/api/campaigns/{banner}")
    form = page.locator("#campaigns")
    form.locator("#campaigns-banner").fill(HOSTILE)
    form.locator("#campaigns-from").fill("2026-11-01")
    form.locator("#campaigns-to").fill("2026-11-21")
    form.locator("#campaigns-format").select_option("parquet")
    form.get_by_role("button", name="Ask").click()

    with page.expect_download() as download:
        form.get_by_role("link", name="Save").click()

    assert download.value.suggested_filename == "campaigns_2026-11-01_2026-11-21.parquet"
    assert Path(download.value.path()).read_bytes()[:4] == b"PAR1"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_on_a_phone_by_day_and_night(page: Page, scheme: str) -> None:
    """Nothing is wider than the screen with every question open, and text stands out from what is behind it."""
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for question in page.locator("details").all():
        question.evaluate("opened => opened.open = true")

    assert page.evaluate("document.documentElement.scrollWidth") <= 380
    colours = page.evaluate("[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]")
    text, behind = (sum(map(int, colour[4:-1].split(","))) for colour in colours)
    assert (text < 200 and behind > 700) if scheme == "light" else (text > 600 and behind < 100)
