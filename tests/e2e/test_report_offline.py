"""`pixels report` as somebody runs it, and its page as somebody opens it on a machine without a network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.integration.notebooks.homes import AFFILIATE, HOSTILE, THEIR_LOG, five_weeks
from tests.sample_warehouse import SampleWarehouse, visit

PERIOD = ("-p", "from=2026-11-08", "-p", "to=2026-11-21")

# A chart has drawn when one of the canvases in its shadow roots has a pixel that is not transparent.
PAINTED_PIXELS = """
() => [...document.querySelectorAll("figure.chart")].map((figure) => {
    const canvases = [];
    const walk = (root) => {
        for (const element of root.querySelectorAll("*")) {
            if (element.tagName === "CANVAS") canvases.push(element);
            if (element.shadowRoot) walk(element.shadowRoot);
        }
    };
    walk(figure);
    const painted = (canvas) => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let alpha = 3; alpha < data.length; alpha += 4) count += data[alpha] > 0;
        return count;
    };
    return { width: figure.scrollWidth, room: figure.clientWidth, painted: Math.max(0, ...canvases.map(painted)) };
})
"""
ALL_IDLE = "window.Bokeh && Bokeh.documents.length && Bokeh.documents.every((document) => document.is_idle)"


@dataclass(frozen=True)
class OpenPage:
    """What a browser without a network makes of a page."""

    title: str
    text: str
    charts: list[dict[str, int]]
    images: int
    width: int
    requests: list[str]
    faults: list[str]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleWarehouse:
    """Demo data in which the banner with the most deposits is hostile."""
    return five_weeks(tmp_path_factory.mktemp("home"), is_demo=True)


@pytest.fixture(scope="module")
def report(sample: SampleWarehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of two weeks."""
    return run(sample, tmp_path_factory.mktemp("out"), *PERIOD)


@pytest.fixture(scope="module")
def page(report: Path, chromium: Browser) -> OpenPage:
    """The page, opened."""
    return open_offline(chromium, report)


def run(sample: SampleWarehouse, out: Path, *arguments: str, name: str = "campaign_report") -> Path:
    """Run `pixels report NAME` and return the page that it names."""
    command = [sys.executable, "-m", "pixels", "report", name, *arguments, "--no-pdf", "--out", str(out)]
    settings = {name: value for name, value in os.environ.items() if not name.startswith("PIXELS_")}
    finished = subprocess.run(
        command, env={**settings, "PIXELS_HOME": str(sample.home)}, cwd=out, capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr == ""
    return Path(finished.stdout.strip())


def open_offline(browser: Browser, path: Path, width: int = 1000) -> OpenPage:
    """Open a file in a browser whose network is off, and note all that it asks for and complains of."""
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.context.set_offline(True)
    requests: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    try:
        page.goto(path.as_uri())
        page.wait_for_function(ALL_IDLE)
        charts: list[dict[str, Any]] = page.evaluate(PAINTED_PIXELS)
        images: int = page.evaluate("document.images.length")
        across: int = page.evaluate("document.documentElement.scrollWidth")
        return OpenPage(page.title(), page.inner_text("main"), charts, images, across, requests, faults)
    finally:
        page.close()


def test_every_chart_draws_without_a_network(page: OpenPage, report: Path) -> None:
    """Three lines, the banners and the funnel; the page asks for nothing but itself, and nothing is amiss."""
    assert [chart["painted"] > 1000 for chart in page.charts] == [True] * 5
    assert {chart["width"] for chart in page.charts} == {936}  # 1000 less the margins
    assert page.requests == [report.as_uri()]
    assert page.faults == []


@pytest.mark.parametrize(
    ("name", "arguments", "charts"),
    [
        ("weekly_report", (), 4),
        ("affiliate_report", ("-p", f"affiliate={AFFILIATE}"), 4),
        ("funnel_analysis", (), 3),
        ("cohort_forecast", (), 2),
        ("banner_experiment", (), 1),
        ("reconciliation", ("-p", f"affiliate={AFFILIATE}", "-p", f"file={THEIR_LOG}"), 1),
    ],
)
def test_so_does_every_chart_of_the_other_reports(
    sample: SampleWarehouse, chromium: Browser, tmp_path: Path, name: str, arguments: tuple[str, ...], charts: int
) -> None:
    """As wide as the page, too."""
    report = run(sample, tmp_path, *arguments, name=name)

    page = open_offline(chromium, report)

    assert [chart["painted"] > 1000 for chart in page.charts] == [True] * charts
    assert {chart["room"] - chart["width"] for chart in page.charts} == {0}
    assert page.requests == [report.as_uri()]
    assert page.faults == []


@pytest.mark.parametrize("width", [390, 700, 1920])
def test_the_charts_are_as_wide_as_the_page(report: Path, chromium: Browser, width: int) -> None:
    """On a phone as on a wide screen nothing but a wide table scrolls sideways."""
    page = open_offline(chromium, report, width)

    assert {chart["room"] - chart["width"] for chart in page.charts} == {0}
    assert page.width == width


def test_the_head_says_which_data_it_is(page: OpenPage) -> None:
    """Demo data on top, then days, banners, how far the data goes, time zone and snapshot; no code."""
    assert page.text.startswith(
        "Campaign report\n\nDemo data\n\n8 to 21 Nov 2026, all banners\n\n"
        "Data through 22 Nov 2026, 16:00 · days in Europe/Berlin · snapshot 1\n"
    )
    assert "import pixels" not in page.text


def test_the_sentences_are_computed_from_these_days(page: OpenPage) -> None:
    """14 days of 3 + day % 7 visitors, and as many before."""
    assert "84 unique visitors came, 38 players registered, and 14 made a first deposit (FTD)." in page.text
    assert "Against as many days before: visitors no change, registrations no change, FTD no change." in page.text


def test_a_hostile_banner_tag_stays_text(page: OpenPage) -> None:
    """It is markup, and closes the script that a chart travels in: it stands in sentence and tables as it was sent."""
    assert f"“{HOSTILE}” brought the most: 14 deposit days of 14 (100.0 %)." in page.text
    assert page.text.count(HOSTILE) == 3
    assert page.title == "Campaign report"
    assert page.images == 0


def test_the_same_snapshot_gives_the_same_page(
    page: OpenPage, report: Path, sample: SampleWarehouse, chromium: Browser, tmp_path: Path
) -> None:
    """More events arrive for the same days, and older snapshots go; the pinned one stays."""
    for file in sample.published.glob("*.duckdb"):
        file.unlink()
    sample.publish(visit("late", "brandA", "2026-11-10T10:00"))
    pinned = json.loads((report.parent / "report.json").read_text("utf-8"))["parameters"]["snapshot"]

    again = open_offline(chromium, run(sample, tmp_path, *PERIOD, "-p", f"snapshot={pinned}"))

    assert again.text == page.text


def test_verify_says_the_same_or_where_it_differs(sample: SampleWarehouse, report: Path, tmp_path: Path) -> None:
    """Charts, tables and sentences have the hashes they had, in another kernel; a section that was edited is named."""
    same = verify(sample, report.parent)
    record = json.loads((report.parent / "report.json").read_text("utf-8"))
    record["figures"]["sections"][2]["sha256"] = "0" * 64
    (tmp_path / "report.json").write_text(json.dumps(record), "utf-8")
    edited = verify(sample, tmp_path)

    assert (same.returncode, same.stdout) == (0, "same: the figures of campaign_report on snapshot 1\n")
    assert edited.returncode == 1
    assert edited.stdout.splitlines() == [
        "differs: the figures of campaign_report on snapshot 1, in",
        f"  {record['figures']['sections'][2]['section']}",
        "report.json was changed: its hash of all figures is not that of its sections",
    ]


def verify(sample: SampleWarehouse, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run `pixels report verify`."""
    return subprocess.run(
        [sys.executable, "-m", "pixels", "report", "verify", str(folder)],
        env={**os.environ, "PIXELS_HOME": str(sample.home)},
        cwd=folder,
        capture_output=True,
        text=True,
    )
