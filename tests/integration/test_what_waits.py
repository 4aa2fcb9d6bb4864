"""What the dashboard says of logs and spool is what passes and collectors say of them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

from aggregator.run import run_pass
from aggregator.sources import left_in, opened_sources
from collector.spool import spooled_in
from panel_app.machine import look_at
from pixels.config import load_settings
from pixels.pointer import read_offsets
from tests.local_log import append
from tests.sample_records import event


def test_what_is_not_counted_yet_is_what_the_next_pass_would_read(pixels_home: Path) -> None:
    """Two slots with both streams, before and after a pass; stored records stay in the file, and wait no more."""
    settings = load_settings()
    now_ms = int(time.time() * 1000)
    append(pixels_home, [event(1), event(2)], at_ms=now_ms)
    run_pass(settings)
    append(pixels_home, [event(3)], at_ms=now_ms + 5_000)
    append(pixels_home, [event(4), event(5)], slot=1, at_ms=now_ms + 4_000)
    append(pixels_home, [b"{}"], slot=1, table="events_queue_rejected", at_ms=now_ms + 6_000)

    log = look_at(settings).log
    with opened_sources(settings, read_offsets(settings.published_dir)) as sources:
        assert log.waiting == left_in(sources) == 4
    assert [(slot.name, slot.events, slot.refusals) for slot in log.slots] == [("slot-000", 1, 0), ("slot-001", 2, 1)]
    assert log.oldest == datetime.fromtimestamp((now_ms + 4_000) / 1000, UTC)
    assert all(slot.size > 0 and not slot.problem for slot in log.slots)

    run_pass(settings)
    counted = look_at(settings).log
    assert (counted.waiting, counted.oldest) == (0, None)


def test_what_the_spool_holds_is_what_the_collector_says_of_it(pixels_home: Path) -> None:
    """As in its `/metrics`: records, and when the oldest was put there."""
    settings = load_settings()
    run_pass(settings)
    assert look_at(settings).spool.is_missing
    append(pixels_home, [event(1), event(2)], folder="spool", at_ms=2_000)
    append(pixels_home, [b"{}"], folder="spool", slot=1, table="events_queue_rejected", at_ms=1_000)

    spool, said = look_at(settings).spool, spooled_in(settings.spool_dir)

    assert (spool.waiting, spool.oldest) == (said.records, datetime.fromtimestamp(1, UTC))
    assert said.oldest_ms == 1_000


def test_a_file_that_cannot_be_read_says_so_and_hides_no_other(pixels_home: Path) -> None:
    """Damage, and an older copy in the place of a log."""
    settings = load_settings()
    append(pixels_home, [event(1)], at_ms=1_000)
    run_pass(settings)
    append(pixels_home, [event(2)], at_ms=2_000)
    (settings.log_dir / "slot-001.sqlite").write_bytes(b"no database" * 100)

    log = look_at(settings).log

    assert [slot.problem for slot in log.slots] == ["", "file is not a database"]
    assert [slot.name for slot in log.unreadable] == ["slot-001"]
    assert log.waiting == 1
