"""A brand's site on another origin than the collector: pages that embed pixels.js, and a visitor who opens them."""

from __future__ import annotations

import http.server
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

from playwright.sync_api import BrowserContext, Page

from tests.integration.collector.running import RunningCollector
from tests.waiting import until

Event = dict[str, Any]

VISITOR_KEY = re.compile(r"v-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line for each: pages of one address differ within a second."""

    def __init__(self, *args: Any, headers: Mapping[str, str], **kwargs: Any) -> None:
        self._headers = headers
        super().__init__(*args, **kwargs)

    def do_GET(self) -> None:
        """Answer with the file also when the browser has one of the same second."""
        del self.headers["If-Modified-Since"]
        super().do_GET()

    def end_headers(self) -> None:
        """Let the browser ask for the page each time, and add what the site wants."""
        for name, value in {"Cache-Control": "no-cache", **self._headers}.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path, headers: Mapping[str, str]) -> Iterator[str]:
    """Serve the files of a folder with these headers, also those that are added to the mapping later."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder, headers=headers))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def events_after(collector: RunningCollector, known: int, count: int) -> list[Event]:
    """Return the events after the first `known` once there are `count` of them; beacons take their time."""
    until(lambda: len(collector.events()) >= known + count, what=f"{count} events")
    events = collector.events()[known:]
    assert len(events) == count
    return events


class Site:
    """Pages that embed pixels.js, opened by the visitor; remembers what went wrong in them and what they requested.

    The collector may hold events of others already: only those that come after the site was made are its own.
    """

    def __init__(self, folder: Path, collector: RunningCollector, visitor: BrowserContext) -> None:
        self.collector, self.headers = collector, dict[str, str]()
        self.url = ""
        self.errors: list[str] = []
        self.console: list[str] = []
        self.requests: list[tuple[str, str]] = []
        self.page: Page = visitor.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda message: self.console.append(message.text))
        self.page.on("request", self._remember)
        self._folder, self._known = folder, len(collector.events())

    @contextmanager
    def online(self) -> Iterator[Site]:
        """Serve the pages meanwhile."""
        with served(self._folder, self.headers) as self.url:
            yield self

    def _remember(self, request: Any) -> None:
        if request.url.startswith(self.collector.url) and not request.url.endswith("/pixels.js"):
            self.requests.append((request.method, request.resource_type))

    def write(self, script: str = "", body: str = "", page: str = "index.html") -> str:
        """Write a page with `<script src=".../pixels.js" {script}>` in its head; return its address."""
        tag = f'<script src="{self.collector.url}/pixels.js" {script}></script>'
        icon = '<link rel="icon" href="data:,">'
        (self._folder / page).write_text(
            f"<!doctype html><html><head>{icon}{tag}</head><body>{body}</body></html>", "utf-8"
        )
        return f"{self.url}/{page}"

    def open(self, script: str = "", body: str = "", query: str = "") -> Page:
        """Write a page, open it and wait until all has loaded."""
        self.page.goto(self.write(script, body) + query)
        return self.page

    def stored(self, count: int) -> list[Event]:
        """Return the site's events once there are so many."""
        return events_after(self.collector, self._known, count)

    def call(self, javascript: str) -> Any:
        """Evaluate in the page."""
        return self.page.evaluate(javascript)
