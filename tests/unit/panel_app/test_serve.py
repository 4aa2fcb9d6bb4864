"""What the server of the dashboard keeps, and whom it lets in."""

from __future__ import annotations

import gc
import socket
import weakref
from pathlib import Path

import pytest
from bokeh.document import Document
from panel.io.state import set_curdoc

from panel_app.serve import origins, page
from panel_app.source import Published
from pixels.config import load_settings
from tests.sample_warehouse import SampleWarehouse, at, visit


def test_a_page_that_was_closed_leaves_nothing_behind(pixels_home: Path) -> None:
    """A server that runs for months holds the pages that are open, not all there ever were."""
    settings = load_settings()
    SampleWarehouse(settings.home).publish(visit("p1", "a", "2026-11-21T10:00"), complete_until=at("2026-11-21T12:00"))
    published = Published(settings.published_dir)
    document = Document()
    with set_curdoc(document):
        shown = page(published, settings)
    gone = weakref.ref(shown)

    del shown, document
    gc.collect()

    assert gone() is None
    published.close()


@pytest.mark.parametrize(
    ("host", "origin", "known"),
    [
        ("127.0.0.1", "127.0.0.1:5006", True),
        ("127.0.0.1", "localhost:5006", True),
        ("127.0.0.1", "127.0.0.1:80", False),
        ("127.0.0.1", "pixels.example.com:5006", False),
        ("::1", "[::1]:5006", True),
        ("10.0.0.7", "10.0.0.7:5006", True),
        ("0.0.0.0", "localhost:5006", True),  # noqa: S104 - never bound here
        ("0.0.0.0", f"{socket.gethostname()}:5006", True),  # noqa: S104
        ("0.0.0.0", "pixels.example.com:5006", False),  # noqa: S104
    ],
)
def test_pages_are_answered_that_came_by_an_address_of_this_machine(host: str, origin: str, known: bool) -> None:
    """Where the dashboard listens on every address, the names of the machine count too, but no others."""
    assert (origin in origins(host, 5006)) == known
