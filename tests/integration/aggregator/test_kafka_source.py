"""A pass over a real Kafka: up to the last stable offset, once, whoever wrote the records."""

from __future__ import annotations

import json
import signal
import socket
import socketserver
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import duckdb
import pytest
from click.testing import CliRunner
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions

from aggregator.kafka_source import KafkaUnavailable
from aggregator.run import run_pass
from pixels.cli import main
from pixels.config import Settings, load_settings
from tests.kafka_broker import KafkaBroker
from tests.local_log import append
from tests.oracle import Record, Refusal, differences, tables
from tests.sample_records import event
from tests.stored_tables import read_tables
from tests.waiting import free_port, until


def assert_tables(settings: Settings, records: list[Record], refusals: Iterable[Refusal] = ()) -> None:
    expected = tables(records, "UTC", refusals=refusals)
    assert differences(expected, read_tables(settings.warehouse_path)) == {}


def test_everything_on_the_topic_counts_once(kafka: KafkaBroker, topic: str) -> None:
    """Two passes over a topic with repeats and rubbish: the second finds nothing left."""
    records = [event(n % 700, banner_tag=f"b{n % 3}") for n in range(2_000)]
    kafka.produce(topic, [*records, b"rubbish", b"", None])
    now = datetime.now(UTC)
    settings = load_settings(batch_size=300)

    first, second = run_pass(settings), run_pass(settings)

    assert (first.outcome.records_read, first.outcome.records_rejected) == (2_003, 3)
    assert second.outcome.records_read == 0
    assert_tables(settings, records, [Refusal(now, "not_json"), Refusal(now, "empty_record", 2)])


def test_an_outside_client_is_counted(kafka: KafkaBroker, topic: str) -> None:
    """`kcat`, which knows nothing of Pixels, writes events by the documented JSON; they count."""
    lines = "".join(json.dumps(event(n)) + "\n" for n in range(5))
    subprocess.run(
        ["kcat", "-P", "-b", kafka.bootstrap_servers, "-t", topic], input=lines.encode(), check=True, timeout=60
    )
    settings = load_settings()

    run_pass(settings)

    assert_tables(settings, [event(n) for n in range(5)])


def test_transactions_that_were_aborted_do_not_count_and_their_markers_do_not_hold_a_pass_up(
    kafka: KafkaBroker, topic: str
) -> None:
    """The last offset of a transactional writer is a marker, no message; an open transaction waits for its end."""
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "transactional.id": f"writer-{topic}"})
    producer.init_transactions()
    for commit, ids in ((True, range(3)), (False, range(3, 6)), (True, range(6, 8))):
        producer.begin_transaction()
        for n in ids:
            producer.produce(topic, json.dumps(event(n)), partition=0)
        producer.flush()
        producer.commit_transaction() if commit else producer.abort_transaction()
    settings = load_settings()

    run_pass(settings)
    assert_tables(settings, [event(n) for n in (0, 1, 2, 6, 7)])

    producer.begin_transaction()
    producer.produce(topic, json.dumps(event(9)), partition=0)
    producer.flush()
    behind, beside = Producer({"bootstrap.servers": kafka.bootstrap_servers}), event(21)
    behind.produce(topic, json.dumps(event(20)), partition=0)
    behind.produce(topic, json.dumps(beside), partition=1)
    assert behind.flush(30) == 0
    while_open = run_pass(settings)
    assert (while_open.outcome.events_stored, while_open.finished) == (1, True)

    producer.commit_transaction()
    run_pass(settings)
    assert_tables(settings, [event(n) for n in (0, 1, 2, 6, 7, 9, 20, 21)])


def test_both_logs_are_drained_and_agree_on_one_event(kafka: KafkaBroker, topic: str, pixels_home: Path) -> None:
    """What the embedded log still holds when Kafka is switched on is counted, once."""
    append(pixels_home, [event(1), event(2)], at_ms=1_795_000_000_000)
    kafka.produce(topic, [event(2), event(3)])
    settings = load_settings()

    result = run_pass(settings)

    assert (result.outcome.events_stored, result.outcome.records_repeated) == (3, 1)
    assert_tables(settings, [event(1), event(2), event(3)])


def test_partitions_that_are_added_later_are_read_from_their_beginning(kafka: KafkaBroker, topic: str) -> None:
    """A topic may grow; nothing on its new partitions is missed."""
    kafka.produce(topic, [event(n) for n in range(20)])
    settings = load_settings()
    run_pass(settings)
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    for future in admin.create_partitions([NewPartitions(topic, 8)]).values():
        future.result(30)
    kafka.produce(topic, [event(n) for n in range(20, 120)])

    run_pass(settings)

    assert_tables(settings, [event(n) for n in range(120)])


def test_the_refusals_of_the_collector_come_from_their_own_topic(kafka: KafkaBroker, topic: str) -> None:
    """They are kept with their reason, and never counted."""
    refusal = {"reason": "unknown_path", "received_at": "2026-11-17T10:00:00Z", "payload": "GET /x", "detail": ""}
    kafka.produce(f"{topic}.rejected", [refusal])

    result = run_pass(load_settings())

    assert (result.outcome.records_rejected, result.outcome.events_stored) == (1, 0)


def test_the_groups_offsets_follow_for_lag_monitors(kafka: KafkaBroker, topic: str) -> None:
    """An ordinary lag monitor sees the aggregator's group at the end of the topic."""
    kafka.produce(topic, [event(n) for n in range(50)])
    run_pass(load_settings())

    assert offsets_of_the_group(kafka, topic) == ends_of(kafka, topic)


def offsets_of_the_group(kafka: KafkaBroker, topic: str) -> dict[int, int]:
    """The offsets by partition that a lag monitor sees, where there are any."""
    watcher = Consumer({"bootstrap.servers": kafka.bootstrap_servers, "group.id": "pixels-aggregator"})
    places = watcher.committed([TopicPartition(topic, n) for n in range(4)], timeout=30)
    watcher.close()
    return {place.partition: place.offset for place in places if place.offset > 0}


def ends_of(kafka: KafkaBroker, topic: str) -> dict[int, int]:
    """The ends of the partitions that hold anything."""
    watcher = Consumer({"bootstrap.servers": kafka.bootstrap_servers, "group.id": "nobody"})
    ends = {n: watcher.get_watermark_offsets(TopicPartition(topic, n), timeout=30)[1] for n in range(4)}
    watcher.close()
    return {n: end for n, end in ends.items() if end}


def test_kafka_that_does_not_answer_or_lacks_the_topic_is_explained(
    kafka: KafkaBroker, pixels_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the brokers, the topics and what went wrong with the connection, and the pass stores nothing."""
    with pytest.raises(KafkaUnavailable, match="no_such_topic"):
        run_pass(load_settings(kafka_bootstrap_servers=kafka.bootstrap_servers, kafka_topic="no_such_topic"))
    with pytest.raises(KafkaUnavailable, match=r"did not answer.*Connection refused"):
        run_pass(load_settings(kafka_bootstrap_servers=f"127.0.0.1:{free_port()}"))


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ('{"fetch.sizes": 1}', "fetch.sizes"),
        ('{"fetch.wait.max.ms": "soon"}', "fetch.wait.max.ms"),
        ('{"isolation.level": "read_uncommitted"}', "isolation.level is not to be set here"),
        ("linger.ms=5", "no JSON object"),
    ],
)
def test_a_property_that_cannot_be_used_ends_the_pass_before_it_reads(
    pixels_home: Path, monkeypatch: pytest.MonkeyPatch, properties: str, says: str
) -> None:
    """Exit code 78, and one message that names the setting and the property."""
    monkeypatch.setenv("PIXELS_KAFKA_BOOTSTRAP_SERVERS", f"127.0.0.1:{free_port()}")
    monkeypatch.setenv("PIXELS_KAFKA_PROPERTIES", properties)
    append(pixels_home, [event(1)], at_ms=1_795_000_000_000)

    result = CliRunner().invoke(main, ["aggregate"])

    assert result.exit_code == 78
    assert "PIXELS_KAFKA_PROPERTIES" in result.stderr
    assert says in result.stderr
    assert result.stdout == ""


AT_ONCE = 10
ALL_AT_ONCE: dict[str, object] = {"batch_size": 50_000, "kafka_properties": {}}
EVENTS = [event(n) for n in range(2_000)]


@pytest.fixture
def little_at_a_time(topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass that reads and stores a little at a time, and hardly ahead, so that it can be met in the middle."""
    monkeypatch.setenv("PIXELS_BATCH_SIZE", "20")
    monkeypatch.setenv(
        "PIXELS_KAFKA_PROPERTIES",
        json.dumps({"queued.max.messages.kbytes": 1, "fetch.message.max.bytes": 4_000}),
    )


@contextmanager
def standing_still(kafka: KafkaBroker) -> Iterator[None]:
    """Let the broker stand still, then start it anew: by itself it sometimes takes a minute to be one of its cluster again."""
    try:
        with kafka.hanging():
            yield
    finally:
        kafka.kill()
        kafka.start()


def records_read_by_each_pass() -> list[int]:
    with duckdb.connect(str(load_settings().warehouse_path), read_only=True) as con:
        return [n for (n,) in con.execute("SELECT records_read FROM aggregation_runs ORDER BY run_id").fetchall()]


@pytest.mark.usefixtures("little_at_a_time")
def test_a_broker_that_hangs_in_mid_pass_is_given_up_in_time(kafka: KafkaBroker, topic: str) -> None:
    """A clear error after a bounded time, as for the pass that comes meanwhile; what was stored stays, a later one has the rest."""
    kafka.produce(topic, EVENTS, at_once=AT_ONCE)
    hanging, steps = ExitStack(), iter(["after_commit"])

    def hang(step: str) -> None:
        if step == "after_commit" and next(steps, None):
            hanging.enter_context(standing_still(kafka))

    began, settings = time.monotonic(), load_settings(kafka_read_timeout=2)
    with hanging:
        with pytest.raises(KafkaUnavailable, match=r"delivered nothing for 2 s though \d partition"):
            run_pass(settings, on_step=hang)
        with pytest.raises(KafkaUnavailable, match="did not answer as needed"):
            run_pass(settings)
        assert time.monotonic() - began < 30
    run_pass(load_settings(**ALL_AT_ONCE))

    stored, rest = records_read_by_each_pass()
    assert 0 < stored < len(EVENTS)
    assert stored + rest == len(EVENTS)
    assert_tables(load_settings(), EVENTS)


@pytest.mark.usefixtures("little_at_a_time")
def test_a_pass_that_is_asked_to_end_ends_after_its_transaction(kafka: KafkaBroker, topic: str) -> None:
    """SIGTERM in a backlog, even while the broker hangs: exit code 0, and the line says that there is more."""
    kafka.produce(topic, EVENTS, at_once=AT_ONCE)
    with subprocess.Popen([sys.executable, "-m", "pixels", "aggregate"], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        until(lambda: offsets_of_the_group(kafka, topic), what="the first batch is stored")
        with standing_still(kafka):
            child.send_signal(signal.SIGTERM)
            line = json.loads(child.stdout.readline())
            assert child.wait(30) == 0
    rest = run_pass(load_settings(**ALL_AT_ONCE))

    assert (line["finished"], rest.finished) == (False, True)
    assert records_read_by_each_pass() == [line["records_read"], len(EVENTS) - line["records_read"]]
    assert_tables(load_settings(), EVENTS)


def test_properties_of_the_settings_reach_every_client(kafka: KafkaBroker, topic: str) -> None:
    """A name given to the clients stands in what each of them sends; ours stay as they are."""
    kafka.produce(topic, [event(n) for n in range(5)])

    with overheard(kafka.port) as (port, said):
        settings = load_settings(
            kafka_bootstrap_servers=f"127.0.0.1:{port}", kafka_properties={"client.id": "acme-nightly-pass"}
        )
        run_pass(settings)

    assert len(said) > 1
    assert all(b"acme-nightly-pass" in connection for connection in said)
    assert_tables(settings, [event(n) for n in range(5)])


@contextmanager
def overheard(broker_port: int) -> Iterator[tuple[int, list[bytearray]]]:
    """Stand before a broker for the first words of each client: yield our port, and what was said on each connection.

    The broker then tells clients its own address, and they go on without us.
    """
    said: list[bytearray] = []

    class Relay(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            heard = bytearray()
            said.append(heard)
            with socket.create_connection(("127.0.0.1", broker_port)) as broker, suppress(OSError):
                answers = Thread(target=pump, args=(broker, self.request, bytearray()))
                answers.start()
                pump(self.request, broker, heard)
                broker.shutdown(socket.SHUT_RDWR)
                answers.join()

    def pump(source: socket.socket, target: socket.socket, kept: bytearray) -> None:
        with suppress(OSError):
            while chunk := source.recv(65_536):
                kept += chunk
                target.sendall(chunk)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Relay) as server:
        Thread(target=server.serve_forever).start()
        try:
            yield server.server_address[1], said
        finally:
            server.shutdown()
