"""A running collector for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.collector.running import RunningCollector, running_collector


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCollector]:
    """One collector on the local log for the tests of a module."""
    with running_collector(tmp_path_factory.mktemp("home")) as running:
        yield running
