"""A disk that is full: who can be stored is, who cannot is told at once, and the memory in use stays what it was."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.faults.broker_outages import HANGING, PARTITIONS, outage_of
from tests.faults.evidence import counting, judge, stored_values, topic_values
from tests.faults.load import Load
from tests.faults.system import Collector, aggregate, collecting, kafka_settings, recovery
from tests.kafka_broker import KafkaBroker
from tests.waiting import until

DISK = "8m"
BALLAST_BYTES = 4 << 20
REFUSED_ENOUGH = 100


@contextmanager
def small_disk(folder: Path, size: str = DISK) -> Iterator[Path]:
    """Mount a disk of a few MiB in memory on `folder`, which takes root; yield an empty folder on it."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "pixels-small-disk", folder], check=True)
    try:
        yield folder / "home"
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path, size: int | None = None) -> Path:
    """Write a file of this size, or one that takes all there is; return it."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        left = size if size is not None else shutil.disk_usage(folder).free
        while left > 0:
            left -= file.write(bytes(min(left, 4096)))
    return ballast


def local_log_on_a_full_disk(work: Path, *, events: int, connections: int = 16) -> dict[str, Any]:
    """Load until the disk is full, and on; then make room, and so many events more."""
    with small_disk(work / "disk") as home, collecting(Collector(home, {}, work / "collector.err")) as collector:
        ballast = fill(work / "disk", BALLAST_BYTES)
        load = Load(collector.address, "d", connections=connections)
        memory = _until_refused(load, collector)
        ballast.unlink()
        load.wait_for(events)
        load.finish()
        assert collector.stop() == 0, collector.errors.read_text()
        values = stored_values(home / "log")
        warehouse = aggregate(_copied(home, work / "copy"), {})
        return _figures(load, values, warehouse, memory)


def kafka_beside_a_full_disk(kafka: KafkaBroker, work: Path, *, events: int) -> dict[str, Any]:
    """Load on a collector that has Kafka and, from its start on, no room for a spool."""
    topic = kafka.new_topic(PARTITIONS)
    with small_disk(work / "disk") as home:
        collector = Collector(home, kafka_settings(kafka, topic), work / "collector.err")
        fill(work / "disk")
        with collecting(collector):
            load = Load(collector.address, "d")
            load.wait_for(events)
            load.finish()
            memory = collector.resident_mebibytes()
            assert collector.stop() == 0, collector.errors.read_text()
        values = topic_values(kafka.bootstrap_servers, topic)
    return _figures(load, values, aggregate(work / "other", collector.settings), (memory, memory))


def spool_on_a_full_disk(kafka: KafkaBroker, work: Path, *, events: int, connections: int = 16) -> dict[str, Any]:
    """While the broker stands still, load until the spool has filled the disk, and on; then it goes on."""
    topic = kafka.new_topic(PARTITIONS)
    with small_disk(work / "disk") as home:
        collector = Collector(home, kafka_settings(kafka, topic), work / "collector.err")
        with collecting(collector):
            fill(work / "disk", BALLAST_BYTES)
            load = Load(collector.address, "d", connections=connections)
            load.wait_for(events)
            with outage_of(kafka, HANGING) as end_it:
                memory = _until_refused(load, collector)
                end_it()
                recovery(home, load, time.monotonic())
            load.wait_for(events)
            load.finish()
            assert collector.stop() == 0, collector.errors.read_text()
        values = stored_values(home / "spool") + topic_values(kafka.bootstrap_servers, topic)
    return _figures(load, values, aggregate(work / "other", collector.settings), memory)


def _until_refused(load: Load, collector: Collector) -> tuple[float, float]:
    """Wait until the disk is full and many have been refused; return the workers' memory at first and then, MiB."""
    until(lambda: load.not_stored, timeout=90, what="the disk is full")
    first, enough = collector.resident_mebibytes(), load.not_stored + REFUSED_ENOUGH
    until(lambda: load.not_stored >= enough, what="many are refused")
    return first, collector.resident_mebibytes()


def _copied(home: Path, to: Path) -> Path:
    """Copy a local log off its full disk, so that a pass has room for a warehouse."""
    shutil.copytree(home / "log", to / "log")
    return to


def _figures(load: Load, values: list[bytes], warehouse: Path, memory: tuple[float, float]) -> dict[str, Any]:
    refused = load.latencies_of_503
    return {
        **judge(load, values),
        **counting(load, values, warehouse),
        "answered_503": load.not_stored,
        "answered_strangely": dict(load.strange),
        "median_seconds_to_503": round(statistics.median(refused), 3) if refused else None,
        "mebibytes_when_the_disk_was_full": round(memory[0], 1),
        "mebibytes_after_many_refusals": round(memory[1], 1),
    }
