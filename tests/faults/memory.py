"""How much memory the collector has in use while it is sent all that it can take, for a long time."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

from tests.faults.broker_outages import PARTITIONS
from tests.faults.evidence import judge, stored_values, topic_values
from tests.faults.load import Load
from tests.faults.system import Collector, collecting, kafka_settings
from tests.kafka_broker import KafkaBroker
from tests.waiting import until

SAMPLE_SECONDS = 0.5


def memory_under_load(
    kafka: KafkaBroker | None, work: Path, *, seconds: float, warm_up: float, connections: int = 64
) -> dict[str, Any]:
    """Load without a pause, on Kafka or on the local log, and sample the worker's memory (VmRSS); return the figures."""
    topic = kafka.new_topic(PARTITIONS) if kafka else ""
    collector = Collector(work / "home", kafka_settings(kafka, topic) if kafka else {})
    with collecting(collector):
        until(collector.workers, what="a worker")
        load = Load(collector.address, "m", connections=connections)
        load.wait_for(1)
        began = time.monotonic()
        samples: list[tuple[float, float]] = []

        def is_over() -> bool:
            elapsed = time.monotonic() - began
            if elapsed >= len(samples) * SAMPLE_SECONDS:
                samples.append((elapsed, collector.resident_mebibytes()))
            return elapsed >= seconds

        until(is_over, timeout=seconds + 60, what="the load has lasted")
        load.finish()
        assert collector.stop() == 0, collector.errors.read_text()[-4000:]
    values = topic_values(kafka.bootstrap_servers, topic) if kafka else stored_values(work / "home" / "log")
    warm = [sample for sample in samples if sample[0] >= warm_up]
    slope = statistics.linear_regression([at for at, _ in warm], [mebibytes for _, mebibytes in warm]).slope
    return {
        "seconds": round(seconds),
        **judge(load, values),
        "acknowledged_a_second": round(len(load.acknowledged) / seconds),
        "answered_503": load.not_stored,
        "answered_strangely": dict(load.strange),
        "connections_broken": load.unanswered,
        "mebibytes_at_the_start": round(samples[0][1], 1),
        "mebibytes_after_warm_up": round(warm[0][1], 1),
        "mebibytes_at_the_end": round(warm[-1][1], 1),
        "mebibytes_at_most": round(max(mebibytes for _, mebibytes in samples), 1),
        "mebibytes_a_minute": round(60 * slope, 3),
    }
