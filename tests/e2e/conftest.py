"""A collector, a visitor, and a site that embeds pixels.js."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.e2e.brand_site import Site
from tests.integration.collector.running import RunningCollector, running_collector


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCollector]:
    """One collector on the local log for the tests of a module."""
    with running_collector(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[BrowserContext]:
    """Somebody who has never been here."""
    context = chromium.new_context()
    yield context
    context.close()


@pytest.fixture
def site(tmp_path: Path, collector: RunningCollector, visitor: BrowserContext) -> Iterator[Site]:
    """A site whose pages go on undisturbed and send nothing that is refused."""
    (tmp_path / "www").mkdir()
    with Site(tmp_path / "www", collector, visitor).online() as opened:
        yield opened
        assert opened.errors == []
        assert collector.refusals() == []
