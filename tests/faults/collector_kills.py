"""A collector killed with -9 again and again while the load goes on, at named steps and at any moment."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.broker_outages import HANGING, PARTITIONS, outage_of
from tests.faults.dying_collector import STEPS_OF_A_FILE, STEPS_OF_THE_FORWARDER, STEPS_WITH_KAFKA
from tests.faults.evidence import counting, judge, stored_values, topic_values
from tests.faults.load import Load
from tests.faults.system import Collector, aggregate, collecting, kafka_settings, look_into_spool, python
from tests.kafka_broker import KafkaBroker
from tests.waiting import until

ANY_MOMENT = "any moment"


@dataclass(frozen=True)
class Size:
    """At least so many kills, each after at most `depth` records; and how hard is sent meanwhile."""

    kills: int
    depth: int
    pause: float
    connections: int = 16


class Killing:
    """A load, and a collector that is killed, started again, and killed again."""

    def __init__(self, collector: Collector, seed: int, size: Size) -> None:
        self.kills: Counter[str] = Counter()
        self.load = Load(collector.address, "k", connections=size.connections, pause=size.pause)
        self._depth = size.depth
        self._collector = collector
        self._rng = random.Random(seed)
        self._fuse = collector.home.with_suffix(".fuse")

    def kill_at(self, step: str) -> None:
        """Start a collector that kills itself, or only its worker, when it has come to the step a number of times."""
        self._fuse.touch()
        # A commit takes the records of many requests; the forwarder deletes all that it sent at once.
        deepest = {"before_commit": self._depth // 10, "after_commit": self._depth // 10, "forwarder_deleted": 1}
        hit = self._rng.randint(1, deepest.get(step, self._depth))
        who = self._rng.choice(["worker", "all"])
        self._collector.start(command=python("tests.faults.dying_collector", step, str(hit), who, str(self._fuse)))
        until(lambda: not self._fuse.exists(), timeout=60, what=f"the collector comes to {step}")
        self.kills[step] += 1
        if who == "worker":
            self.load.wait_for(20)  # by the worker that comes after
            self.kills[ANY_MOMENT] += 1
            self._collector.kill()
        else:
            self._collector.wait()

    def kill_at_any_moment(self) -> None:
        """Start a collector and kill it from outside, after some events."""
        enough = len(self.load.acknowledged) + self._rng.randint(1, 10 * self._depth)
        self.kill_when(lambda: len(self.load.acknowledged) >= enough)

    def kill_when(self, condition: Callable[[], bool]) -> None:
        """Start a collector and kill it from outside when the condition holds."""
        self._collector.start()
        until(condition, timeout=60, what="it is time to kill")
        self.kills[ANY_MOMENT] += 1
        self._collector.kill()


def kills_with_kafka(kafka: KafkaBroker, work: Path, seed: int, size: Size) -> dict[str, Any]:
    """Kill at least so many times: while Kafka works, while it stands still, and while it takes what the spool held."""
    topic, home = kafka.new_topic(PARTITIONS), work / "home"
    collector = Collector(home, kafka_settings(kafka, topic, ack_timeout=0.5))
    killing = Killing(collector, seed, size)
    while killing.kills.total() < size.kills:
        for step in STEPS_WITH_KAFKA:
            killing.kill_at(step)
        killing.kill_at_any_moment()
        with outage_of(kafka, HANGING):
            for step in STEPS_OF_A_FILE:
                killing.kill_at(step)
        for step in STEPS_OF_THE_FORWARDER:
            with outage_of(kafka, HANGING):
                killing.kill_when(lambda: len(stored_values(home / "spool")) >= 2 * size.depth)
            killing.kill_at(step)
    with collecting(collector):
        killing.load.wait_for(1)
        killing.load.finish()
        until(lambda: not look_into_spool(home).waiting, what="the spool is empty")
        assert collector.stop() == 0, collector.errors.read_text()
    values = stored_values(home / "spool") + topic_values(kafka.bootstrap_servers, topic)
    return _figures(killing, values, collector)


def kills_with_local_log(work: Path, seed: int, size: Size) -> dict[str, Any]:
    """Kill at least so many times a collector that has the local log alone."""
    collector = Collector(work / "home", {})
    killing = Killing(collector, seed, size)
    while killing.kills.total() < size.kills:
        for step in STEPS_OF_A_FILE:
            killing.kill_at(step)
        killing.kill_at_any_moment()
    with collecting(collector):
        killing.load.finish()
        assert collector.stop() == 0, collector.errors.read_text()
    return _figures(killing, stored_values(work / "home" / "log"), collector)


def _figures(killing: Killing, values: list[bytes], collector: Collector) -> dict[str, Any]:
    return {
        "kills": killing.kills.total(),
        "kills_at": dict(sorted(killing.kills.items())),
        **judge(killing.load, values),
        **counting(killing.load, values, aggregate(collector.home, collector.settings)),
        "requests_without_answer": killing.load.unanswered,
        "answered_503": killing.load.not_stored,
        "answered_strangely": dict(killing.load.strange),
    }
