"""Plots in a real Chromium: what strangers named stays text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import holoviews as hv
from bokeh.embed import file_html
from bokeh.resources import INLINE
from playwright.sync_api import Browser, Page

import pixels
from pixels import plots
from tests.sample_warehouse import SampleWarehouse, registration, visit

HOSTILE = '<img src=x onerror="document.title=1">@visits{safe}'
FORMULA = "$$x^2$$"
DAYS = ("2026-11-01", "2026-11-02")

ALL_TEXT = """
() => {
    const text = [], images = [];
    const walk = (root) => {
        for (const node of root.childNodes) {
            if (node.nodeType === Node.TEXT_NODE) text.push(node.data);
            if (node.nodeName === "IMG") images.push(node.outerHTML);
            if (node.shadowRoot) walk(node.shadowRoot);
            walk(node);
        }
    };
    walk(document.body);
    return {text: text.join(""), images};
}
"""


def open_plot(browser: Browser, plot: Any, file: Path) -> tuple[Page, list[str]]:
    """Show the plot alone on a page; return the page and the faults it reports."""
    file.write_text(file_html(hv.render(plot, backend="bokeh"), INLINE, "plot"), "utf-8")
    page = browser.new_page(viewport={"width": 800, "height": 500})
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(file.as_uri())
    page.wait_for_function("window.Bokeh && Bokeh.documents.length && Bokeh.documents[0].is_idle")
    return page, faults


def test_a_banner_tag_stays_text_in_tooltip_and_axis(chromium: Browser, tmp_path: Path) -> None:
    """Markup in a tag is shown as it was sent, and runs nothing."""
    SampleWarehouse(tmp_path / "home").publish(
        visit("p1", HOSTILE, "2026-11-01T10:00"), registration("p1", HOSTILE, "2026-11-01T11:00")
    )
    with pixels.open(tmp_path / "home") as wh:
        drawn = {
            "banners": plots.banners(wh.banners(*DAYS)),
            "summary": plots.summary(wh.summary(*DAYS)),
            "funnel": plots.funnel(wh.funnel(*DAYS, by="banner_tag")),
            "conversions": plots.conversions(wh.conversions(*DAYS, by="banner_tag")),
            "player": plots.player(wh.player("p1")),
            "what_if": plots.what_if(wh.what_if("per_event", *DAYS)),
        }

    for name, plot in drawn.items():
        page, faults = open_plot(chromium, plot, tmp_path / f"{name}.html")
        try:
            shown = _hover_until_tooltip(page)
            assert "<img src=x" in shown["text"], name
            assert "@visits{safe}" in shown["text"] or name == "summary"  # the summary shows the label, which is cut
            assert shown["images"] == []
            assert page.title() == "plot"
            assert faults == []
        finally:
            page.close()


def test_a_tag_that_looks_like_a_formula_is_not_typeset(chromium: Browser, tmp_path: Path) -> None:
    """Dollar signs in a tag reach the axis as they are: the page needs no library for TeX, as with any other tag."""
    scripts: dict[str, list[int]] = {}
    for home, tag in (("plain", "brandA"), ("formula", FORMULA)):
        SampleWarehouse(tmp_path / home).publish(visit("p1", tag, "2026-11-01T10:00"))
        with pixels.open(tmp_path / home) as wh:
            drawn = [plots.funnel(wh.funnel(*DAYS, by="banner_tag")), plots.banners(wh.banners(*DAYS))]
        for plot in drawn:
            page, faults = open_plot(chromium, plot, tmp_path / "formula.html")
            scripts.setdefault(home, []).append(page.evaluate("document.scripts.length"))
            page.close()
            assert faults == []

    assert scripts["formula"] == scripts["plain"]


def _hover_until_tooltip(page: Page) -> dict[str, Any]:
    """Move the mouse over the plot until a tooltip shows."""
    for x in range(120, 640, 12):
        for y in range(60, 260, 12):
            page.mouse.move(x, y)
            shown: dict[str, Any] = page.evaluate(ALL_TEXT)
            if "<img src=x" in shown["text"] or shown["images"]:
                return shown
    raise AssertionError("no tooltip appeared")
