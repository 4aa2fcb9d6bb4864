"""Under full load the collector's memory does not grow."""

from __future__ import annotations

from pathlib import Path

from tests.faults.memory import memory_under_load

SECONDS, WARM_UP_SECONDS = 4.0, 2.0
BOUNDED_MEBIBYTES = 12


def test_memory_stays_what_it_was_when_the_load_began(tmp_path: Path) -> None:
    """The first seconds fill caches and pools; after that a request leaves nothing behind."""
    figures = memory_under_load(None, tmp_path, seconds=SECONDS, warm_up=WARM_UP_SECONDS)

    assert figures["acknowledged_and_lost"] == figures["copies_that_differ"] == figures["made_up"] == 0
    assert (figures["answered_503"], figures["answered_strangely"], figures["connections_broken"]) == (0, {}, 0)
    assert figures["mebibytes_at_the_end"] < figures["mebibytes_after_warm_up"] + BOUNDED_MEBIBYTES
