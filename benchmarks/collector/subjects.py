"""What is measured: a server each, started and ended here, and asked afterwards what it holds."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import string
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
from confluent_kafka import Consumer, TopicPartition

from tests.kafka_broker import KafkaBroker
from tests.waiting import free_port, until

REPOSITORY = Path(__file__).parents[2]
HERE = Path(__file__).parent

Players = Callable[[], list[str]]


@dataclass(frozen=True)
class Subject:
    """A server under load. `stored` returns the player of every event it holds; None for one that stores none."""

    name: str
    pid: int
    port: int
    stored: Players | None = None

    def cpu_seconds(self) -> float:
        """Return the CPU seconds, user and system, of the process and all its children so far."""
        return sum(_cpu_seconds(pid) for pid in _with_children(self.pid))


@contextmanager
def nginx(folder: Path) -> Iterator[Subject]:
    """Run nginx as it is used for pixels: empty_gif and its access log."""
    port = free_port()
    template = string.Template((HERE / "nginx.conf.template").read_text("utf-8"))
    (folder / "nginx.conf").write_text(template.substitute(folder=folder, port=port))
    with _running(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], folder, port) as pid:
        yield Subject("nginx empty_gif", pid, port)


@contextmanager
def without_a_log(folder: Path, name: str = "app without a log", worker: str = "") -> Iterator[Subject]:
    """Run the collector's application, storing nothing, under a worker class."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.collector.without_a_log", str(port), *filter(None, [worker])]
    with _running(command, folder, port) as pid:
        yield Subject(name, pid, port)


@contextmanager
def on_the_local_log(folder: Path) -> Iterator[Subject]:
    """Run `pixels collect` as it is without settings."""
    port = free_port()
    with _running(_collect(port), folder, port, PIXELS_HOME=str(folder)) as pid:
        yield Subject("local log", pid, port, lambda: players_in_files(folder / "log"))


@contextmanager
def on_kafka(folder: Path, broker: KafkaBroker) -> Iterator[Subject]:
    """Run `pixels collect` on a real broker."""
    port, topic = free_port(), broker.new_topic(partitions=10)
    settings = {"PIXELS_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers, "PIXELS_KAFKA_TOPIC": topic}
    with _running(_collect(port), folder, port, PIXELS_HOME=str(folder), **settings) as pid:
        yield Subject("Kafka", pid, port, lambda: players_in_topic(broker, topic) + players_in_files(folder / "spool"))


@contextmanager
def on_the_spool(folder: Path) -> Iterator[Subject]:
    """Run `pixels collect` whose Kafka is down: nobody listens at that port."""
    port, settings = free_port(), {"PIXELS_KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{free_port()}"}
    with _running(_collect(port), folder, port, PIXELS_HOME=str(folder), **settings) as pid:
        yield Subject("spool, Kafka down", pid, port, lambda: players_in_files(folder / "spool"))


def players_in_files(folder: Path) -> list[str]:
    """Return the players of all events in the files of a log or spool."""
    players: list[str] = []
    for path in sorted(folder.glob("slot-*.sqlite")):
        with closing(sqlite3.connect(path)) as log:
            players += [_player(value) for (value,) in log.execute("SELECT record_value FROM events_queue")]
    return players


def players_in_topic(broker: KafkaBroker, topic: str) -> list[str]:
    """Return the players of all events in a topic."""
    settings = {"bootstrap.servers": broker.bootstrap_servers, "group.id": "bench", "enable.auto.commit": False}
    consumer = Consumer(settings)
    try:
        partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
        ends = {n: consumer.get_watermark_offsets(TopicPartition(topic, n), timeout=30)[1] for n in partitions}
        consumer.assign([TopicPartition(topic, n, 0) for n in partitions])
        players: list[str] = []
        while len(players) < sum(ends.values()):
            players += [_player(message.value()) for message in consumer.consume(50_000, timeout=1.0)]
        return players
    finally:
        consumer.close()


def _player(value: bytes) -> str:
    return msgspec.json.decode(value, type=_Event).player_id


class _Event(msgspec.Struct):
    player_id: str


def _collect(port: int) -> list[str]:
    return [sys.executable, "-m", "pixels", "collect", "--port", str(port)]


@contextmanager
def _running(command: list[str], folder: Path, port: int, **settings: str) -> Iterator[int]:
    """Run a server until the block ends; yield its process id once it answers."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PIXELS_")}
    with (folder / "server.out").open("wb") as out:
        process = subprocess.Popen(
            command, cwd=REPOSITORY, env={**inherited, **settings}, stdout=out, stderr=out, start_new_session=True
        )
        try:
            until(lambda: _listens(port) or process.poll() is not None, what=f"{command} listens")
            assert process.poll() is None, (folder / "server.out").read_text("utf-8", "replace")
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError:
        return False
    return True


def _with_children(pid: int) -> list[int]:
    children = [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]
    return [pid, *(p for child in children for p in _with_children(child))]


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
