"""The dashboard's speed: first figures and changes of filters in Chromium, over a year of 200 banners and 1M players.

`python -m benchmarks.dashboard [--people N] [--rounds N] [--sessions N] [--home FOLDER]`

Server and browser share the machine. Each figure is timed in the browser, from the click or the request to the frame in which the
numbers stand; beside it the bare queries behind the same figures.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

import duckdb
from playwright.sync_api import Browser, Page, sync_playwright

import pixels
from benchmarks.read.year import make_year
from tests.conftest import CHROMIUM_FLAGS
from tests.e2e.test_dashboard import running

SIZE = {"width": 1440, "height": 900}
_DEEP = """const deep = selector => { const found = []; const look = root => root.querySelectorAll('*').forEach(one => {
    if (one.matches(selector)) found.push(one); if (one.shadowRoot) look(one.shadowRoot) }); look(document); return found };"""
FIGURES = f"() => {{ {_DEEP} return deep('.kpi-ftd').some(one => /[0-9]/.test(one.textContent)) }}"
RATES = f"() => {{ {_DEEP} return deep('.kpi-ftd').length && !deep('.skeleton').length }}"
DAYS = f"days => {{ {_DEEP} return deep('.days summary').some(one => one.textContent.includes(days)) && deep('.kpi-ftd').length }}"
AXIS = """start => Bokeh.documents.some(one => Array.from(one._all_models.values()).some(
    model => model.type === 'Figure' && Math.abs(model.x_range.start - start) < 86400000))"""
ROWS = f"number => {{ {_DEEP} return deep('td.banner').length === number }}"
_BARE = (
    "SELECT event_date, event_type, banner_tag, count FROM event_summary WHERE event_date BETWEEN $start AND $end",
    """SELECT registration_at, deposit_at FROM players
    WHERE registration_at BETWEEN $start::DATE AND $end::DATE + 1 OR deposit_at BETWEEN $start::DATE AND $end::DATE + 1""",
)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.dashboard", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sessions", type=int, default=10)
    parser.add_argument("--home", type=Path, help="keep the year there, or use the one that is there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        home: Path = options.home or Path(name) / "home"
        if not home.exists():
            make_year(home, options.people)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM_FLAGS)
        with running(home) as served:
            last = _last_day(home)
            report("bare queries, 28 days and those before", bare(home, last, options.rounds))
            measure(browser, served.address, options.rounds, last)
            alone, together = (
                measure_together(browser, served.address, options.rounds, number) for number in (1, options.sessions)
            )
            print(
                f"{options.sessions} sessions at once take {median(together) / median(alone):.1f} times as long as one"
            )
        browser.close()
    return 0


def _last_day(home: Path) -> date:
    with pixels.open(home) as warehouse:
        return (warehouse.days_with_data() or sys.exit("the year is empty")).end


def bare(home: Path, last: date, rounds: int) -> list[float]:
    """Time the queries behind the sums of 28 days and of those before."""
    with pixels.open(home) as warehouse:
        file = warehouse.file
    ranges = [(last - timedelta(days=27 + back), last - timedelta(days=back)) for back in (0, 28)]
    with duckdb.connect(str(file), read_only=True) as con:

        def ask() -> None:
            for start, end in ranges:
                for query in _BARE:
                    con.execute(query, {"start": start, "end": end}).pl()

        ask()
        return [_seconds(ask) for _ in range(rounds)]


def measure(browser: Browser, address: str, rounds: int, last: date) -> None:
    """Time one session: first figures, first time and again, then changes of days and of a filter."""
    days = f"?days={last - timedelta(days=27)}..{last}"
    report("first figures, nothing known yet", [first(browser, f"{address}/{days}", FIGURES)])
    again = [first(browser, f"{address}/{days}", FIGURES) for _ in range(rounds)]
    report("first figures, warm", again)
    report("and conversions, warm", [first(browser, f"{address}/{days}", RATES) for _ in range(rounds)])
    page = browser.new_page(viewport=SIZE)  # type: ignore[arg-type]
    page.goto(f"{address}/{days}")
    page.wait_for_function(RATES, timeout=120_000)
    known, unknown, charts, filtered = [], [], [], []
    for number in range(rounds):
        end = last - timedelta(days=number + 1)
        figures, chart = show_days(page, end - timedelta(days=27), end)
        unknown.append(figures)
        charts.append(chart)
        page.wait_for_function(RATES, timeout=120_000)
        known.append(show_days(page, last - timedelta(days=27), last)[0])
        filtered.append(click(page, "td.banner a", lambda: page.wait_for_function(ROWS, arg=1, polling="raf")))
        click(page, ".chip", lambda: page.wait_for_function(ROWS, arg=10, polling="raf"))
    report("other days, not asked before", unknown)
    report("and their chart", charts)
    report("other days, asked before", known)
    report("one banner", filtered)
    page.close()


def measure_together(browser: Browser, address: str, rounds: int, sessions: int) -> list[float]:
    """Time a change of the filter over the whole year in one session, while all the others change theirs too."""
    pages = [browser.new_page(viewport=SIZE) for _ in range(sessions)]  # type: ignore[arg-type]
    for page in pages:
        page.goto(f"{address}/?days=all")
    for page in pages:
        page.wait_for_function(FIGURES, timeout=300_000)
    took = []
    for _ in range(rounds):
        for page in pages[1:]:
            page.locator("td.banner a").first.click(no_wait_after=True)
        took.append(click(pages[0], "td.banner a", lambda: pages[0].wait_for_function(ROWS, arg=1, polling="raf")))
        for page in pages:
            page.wait_for_function(ROWS, arg=1)
            page.locator(".chip").first.click()
            page.wait_for_function(ROWS, arg=10)
    report(f"one banner of a year, {sessions} {'session' if sessions == 1 else 'sessions at once'}", took)
    for page in pages:
        page.close()
    return took


def first(browser: Browser, address: str, there: str) -> float:
    """Open a page and wait for what is to be there."""
    page = browser.new_page(viewport=SIZE)  # type: ignore[arg-type]

    def load() -> None:
        page.goto(address, wait_until="commit")
        page.wait_for_function(there, timeout=120_000, polling="raf")

    seconds = _seconds(load)
    page.close()
    return seconds


def show_days(page: Page, start: date, end: date) -> tuple[float, float]:
    """Fill in two days; return when their figures were there, and when the axis of the chart was."""
    page.locator(".days summary").click()
    page.locator("input[name=start]").fill(start.isoformat())
    page.locator("input[name=end]").fill(end.isoformat())
    button = page.get_by_role("button", name="Show these days")
    wanted = f"{end.day} {end:%b} {end.year}"

    began = time.monotonic()
    button.click(no_wait_after=True)
    page.wait_for_function(DAYS, arg=wanted, timeout=120_000, polling="raf")
    figures = time.monotonic() - began
    midnight = datetime(start.year, start.month, start.day, tzinfo=UTC).timestamp() * 1000
    page.wait_for_function(AXIS, arg=midnight, timeout=120_000, polling="raf")
    return figures, time.monotonic() - began


def click(page: Page, selector: str, wait: Callable[[], object]) -> float:
    """Click on the first such element, and wait."""
    element = page.locator(selector).first

    def change() -> None:
        element.click(no_wait_after=True)
        wait()

    return _seconds(change)


def report(what: str, seconds: list[float]) -> None:
    """Print the median, and the range."""
    print(f"{what}: {median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})", flush=True)


def _seconds(ask: Callable[[], object]) -> float:
    began = time.monotonic()
    ask()
    return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
