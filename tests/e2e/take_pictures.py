"""Take the pictures of the dashboard and the reports for the docs: `python -m tests.e2e.take_pictures [FOLDER]`, default docs/images.

It makes demo homes in a temporary folder, serves them, and lets Chromium look: every page in light, dark and as wide as a
phone, what stands in the place of figures, and each report. `dashboard.png` is the picture of the README.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from pixels.demo import DEMO_MARKER
from pixels.demo.listing import FILE as BANNERS_FILE
from tests.conftest import CHROMIUM_FLAGS
from tests.e2e.test_dashboard import DRAWN, clean_environment, publish_history, running
from tests.sample_warehouse import SampleWarehouse, visit

IMAGES = Path(__file__).parents[2] / "docs" / "images"
WIDE, PHONE = (1440, 900), (390, 1400)
PAGES = {
    "overview": "",
    "banners": "banners",
    "banner": "banner?tag=a_oddsguideb_reviewc_top5&theirs=8000",
    "funnel": "funnel",
    "players": "players?segment=depositor",
    "money": "money",
    "cohorts": "cohorts",
    "anomalies": "anomalies",
    "compare": "compare",
    "live": "live",
    "reports-page": "reports?report=campaign_report",
    "proof": "proof",
    "what-if": "what-if",
    "system": "system",
}
REPORTS = {
    "campaign_report": [],
    "weekly_report": [],
    "funnel_analysis": [],
    "anomaly_investigation": [],
    "cohort_forecast": [],
    "banner_experiment": [],
    "affiliate_report": ["-p", "affiliate=Odds Guide"],
}
REQUESTS = (
    "visit?playerId=guest&bannerTag=brandA",
    "visit?bannerTag=brandA",
    "deposit?playerId=7&bannerTag=a&amount=1,5",
)


def demo_home(folder: Path) -> Path:
    """Fill an empty folder with 90 days of demo history and publish them."""
    (folder / DEMO_MARKER).touch()
    listed = ["pixels", "banners", "import", str(folder / BANNERS_FILE)]
    for command in (["pixels.demo", "--backfill"], ["pixels", "aggregate"], listed):
        run(folder, *command)
    return folder


def run(home: Path, *command: str) -> None:
    """Run a module on a home."""
    subprocess.run([sys.executable, "-m", *command], env=clean_environment(home), check=True, stdout=subprocess.DEVNULL)


def take(browser: Browser, address: str, picture: Path, size: tuple[int, int] = WIDE, *, dark: bool = False) -> None:
    """Save what a browser shows at an address, once nothing moves any more."""
    width, height = size
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(address)
    expect(page.locator("h1")).to_be_attached(timeout=DRAWN)
    expect(page.locator("h2").first).to_be_visible(timeout=DRAWN)
    expect(page.locator(".skeleton")).to_have_count(0, timeout=DRAWN)
    if dark:
        page.get_by_label("Toggle theme").click()
        page.mouse.move(0, height - 1)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=picture)
    page.close()


def take_pages(browser: Browser, address: str, folder: Path) -> None:
    """Save every page of the demo."""
    for name, page in PAGES.items():
        take(browser, f"{address}/{page}", folder / f"{name}-light.png")
        take(browser, f"{address}/{page}", folder / f"{name}-dark.png", dark=True)
        take(browser, f"{address}/{page}", folder / f"{name}-phone.png", PHONE)


def take_reports(browser: Browser, home: Path, folder: Path) -> None:
    """Run each report, and save its page and the index of all."""
    for name, parameters in REPORTS.items():
        run(home, "pixels", "report", name, *parameters, "--no-pdf")
        (page,) = (home / "reports" / name).glob(f"*/{name}.html")
        take_file(browser, page, folder / f"{name.replace('_', '-')}.png", WIDE)
        if name == "weekly_report":
            take_file(browser, page, folder / "weekly-report-dark.png", WIDE, dark=True)
            take_file(browser, page, folder / "weekly-report-phone.png", PHONE)
    take_file(browser, home / "reports" / "index.html", folder / "reports.png", WIDE)


def take_file(browser: Browser, page_file: Path, picture: Path, size: tuple[int, int], *, dark: bool = False) -> None:
    """Save what a browser shows of a file, once its charts are drawn."""
    width, height = size
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light")
    page.goto(page_file.as_uri())
    page.wait_for_function("() => !window.Bokeh || [...Bokeh.documents].every((one) => one.is_idle)")
    page.screenshot(path=picture)
    page.close()


def take_states(browser: Browser, folder: Path) -> None:
    """Save what stands in the place of figures, each in its own home."""
    for name, make in STATES.items():
        with tempfile.TemporaryDirectory() as home:
            path = make(Path(home))
            with running(Path(home)) as served:
                take(browser, f"{served.address}/{path}", folder / f"state-{name}.png")


def no_event(home: Path) -> str:
    """Nothing was ever sent."""
    return ""


def no_pass(home: Path) -> str:
    """Events were received, and no pass ran."""
    send(home, ("visit?playerId=1&bannerTag=brandA", "visit?playerId=2&bannerTag=brandA"))
    return ""


def all_refused(home: Path) -> str:
    """Events were received, and none of them can count."""
    send(home, REQUESTS)
    run(home, "pixels", "aggregate")
    return ""


def nothing_found(home: Path) -> str:
    """A filter that nothing has."""
    publish_history(home)
    return "?is.banner_tag=nobody"


def stopped(home: Path) -> str:
    """The last pass is hours ago."""
    then = datetime.now(UTC) - timedelta(hours=5)
    events = [visit(f"p{day}", "brandA", (then - timedelta(days=day)).isoformat()) for day in range(60)]
    SampleWarehouse(home).publish(*events, complete_until=then)
    return ""


def misread(home: Path) -> str:
    """An address that is not understood."""
    publish_history(home)
    return "?days=soon&colour=red"


STATES = {
    "no-event": no_event,
    "no-pass": no_pass,
    "all-refused": all_refused,
    "nothing-found": nothing_found,
    "stopped": stopped,
    "misread": misread,
}


def send(home: Path, requests: tuple[str, ...]) -> None:
    """Send pixels to a collector of the home, over HTTP."""
    import urllib.error
    import urllib.request

    with collecting(home) as address:
        for request in requests:
            try:
                urllib.request.urlopen(f"{address}/{request}", timeout=30).read()
            except urllib.error.HTTPError as refused:
                refused.close()


@contextmanager
def collecting(home: Path) -> Iterator[str]:
    """Run `pixels collect` on the home."""
    from tests.waiting import free_port, until

    port = free_port()
    log = home / "collect.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "pixels", "collect", "--port", str(port)], env=clean_environment(home), stdout=out, stderr=out
        )  # fmt: skip
    try:
        until(lambda: b"listening" in log.read_bytes(), timeout=60, what="the collector listens")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def main() -> None:
    """Write the pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as home:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM_FLAGS)
        with running(demo_home(Path(home))) as served:
            take(browser, served.address, folder / "dashboard.png")
            take_pages(browser, served.address, folder)
        take_reports(browser, Path(home), folder)
        take_states(browser, folder)
        browser.close()


if __name__ == "__main__":
    main()
