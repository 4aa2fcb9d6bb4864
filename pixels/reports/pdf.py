"""A report's page as a PDF: A4, printed by Chromium, which Playwright drives."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pixels.config import Settings
from pixels.errors import PixelsError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_PRINT_WIDTH = 680
"""CSS pixels between the margins of A4 (templates/report/page.css): charts are drawn for exactly this width."""
_MINUTE_MS = 60_000
_ALL_DRAWN = """() => {
    const charts = document.querySelectorAll("figure.chart").length;
    const drawn = window.Bokeh ? [...Bokeh.documents] : [];
    return drawn.length >= charts && drawn.every((one) => one.is_idle);
}"""
_FOOTER = """<div style="width: 100%; margin: 0 15mm; display: flex; justify-content: space-between;
    font: 8px system-ui, sans-serif; color: #5f6b7a">
    <span class="title"></span><span><span class="pageNumber"></span> / <span class="totalPages"></span></span></div>"""


class NoPdf(PixelsError):
    """There is no Chromium to print with, or it did not print."""

    exit_code = 69


def chromium_program(settings: Settings) -> str:
    """Return the program to print with: the setting's, or the first on the path. Raises NoPdf, which says how to get one."""
    names = (settings.chromium,) if settings.chromium else _NAMES
    found = next((program for program in map(shutil.which, names) if program), None)
    if found:
        return found
    if settings.chromium:
        raise NoPdf(f"PIXELS_CHROMIUM is {settings.chromium}, which is no program that can be run")
    raise NoPdf(
        f"there is no Chromium on the path ({', '.join(_NAMES)}): install it (Debian, Ubuntu: apt install chromium), "
        "or set PIXELS_CHROMIUM to the program"
    )


@dataclass(frozen=True)
class Printer:
    """A Chromium that runs, in a thread of its own: Playwright works in one thread, and in none with an event loop."""

    browser: Browser
    thread: ThreadPoolExecutor

    def print(self, html: Path, pdf: Path) -> None:
        """Print a page, once all its charts are drawn, with its title and page numbers below. Raises NoPdf."""
        from playwright.sync_api import Error

        try:
            self.thread.submit(_print, self.browser, html, pdf).result()
        except Error as error:
            raise NoPdf(f"Chromium did not print {html.name}: {_first_line(error)}") from error

    def picture(self, html: Path) -> bytes:
        """Return the first page as a PNG, once all its charts are drawn. Raises NoPdf."""
        from playwright.sync_api import Error

        try:
            return self.thread.submit(_picture, self.browser, html).result()
        except Error as error:
            raise NoPdf(f"Chromium did not draw {html.name}: {_first_line(error)}") from error


@contextmanager
def printing(settings: Settings) -> Iterator[Printer]:
    """Start Chromium, without a window and without a network, and end it. Raises NoPdf."""
    from playwright.sync_api import Error, sync_playwright

    program = chromium_program(settings)
    with ThreadPoolExecutor(1, "printer") as thread:
        playwright = thread.submit(sync_playwright().start).result()
        try:
            # Chromium's sandbox does not work for root.
            start = partial(playwright.chromium.launch, executable_path=program, chromium_sandbox=os.geteuid() != 0)
            try:
                browser = thread.submit(start).result()
            except Error as error:
                raise NoPdf(f"{program} did not start: {_first_line(error)}") from error
            yield Printer(browser, thread)
            thread.submit(browser.close).result()
        finally:
            thread.submit(playwright.stop).result()


def _print(browser: Browser, html: Path, pdf: Path) -> None:
    with _drawn(browser, html) as page:
        page.pdf(
            path=pdf,
            prefer_css_page_size=True,
            print_background=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=_FOOTER,
            outline=True,
            tagged=True,
        )


def _picture(browser: Browser, html: Path) -> bytes:
    with _drawn(browser, html) as page:
        return page.screenshot(type="png")


@contextmanager
def _drawn(browser: Browser, html: Path) -> Iterator[Page]:
    """Open a page as it is printed, without a network, and wait until all its charts are drawn."""
    context = browser.new_context(viewport={"width": _PRINT_WIDTH, "height": 1000}, offline=True, color_scheme="light")
    try:
        page = context.new_page()
        page.set_default_timeout(_MINUTE_MS)
        page.emulate_media(media="print")
        page.goto(html.absolute().as_uri())
        page.wait_for_function(_ALL_DRAWN)
        yield page
    finally:
        context.close()


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
