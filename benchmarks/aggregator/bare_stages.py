"""What a pass is held to: its stages without any rule, one after the other.

`python -m benchmarks.aggregator.bare_stages BOOTSTRAP_SERVERS TOPIC FILE` prints the seconds of each, and the CPU seconds of all, as JSON.
"""

from __future__ import annotations

import io
import json
import sys
import time

import duckdb
import polars as pl
from confluent_kafka import Consumer, KafkaError, TopicPartition

_TUNED = {
    "group.id": "bare-stages",
    "enable.auto.commit": False,
    "auto.offset.reset": "earliest",
    "enable.partition.eof": True,
    "queued.min.messages": 1_000_000,
    "queued.max.messages.kbytes": 1_048_576,
    "fetch.message.max.bytes": 16 * 1024 * 1024,
    "fetch.wait.max.ms": 50,
}
_TEXT = ("id", "event_type", "player_id", "banner_tag", "source_ip", "user_agent", "created_at")
_METADATA = pl.Struct(dict.fromkeys(("amount", "b", "currency", "s", "txid"), pl.String))


def consumed(bootstrap_servers: str, topic: str) -> list[bytes]:
    """Read all messages of a topic into a list, as fast as the client can."""
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, **_TUNED})
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    values: list[bytes] = []
    ended = 0
    while ended < len(partitions):
        for message in consumer.consume(50_000, timeout=0.05):
            if (error := message.error()) is None:
                values.append(message.value())
            else:
                assert error.code() == KafkaError._PARTITION_EOF, error  # noqa: SLF001 - the library's public constant
                ended += 1
    consumer.close()
    return values


def main() -> None:
    bootstrap_servers, topic, file = sys.argv[1:]
    began, cpu_before = time.monotonic(), time.process_time()
    values = consumed(bootstrap_servers, topic)
    read = time.monotonic()
    schema = {**dict.fromkeys(_TEXT, pl.String), "metadata": _METADATA}
    frame = pl.read_ndjson(io.BytesIO(b"\n".join(values)), schema=schema)  # type: ignore[arg-type]
    parsed = time.monotonic()
    with duckdb.connect(file) as con:
        con.register("frame", frame)
        con.execute("CREATE TABLE events AS SELECT * FROM frame")
    inserted = time.monotonic()
    assert frame.height == len(values)
    stages = {"consume": read - began, "read_ndjson": parsed - read, "insert": inserted - parsed}
    print(json.dumps({"stages": stages, "cpu_seconds": time.process_time() - cpu_before}))


if __name__ == "__main__":
    main()
