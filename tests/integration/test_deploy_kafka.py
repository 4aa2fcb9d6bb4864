"""deploy/kafka/start and stop, tried on real brokers."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType, TopicMetadata

from tests.kafka_broker import KafkaBroker, run_script
from tests.waiting import free_port, until

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def one_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    broker = KafkaBroker(tmp_path_factory.mktemp("one") / "kafka data", port=free_port(following=1))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def three_brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    cluster = KafkaBroker(tmp_path_factory.mktemp("three"), port=free_port(following=5), brokers=3)
    cluster.start()
    yield cluster
    cluster.stop()


def topic(broker: KafkaBroker, name: str) -> TopicMetadata:
    return AdminClient({"bootstrap.servers": broker.bootstrap_servers}).list_topics(name, timeout=10).topics[name]


def topic_setting(broker: KafkaBroker, name: str, setting: str) -> str:
    admin = AdminClient({"bootstrap.servers": broker.bootstrap_servers})
    (described,) = admin.describe_configs([ConfigResource(ResourceType.TOPIC, name)]).values()
    return str(described.result(timeout=10)[setting].value)


def append(broker: KafkaBroker, name: str, value: bytes) -> TopicPartition:
    """Append one record and return where it is, once every in-sync replica has it."""
    outcomes: list[tuple[KafkaError | None, Message]] = []
    # A topic that is not there is given up at once, not after 30 seconds.
    settings = {"bootstrap.servers": broker.bootstrap_servers, "topic.metadata.propagation.max.ms": 100}
    producer = Producer({**settings, "acks": "all"})
    producer.produce(name, value, on_delivery=lambda error, message: outcomes.append((error, message)))
    producer.flush(30)
    ((error, message),) = outcomes
    if error is not None:
        raise KafkaException(error)
    return TopicPartition(message.topic(), message.partition(), message.offset())


def read(broker: KafkaBroker, where: TopicPartition) -> bytes:
    consumer = Consumer(
        {"bootstrap.servers": broker.bootstrap_servers, "group.id": "test", "enable.auto.commit": False}
    )
    consumer.assign([where])
    message = until(lambda: consumer.poll(1), what=f"the record at {where}")
    consumer.close()
    assert message.error() is None
    value: bytes = message.value()
    return value


@pytest.mark.parametrize("name", ["events_queue", "events_queue.rejected"])
def test_start_makes_both_topics_with_ten_partitions_and_the_brokers_time(one_broker: KafkaBroker, name: str) -> None:
    """Both topics exist with ten partitions, and records carry the time of their append."""
    assert len(topic(one_broker, name).partitions) == 10
    assert topic_setting(one_broker, name, "message.timestamp.type") == "LogAppendTime"


def test_a_second_start_says_that_it_is_running_and_leaves_it_alone(one_broker: KafkaBroker) -> None:
    """On a running folder `start` prints the address again, says so, and keeps the process."""
    before = one_broker.pid()
    again = run_script("start", one_broker.folder)
    assert again.stdout == f"127.0.0.1:{one_broker.port}\n"
    assert "already running" in again.stderr
    assert one_broker.pid() == before


def test_a_topic_is_not_made_by_naming_it(one_broker: KafkaBroker) -> None:
    """A producer with a mistyped topic fails; no topic appears."""
    with pytest.raises(KafkaException, match="Unknown topic"):
        append(one_broker, "event_queue", b"lost")
    assert topic(one_broker, "event_queue").error is not None


def test_another_pair_of_topics_is_made_on_a_running_broker(one_broker: KafkaBroker) -> None:
    """`--topic` names another pair; the broker need not stop for it."""
    run_script("start", one_broker.folder, "--topic", "brand.events")
    assert len(topic(one_broker, "brand.events").partitions) == 10
    assert len(topic(one_broker, "brand.events.rejected").partitions) == 10


def test_what_was_acknowledged_outlives_kill_9_and_a_start_on_the_same_folder(one_broker: KafkaBroker) -> None:
    """A broker killed with -9 comes up again on its folder with every acknowledged record."""
    where = append(one_broker, "events_queue", b"kept")
    one_broker.kill()
    one_broker.start()
    assert read(one_broker, where) == b"kept"


def test_stop_ends_the_process_and_the_next_start_keeps_the_records(one_broker: KafkaBroker) -> None:
    """After `stop` the port is free; after the next `start` the records are there."""
    where = append(one_broker, "events_queue", b"kept over night")
    one_broker.stop()
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", one_broker.port)) != 0
    assert "not running" in run_script("stop", one_broker.folder).stderr
    one_broker.start()
    assert read(one_broker, where) == b"kept over night"


def test_a_folder_keeps_its_number_of_brokers(one_broker: KafkaBroker) -> None:
    """The same folder with another number of brokers is refused: its records are spread over as many as it was made with."""
    refused = run_script("start", one_broker.folder, "--brokers", 3, check=False)
    assert refused.returncode == 1
    assert "made with --brokers 1" in refused.stderr


def test_a_running_cluster_is_not_moved_to_another_port(one_broker: KafkaBroker) -> None:
    """Another port for a running folder is refused, with the address it has."""
    refused = run_script("start", one_broker.folder, "--port", free_port(following=1), check=False)
    assert refused.returncode == 1
    assert f"running on 127.0.0.1:{one_broker.port}" in refused.stderr


def test_a_port_in_use_is_named(tmp_path: Path, one_broker: KafkaBroker) -> None:
    """When somebody else listens on the port, nothing is started and the port is named."""
    refused = run_script("start", tmp_path / "new", "--port", one_broker.port, check=False)
    assert refused.returncode == 1
    assert f"port {one_broker.port} is not free" in refused.stderr


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    """Kafka is not let loose on a folder that holds anything else, and adds nothing to it."""
    (tmp_path / "thesis.txt").write_text("years of work")
    refused = run_script("start", tmp_path, check=False)
    assert refused.returncode == 1
    assert "folder of its own" in refused.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_bad_topic_name_is_refused_at_once(tmp_path: Path) -> None:
    """A name that Kafka would refuse is refused before anything is started."""
    refused = run_script("start", tmp_path / "new", "--topic", "événements", check=False)
    assert refused.returncode == 2
    assert not (tmp_path / "new").exists()


def test_without_java_the_message_names_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Java is missing, the message says which Debian package brings it."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "python3").symlink_to(sys.executable)
    (tools / "env").symlink_to(str(shutil.which("env")))
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    refused = run_script("start", tmp_path / "new", check=False)
    assert refused.returncode == 1
    assert "apt install openjdk-17-jre-headless" in refused.stderr


def test_a_process_id_that_now_belongs_to_another_is_not_killed(tmp_path: Path, one_broker: KafkaBroker) -> None:
    """`stop` believes a process id only together with the process's birth; a stale file harms nobody."""
    folder = tmp_path / "stale"
    (folder / "broker-1").mkdir(parents=True)
    shutil.copy(one_broker.folder / "cluster.json", folder)
    (folder / "broker-1" / "pid").write_text(f"{os.getpid()}\nsome-boot/1\n")
    assert "not running" in run_script("stop", folder).stderr


def test_stop_kills_a_broker_that_does_not_listen(one_broker: KafkaBroker) -> None:
    """A broker that has not ended within the bound is killed, and `stop` says so."""
    stopped = run_script("stop", one_broker.folder, "--timeout", "0")
    assert "was killed" in stopped.stderr


def test_three_brokers_keep_every_record_three_times(three_brokers: KafkaBroker) -> None:
    """With `--brokers 3` a topic is on all three, and two must have a record before it is acknowledged."""
    partitions = topic(three_brokers, "events_queue").partitions.values()
    assert [sorted(p.replicas) for p in partitions] == [[1, 2, 3]] * 10
    assert topic_setting(three_brokers, "events_queue", "min.insync.replicas") == "2"


def test_with_one_of_three_brokers_killed_records_are_taken_and_start_brings_it_back(
    three_brokers: KafkaBroker,
) -> None:
    """Two of three brokers go on acknowledging; `start` starts the missing one, which catches up."""
    three_brokers.kill(node=2)
    where = append(three_brokers, "events_queue", b"taken by two")
    three_brokers.start()
    until(
        lambda: [sorted(p.isrs) for p in topic(three_brokers, "events_queue").partitions.values()] == [[1, 2, 3]] * 10,
        timeout=60,
        what="all replicas are in sync again",
    )
    assert read(three_brokers, where) == b"taken by two"
