"""Ten minutes of full load on a collector that appends to Kafka: is its memory bounded, and is every event there?"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.faults.memory import memory_under_load
from tests.prove.brokers import running_brokers

SECONDS, WARM_UP_SECONDS = 600.0, 60.0


def prove(work: Path, _: int, seconds: float = SECONDS, warm_up: float = WARM_UP_SECONDS) -> dict[str, object]:
    """Return the figures."""
    with TemporaryDirectory(dir=work) as folder, running_brokers(Path(folder)) as kafka:
        return memory_under_load(kafka, Path(folder), seconds=seconds, warm_up=warm_up)
