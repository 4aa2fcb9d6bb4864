"""Disks that fill up under the local log, beside Kafka, and under the spool; it takes root to mount them."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.faults.full_disk import kafka_beside_a_full_disk, local_log_on_a_full_disk, spool_on_a_full_disk
from tests.prove.brokers import running_brokers

EVENTS, CONNECTIONS = 20_000, 64
EVENTS_OF_4_MIB = 5_000
"""So many the local log takes in any case once there is room again; nothing is deleted from it."""


def prove(work: Path, _: int) -> dict[str, object]:
    """Return the figures of the three."""
    with TemporaryDirectory(dir=work) as folder, running_brokers(Path(folder)) as kafka:
        homes = [Path(folder) / name for name in ("local_log", "kafka", "spool")]
        for home in homes:
            home.mkdir()
        return {
            "local_log": local_log_on_a_full_disk(homes[0], events=EVENTS_OF_4_MIB, connections=CONNECTIONS),
            "kafka": kafka_beside_a_full_disk(kafka, homes[1], events=EVENTS),
            "spool": spool_on_a_full_disk(kafka, homes[2], events=EVENTS, connections=CONNECTIONS),
        }
