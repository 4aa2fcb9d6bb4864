"""The overview as a notebook's cell gets it, without a server."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import panel as pn
import pytest

import pixels
from panel_app import overview
from tests.sample_warehouse import SampleWarehouse, at, visit

DAY = "2026-11-21"


def html(view: pn.viewable.Viewable) -> str:
    """All that the blocks of a view show."""
    return "\n".join(str(pane.object) for pane in view.select(pn.pane.HTML) if pane.visible)


def test_a_cell_shows_the_figures_of_its_warehouse(pixels_home: Path) -> None:
    """Cards, funnel and banners of the snapshot at hand, and the badge when it is made up."""
    sample = SampleWarehouse(pixels_home, is_demo=True)
    sample.publish(visit("p1", "brandA", f"{DAY}T10:00"), complete_until=at(f"{DAY}T12:00"))

    with pixels.open(sample.home) as wh:
        shown = html(overview(wh))

    assert 'kpi-daily-unique-visitors">1<' in shown
    assert 'funnel-step-visit">1<' in shown
    assert "<bdi>brandA</bdi>" in shown
    assert "Demo data" in shown


def test_without_data_a_cell_shows_the_pixel_to_embed(pixels_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the address of the collector as it is set."""
    monkeypatch.setenv("PIXELS_COLLECTOR_PORT", "18787")

    assert "http://127.0.0.1:18787/pixels.js" in html(overview())


def test_what_cannot_be_read_is_said_and_nobody_is_told_to_send_a_first_pixel(pixels_home: Path) -> None:
    """A damaged pointer is not an empty warehouse."""
    (pixels_home / "published").mkdir()
    (pixels_home / "published" / "current.json").write_text("{")

    shown = html(overview())

    assert "current.json cannot be read" in shown
    assert "pixel-snippet" not in shown


async def test_a_person_chooses_days_in_a_cell(pixels_home: Path) -> None:
    """The widget moves the figures, read beside the kernel's loop."""
    sample = SampleWarehouse(pixels_home)
    sample.publish(
        *(visit(f"p{day}", "brandA", f"2026-11-{day:02d}T10:00") for day in range(1, 22)),
        complete_until=at(f"{DAY}T12:00"),
    )
    with pixels.open(sample.home) as wh:
        view = overview(wh)
        assert 'kpi-daily-unique-visitors">21<' in html(view)
        period = next(widget for widget in view.select(pn.widgets.RadioButtonGroup) if "7 days" in widget.options)

        period.value = "7 days"

        deadline = time.monotonic() + 30
        while 'kpi-daily-unique-visitors">7<' not in html(view):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
