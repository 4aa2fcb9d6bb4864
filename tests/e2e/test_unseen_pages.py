"""Pages that a browser keeps ready: prepared in advance, or kept for a way back.

Nobody drives the browser here (what attaches to a page can keep it from being prepared or kept): the pages themselves
go on, and the collector's log is the witness.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import CHROMIUM_FLAGS
from tests.e2e.brand_site import Event, events_after, served
from tests.integration.collector.running import RunningCollector

pytestmark = pytest.mark.browser

PREPARE = '<script type="speculationrules">{"prerender": [{"urls": ["next.html"], "eagerness": "immediate"}]}</script>'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "www").mkdir()
    return tmp_path / "www"


@contextmanager
def browsing(folder: Path) -> Iterator[None]:
    """Open index.html of the folder in a browser of its own."""
    program = shutil.which("chromium")
    assert program is not None
    profile = f"--user-data-dir={folder.parent / 'profile'}"
    with served(folder, {}) as url:
        browser = subprocess.Popen(
            [program, *CHROMIUM_FLAGS, profile, "--remote-debugging-port=0", f"{url}/index.html"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            browser.terminate()
            browser.wait(30)


def page(collector: RunningCollector, banner: str, body: str) -> str:
    """Return a page that sends a visit for this banner when it loads."""
    tag = f'<script src="{collector.url}/pixels.js" data-banner-tag="{banner}" data-visit></script>'
    return f'<!doctype html><html><head><link rel="icon" href="data:,">{tag}</head><body>{body}</body></html>'


def sent(events: list[Event]) -> list[tuple[str, str]]:
    return [(event["event_type"], event["banner_tag"]) for event in events]


def test_a_page_prepared_in_advance_counts_when_it_is_shown_and_not_before(
    collector: RunningCollector, folder: Path
) -> None:
    """Also what its own code sends at once. Whoever never goes there has not visited it."""
    known = len(collector.events())
    # The prepared page tells the first one that it is ready; only then is it gone to, after one more event.
    go = """onstorage = ({ key, newValue }) => {
              if (key !== 'ready') return;
              pixels.deposit({playerId: 'p1', bannerTag: newValue === 'true' ? 'prepared' : 'not prepared'});
              setTimeout(() => { location.href = 'next.html'; }, 300);
            }"""
    now = "pixels.registration({playerId: 'p1'}); onload = () => { localStorage.ready = document.prerendering; }"
    (folder / "index.html").write_text(page(collector, "first", f"<script>{go}</script>{PREPARE}"))
    (folder / "next.html").write_text(page(collector, "next", f"<script>{now}</script>"))
    with browsing(folder):
        events = events_after(collector, known, 4)

    assert sent(events) == [
        ("visit", "first"),
        ("deposit", "prepared"),
        ("visit", "next"),
        ("registration", "next"),
    ]


def test_a_prepared_page_that_is_never_shown_sends_nothing(collector: RunningCollector, folder: Path) -> None:
    """It has not even remembered its banner: the next event still is the first one's."""
    known = len(collector.events())
    go = "onstorage = ({ key, newValue }) => { if (key === 'ready' && newValue === 'true') pixels.deposit({playerId: 'p1'}); }"
    (folder / "index.html").write_text(page(collector, "first", f"<script>{go}</script>{PREPARE}"))
    (folder / "next.html").write_text(
        page(collector, "next", "<script>onload = () => { localStorage.ready = document.prerendering; }</script>")
    )
    with browsing(folder):
        events = events_after(collector, known, 2)

    assert sent(events) == [("visit", "first"), ("deposit", "first")]
    assert len(collector.events()) == known + 2


def test_a_page_that_one_comes_back_to_goes_on_and_counts_no_second_time(
    collector: RunningCollector, folder: Path
) -> None:
    """The browser shows it as it was left; its visit was sent when it was opened."""
    known = len(collector.events())
    leave_and_return = """onpageshow = ({ persisted }) => {
        if (persisted) pixels.deposit({playerId: 'p1', metadata: {how: 'from memory'}});
        else setTimeout(() => { location.href = 'next.html'; });
    }"""
    (folder / "index.html").write_text(page(collector, "first", f"<script>{leave_and_return}</script>"))
    (folder / "next.html").write_text(
        "<!doctype html><script>onpageshow = () => setTimeout(() => history.back())</script>"
    )
    with browsing(folder):
        events = events_after(collector, known, 2)

    assert sent(events) == [("visit", "first"), ("deposit", "first")]
    assert events[1]["metadata"]["how"] == "from memory"
    assert events[0]["metadata"]["s"] == events[1]["metadata"]["s"]
