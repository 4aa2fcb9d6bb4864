"""On a full disk nothing is acknowledged that is not stored; a collector whose Kafka works does not need the disk."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from collector.event_log import EVENTS, LogUnavailable
from collector.slots import open_slot
from tests.faults.evidence import assert_nothing_lost
from tests.faults.full_disk import (
    BALLAST_BYTES,
    fill,
    kafka_beside_a_full_disk,
    local_log_on_a_full_disk,
    small_disk,
    spool_on_a_full_disk,
)
from tests.kafka_broker import KafkaBroker

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="to mount a small disk takes root")

ENOUGH = 300
AT_ONCE_SECONDS = 0.5
BOUNDED_MEBIBYTES = 40


def assert_refused_at_once(figures: dict[str, Any]) -> None:
    """Nobody waited long for a no, and those who were told no left nothing in memory."""
    assert figures["answered_503"] >= 100
    assert figures["median_seconds_to_503"] < AT_ONCE_SECONDS
    assert figures["mebibytes_after_many_refusals"] < figures["mebibytes_when_the_disk_was_full"] + BOUNDED_MEBIBYTES


@pytest.mark.parametrize("at_once", [1, 16, 300])
def test_a_file_that_has_filled_its_disk_can_be_emptied(tmp_path: Path, at_once: int) -> None:
    """The room that deleting needs was kept, also for what SQLite had not yet moved from its write-ahead log."""
    with small_disk(tmp_path / "disk") as home:
        fill(tmp_path / "disk", BALLAST_BYTES)
        file, stored = open_slot(home / "spool"), 0
        with suppress(LogUnavailable):
            while True:
                file.add({EVENTS: [(1, b"key", bytes(330))] * at_once}, 330 * at_once)
                stored += at_once

        forgotten = 0
        while records := file.read(EVENTS, 0, 1_000):
            file.forget(EVENTS, [record.offset for record in records])
            forgotten += len(records)
            while file.shrink():
                pass
        file.add({EVENTS: [(1, b"key", b"again")]}, 5)
        file.close()

    assert forgotten == stored > 1_000


def test_a_full_disk_under_the_local_log_loses_nothing_and_can_be_mended(tmp_path: Path) -> None:
    """When there is room again, the same process goes on."""
    figures = local_log_on_a_full_disk(tmp_path, events=ENOUGH)

    assert_nothing_lost(figures)
    assert_refused_at_once(figures)


def test_a_full_disk_beside_kafka_is_not_felt(kafka: KafkaBroker, tmp_path: Path) -> None:
    """The spool cannot even be opened, and nobody needs it."""
    figures = kafka_beside_a_full_disk(kafka, tmp_path, events=ENOUGH)

    assert_nothing_lost(figures)
    assert figures["answered_503"] == 0


def test_a_full_disk_under_the_spool_loses_nothing_and_empties_when_kafka_is_back(
    kafka: KafkaBroker, tmp_path: Path
) -> None:
    """Kafka's return makes the room that the spool needs."""
    figures = spool_on_a_full_disk(kafka, tmp_path, events=ENOUGH)

    assert_nothing_lost(figures)
    assert_refused_at_once(figures)
