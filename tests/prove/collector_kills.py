"""A collector killed with -9 two hundred times under load: at every named step, and at any moment."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.faults.collector_kills import Size, kills_with_kafka, kills_with_local_log
from tests.prove.brokers import running_brokers

WITH_KAFKA = Size(kills=160, depth=1_000, pause=0.0, connections=64)
WITH_LOCAL_LOG = Size(kills=40, depth=1_000, pause=0.0, connections=64)


def prove(work: Path, seed: int) -> dict[str, object]:
    """Return the figures of both logs, and of the two together."""
    with TemporaryDirectory(dir=work) as folder:
        local = kills_with_local_log(Path(folder) / "local", seed, WITH_LOCAL_LOG)
        with running_brokers(Path(folder)) as kafka:
            with_kafka = kills_with_kafka(kafka, Path(folder) / "kafka", seed, WITH_KAFKA)
    return {**together(local, with_kafka), "kafka": with_kafka, "local_log": local}


def together(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Add up what can be added."""
    sums = {name: one[name] + other[name] for name in one if isinstance(one[name], int)}
    return {**sums, "kills_at": dict(sorted((Counter(one["kills_at"]) + Counter(other["kills_at"])).items()))}
