"""A real Kafka for tests, started and stopped by what users start and stop it with: deploy/kafka."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from tests.waiting import until

DEPLOY = Path(__file__).resolve().parent.parent / "deploy" / "kafka"


@dataclass(frozen=True)
class KafkaBroker:
    """Kafka on 127.0.0.1 with its state in `folder`; `port` and the port after each broker's must be free."""

    folder: Path
    port: int
    brokers: int = 1

    @property
    def bootstrap_servers(self) -> str:
        """The value for PIXELS_KAFKA_BOOTSTRAP_SERVERS."""
        return ",".join(f"127.0.0.1:{self.port + i}" for i in range(self.brokers))

    def start(self) -> None:
        """Return when it answers; what does not run is started, also after `kill`."""
        run_script("start", self.folder, "--port", self.port, "--brokers", self.brokers)

    def stop(self) -> None:
        """End it; what it acknowledged is kept for the next start."""
        run_script("stop", self.folder)

    def kill(self, node: int = 1) -> None:
        """End one broker as a power switch would (SIGKILL)."""
        pid = self.pid(node)
        os.kill(pid, signal.SIGKILL)
        until(lambda: not Path(f"/proc/{pid}/exe").exists(), what="the killed broker is gone")

    @contextmanager
    def hanging(self, node: int = 1) -> Iterator[None]:
        """Let one broker stand still, connections open, for as long as the block takes."""
        pid = self.pid(node)
        os.kill(pid, signal.SIGSTOP)
        try:
            until(lambda: stands_still(pid), what="every thread of the broker stands still")
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def pid(self, node: int = 1) -> int:
        """Return the process id that deploy/kafka/start wrote down."""
        return int((self.folder / f"broker-{node}" / "pid").read_text().split()[0])

    def new_topic(self, partitions: int = 4, properties: Mapping[str, str] | None = None) -> str:
        """Make a fresh topic for events, with its `.rejected` beside it, and return its name."""
        name = f"test-{uuid.uuid4().hex[:12]}"
        config = {"message.timestamp.type": "LogAppendTime", **(properties or {})}
        topics = [NewTopic(n, num_partitions=partitions, config=config) for n in (name, f"{name}.rejected")]
        admin = AdminClient({"bootstrap.servers": self.bootstrap_servers})
        for made in admin.create_topics(topics, operation_timeout=30).values():
            made.result(timeout=30)
        for topic in (name, f"{name}.rejected"):  # made, but not everybody has heard of it yet
            until(partial(has_leaders, admin, topic, partitions), what=f"{topic} is ready")
        return name

    def produce(self, topic: str, values: Iterable[dict[str, Any] | bytes | None], *, at_once: int = 10_000) -> None:
        """Write values (dicts as JSON) over all partitions of a topic, and return when the broker has them.

        `at_once`: how many records lie together at most; a reader gets all of them or none.
        """
        properties = {"bootstrap.servers": self.bootstrap_servers, "linger.ms": 5, "batch.num.messages": at_once}
        producer = Producer(properties)
        for number, value in enumerate(values):
            raw = json.dumps(value).encode() if isinstance(value, dict) else value
            producer.produce(topic, raw, key=f"k{number}")
        assert producer.flush(30) == 0, "the broker did not take all of it"

    def produce_to(self, topic: str, partition: int, values: Iterable[dict[str, Any]]) -> None:
        """Write values as JSON to one partition, and return when the broker has them."""
        producer = Producer({"bootstrap.servers": self.bootstrap_servers})
        for value in values:
            producer.produce(topic, json.dumps(value), partition=partition)
        assert producer.flush(30) == 0, "the broker did not take all of it"


def has_leaders(admin: AdminClient, topic: str, partitions: int) -> bool:
    """Tell whether every partition of the topic can be written to."""
    try:
        metadata = admin.list_topics(topic, timeout=10).topics[topic]
    except KafkaException:  # the broker comes back from a fault of the test before
        return False
    return metadata.error is None and [p.leader >= 0 for p in metadata.partitions.values()] == [True] * partitions


def stands_still(pid: int) -> bool:
    """Tell whether no thread of the process runs. A signal to stop takes a moment to reach all of them."""
    try:
        states = {
            status.read_text("utf-8", "replace").rpartition(")")[2].split()[0]
            for status in Path(f"/proc/{pid}/task").glob("*/stat")
        }
    except (FileNotFoundError, ProcessLookupError):  # a thread ended while we looked
        return False
    return states == {"T"}


def run_script(name: str, *arguments: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run deploy/kafka/NAME; when it fails and `check` is set, the test fails with what it said."""
    command = [str(DEPLOY / name), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert not check or done.returncode == 0, f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}"
    return done
