"""What tests of several folders share: a real Kafka, a real browser, an empty PIXELS_HOME.

A part that is missing (Java, Maven, Chromium) fails the tests that need it; nothing is skipped. `make setup-test` installs the parts.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.kafka_broker import KafkaBroker
from tests.waiting import free_port

expect.set_options(timeout=60_000)  # what a page shows is waited for, also where two suites share two cores
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# `make test` tries the same few examples every time; PIXELS_PROVE=1 tries many, also the same ones every time.
hypothesis.settings.register_profile("ci", derandomize=True, max_examples=30, deadline=None, database=None)
hypothesis.settings.register_profile("prove", derandomize=True, max_examples=2_000, deadline=None, database=None)
hypothesis.settings.load_profile("prove" if os.environ.get("PIXELS_PROVE") else "ci")

MARK_OF_FIXTURE = {"kafka": pytest.mark.kafka, "chromium": pytest.mark.browser}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark a test with what it needs, so that `-m "not kafka and not browser"` is the quick part."""
    for item in items:
        for fixture in set(MARK_OF_FIXTURE).intersection(getattr(item, "fixturenames", ())):
            item.add_marker(MARK_OF_FIXTURE[fixture])


@pytest.fixture
def pixels_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty PIXELS_HOME; no other PIXELS_* setting and no .env of this machine reaches the test."""
    for name in [name for name in os.environ if name.startswith("PIXELS_")]:
        monkeypatch.delenv(name)
    work, home = tmp_path / "work", tmp_path / "home"
    work.mkdir()
    home.mkdir()
    monkeypatch.setenv("PIXELS_HOME", str(home))
    monkeypatch.chdir(work)
    return home


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """One real broker for the whole run; take a fresh topic from it: `kafka.new_topic()`."""
    broker = KafkaBroker(tmp_path_factory.mktemp("kafka"), port=free_port(following=1))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium through Playwright's synchronous API: `chromium.new_page()`, closed by the test.

    One browser a module, not a session: while Playwright's API is open its event loop counts as running,
    and the asynchronous tests of other modules could not run theirs. A module with browser tests has none.
    """
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("chromium is missing; `make setup-test` installs it (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
