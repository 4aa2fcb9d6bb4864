"""A backlog on a real Kafka, drained by one pass, beside its bare stages and beside ClickHouse's engine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
from confluent_kafka import Producer

from benchmarks.aggregator.events import events, messages
from benchmarks.aggregator.processes import told_by, told_by_module
from tests.kafka_broker import KafkaBroker

HERE = Path(__file__).resolve().parent
EVENTS_A_PLAYER = 4


@dataclass(frozen=True)
class Backlog:
    """Events on a topic, and the same JSON in a file."""

    broker: KafkaBroker
    topic: str
    file: Path


def appended(broker: KafkaBroker, folder: Path, count: int) -> Backlog:
    """Make events of today and yesterday, and put them on a topic of 10 partitions."""
    first = datetime.now(UTC) - timedelta(days=2)
    made = events(count, start=count, players=count // EVENTS_A_PLAYER, first=first, during=timedelta(days=2))
    backlog = Backlog(broker, broker.new_topic(partitions=10), folder / "backlog.ndjson")
    buffers = {"queue.buffering.max.messages": 10_000_000, "queue.buffering.max.kbytes": 2_000_000}
    producer = Producer({"bootstrap.servers": broker.bootstrap_servers, "linger.ms": 20, **buffers})
    with backlog.file.open("wb") as file:
        for key, value in messages(made):
            file.write(value + b"\n")
            producer.produce(backlog.topic, value, key)
            producer.poll(0)
    assert producer.flush(60) == 0
    return backlog


def one_pass(backlog: Backlog, home: Path) -> dict[str, Any]:
    """Drain the backlog into a new warehouse; return what `one_pass` tells, and the daily counts."""
    home.mkdir()
    environment = {
        "PIXELS_HOME": str(home),
        "PIXELS_KAFKA_BOOTSTRAP_SERVERS": backlog.broker.bootstrap_servers,
        "PIXELS_KAFKA_TOPIC": backlog.topic,
    }
    told = told_by_module("one_pass", environment=environment)
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        told["daily_metrics"] = [
            [str(day), kind, count] for day, kind, count in con.execute("FROM daily_metrics ORDER BY ALL").fetchall()
        ]
    return told


def bare_stages(backlog: Backlog, file: Path) -> dict[str, Any]:
    """Run the bare stages; return the seconds of each, and the CPU seconds of all."""
    return told_by_module("bare_stages", backlog.broker.bootstrap_servers, backlog.topic, str(file))


def clickhouse(backlog: Backlog, folder: Path, python: str) -> dict[str, Any]:
    """Let ClickHouse's engine do dedup and counts from the same JSON; it is given it as a file."""
    return told_by([python, str(HERE / "clickhouse.py"), str(backlog.file), str(folder)])


def compare(broker: KafkaBroker, folder: Path, count: int, rounds: int, chdb_python: str | None) -> None:
    """Run all in turn, `rounds` times, and print the seconds of each round and the medians of the ratios."""
    backlog = appended(broker, folder, count)
    to_bare, to_clickhouse, peaks = [], [], []
    for number in range(rounds):
        bare = bare_stages(backlog, folder / f"bare-{number}.duckdb")
        stages, seconds = bare["stages"], sum(bare["stages"].values())
        each = ", ".join(f"{stage} {took:.2f}" for stage, took in stages.items())
        print(f"bare stages {seconds:.2f} s, {bare['cpu_seconds']:.1f} CPU s ({each})", flush=True)
        whole = one_pass(backlog, folder / f"home-{number}")
        assert whole["records"] == count
        commit, publishing = whole["to_commit"], whole["publishing"]
        print(
            f"pass        {commit:.2f} s, {whole['cpu_to_commit']:.1f} CPU s; then publishing {publishing:.2f} s",
            flush=True,
        )
        to_bare.append(seconds / commit)
        peaks.append(whole["peak_mb"])
        if chdb_python:
            other = clickhouse(backlog, folder / f"chdb-{number}", chdb_python)
            assert other["daily_metrics"] == whole["daily_metrics"], "ClickHouse counts otherwise"
            with_reading = stages["consume"] + other["seconds"]
            print(
                f"ClickHouse  {with_reading:.2f} s (consume {stages['consume']:.2f}, chdb {other['seconds']:.2f}; "
                f"{other['cpu_seconds']:.1f} CPU s)",
                flush=True,
            )
            to_clickhouse.append(with_reading / commit)
    print(
        f"{count:,} events, median of {rounds} rounds: bare stages take {median(to_bare):.2f} of the time of a pass",
        end="",
    )
    print(f", ClickHouse {median(to_clickhouse):.2f}" if to_clickhouse else "", end="")
    print(f"; peak memory of a pass {max(peaks):.0f} MB")
