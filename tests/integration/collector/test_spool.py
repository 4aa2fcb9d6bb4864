"""While Kafka takes nothing, the spool does; when Kafka is back it gets all of it, byte for byte."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from collector.clock import utc_now
from collector.event_log import EVENTS, RecordRefused
from collector.sinks import open_log
from collector.slots import open_slot
from tests.integration.collector.running import RunningCollector, is_gone, kill, running_collector
from tests.integration.collector.senders import ENOUGH, Senders
from tests.integration.collector.spools import (
    collector_without_its_kafka,
    kafka_settings,
    spool_files,
    spool_in_every_file,
    spooled,
)
from tests.integration.collector.test_kafka import messages, values
from tests.kafka_broker import KafkaBroker
from tests.waiting import until

PIXEL = "/visit?playerId=%s&bannerTag=a"
RECOVERY_SECONDS = 10
WAVE_SECONDS = 2


@pytest.fixture
def topic(kafka: KafkaBroker) -> str:
    return kafka.new_topic()


@contextmanager
def collector_on(kafka: KafkaBroker, topic: str, home: Path, *options: str) -> Iterator[RunningCollector]:
    """Run a collector with all defaults of the log."""
    settings = {"PIXELS_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "PIXELS_KAFKA_TOPIC": topic}
    with running_collector(home, *options, **settings) as running:
        yield running


def send(collector: RunningCollector, *players: str) -> None:
    """Send a visit of each player, which must be acknowledged."""
    for player in players:
        assert collector.ask(PIXEL % player).status == 200


def wait_until_empty(home: Path) -> None:
    until(lambda: not spooled(home) and not spooled(home, "events_queue_rejected"), what="an empty spool")


def goes_straight_to_kafka(collector: RunningCollector) -> bool:
    return b'"kafka"' in collector.ask("/readyz").body


def test_a_broker_that_hangs_costs_one_wave_of_requests_the_wait(
    kafka: KafkaBroker, topic: str, tmp_path: Path
) -> None:
    """Those that wait are told together, those that come later do not wait, and Kafka gets every byte of the spool."""
    with collector_on(kafka, topic, tmp_path) as collector:
        send(collector, "before")
        with kafka.hanging():
            senders = Senders(collector)
            began = time.monotonic()
            senders.wait_for(ENOUGH)  # eight senders: were each request late, this would take over a minute
            assert WAVE_SECONDS <= time.monotonic() - began < 10 * WAVE_SECONDS
            during = senders.finish()
            waiting = spooled(tmp_path)
            assert not goes_straight_to_kafka(collector)
        until(lambda: goes_straight_to_kafka(collector), timeout=RECOVERY_SECONDS, what="Kafka takes events again")
        wait_until_empty(tmp_path)
        send(collector, "after")
        assert spooled(tmp_path) == []

    stored = [(message.key(), message.value()) for message in messages(kafka, topic)]
    assert len(waiting) == len(during)
    assert set(waiting) <= set(stored)
    assert {key for key, _ in stored} == {player.encode() for player in (*during, "before", "after")}


def test_a_broker_that_was_killed_gets_everything_when_it_is_back(
    kafka: KafkaBroker, topic: str, tmp_path: Path
) -> None:
    """Under load throughout: no pixel is refused, none is lost, none is made up."""
    with collector_on(kafka, topic, tmp_path) as collector:
        senders = Senders(collector)
        senders.wait_for(ENOUGH)
        kafka.kill()
        until(lambda: len(spooled(tmp_path)) >= ENOUGH, what="a filled spool")
        kafka.start()
        until(lambda: goes_straight_to_kafka(collector), timeout=RECOVERY_SECONDS, what="Kafka takes events again")
        wait_until_empty(tmp_path)
        acknowledged = senders.finish()
        lines = collector.errors.read_text().splitlines()

    assert {event["player_id"] for event in values(kafka, topic)} == acknowledged
    assert senders.refused == []
    told = [line for line in lines if "kafka_" in line]
    assert len(told) == 2, told  # when it goes, and when it is back; not for every event or second


def test_a_restart_with_fewer_workers_forwards_the_files_of_those_that_are_gone(
    kafka: KafkaBroker, topic: str, tmp_path: Path
) -> None:
    """Two workers filled two files; one worker sends both on."""
    with collector_without_its_kafka(tmp_path, "--workers", "2") as collector:
        acknowledged = spool_in_every_file(collector, 2)

    with collector_on(kafka, topic, tmp_path):
        wait_until_empty(tmp_path)

    assert sorted(event["player_id"] for event in values(kafka, topic)) == sorted(acknowledged)


def test_what_a_killed_collector_had_spooled_is_forwarded_by_the_next(
    kafka: KafkaBroker, topic: str, tmp_path: Path
) -> None:
    """kill -9 of all its processes, in full flight."""
    with collector_without_its_kafka(tmp_path) as collector:
        senders = Senders(collector)
        senders.wait_for(ENOUGH)
        workers = collector.workers()
        os.killpg(collector.process.pid, signal.SIGKILL)
        until(lambda: all(map(is_gone, workers)), what="workers are gone")
        acknowledged = senders.finish()
    waiting = spooled(tmp_path)

    with collector_on(kafka, topic, tmp_path):
        wait_until_empty(tmp_path)

    stored = [(message.key(), message.value()) for message in messages(kafka, topic)]
    assert sorted(stored) == sorted(waiting)  # nobody was killed while forwarding, so each is there once
    assert acknowledged <= {(key or b"").decode() for key, _ in stored}


def test_a_worker_that_is_killed_while_it_forwards_loses_nothing(
    kafka: KafkaBroker, topic: str, tmp_path: Path
) -> None:
    """The next worker goes on; a record may arrive twice, the same bytes."""
    with collector_without_its_kafka(tmp_path) as collector:
        senders = Senders(collector)
        senders.wait_for(10 * ENOUGH)
        senders.finish()
    waiting = spooled(tmp_path)

    with collector_on(kafka, topic, tmp_path) as collector:
        until(lambda: len(spooled(tmp_path)) < len(waiting), what="the forwarder has begun")
        (worker,) = collector.workers()
        kill(worker)
        wait_until_empty(tmp_path)

    assert {(message.key(), message.value()) for message in messages(kafka, topic)} == set(waiting)


def test_a_stop_while_kafka_hangs_still_answers_what_is_under_way(
    kafka: KafkaBroker, topic: str, tmp_path: Path
) -> None:
    """The event goes to the spool, the sender hears so, and the collector leaves in peace."""
    with collector_on(kafka, topic, tmp_path) as collector:
        send(collector, "before")
        with kafka.hanging():
            with collector.sent(PIXEL % "during") as under_way:
                assert collector.ask("/robots.txt").status == 200  # one event loop: it has read the request before
                collector.process.terminate()
                assert under_way.answer().status == 200
            assert collector.process.wait(timeout=30) == 0
        assert [key for key, _ in spooled(tmp_path)] == [b"during"]


def test_a_spool_is_drained_into_the_local_log_when_no_kafka_is_set_any_more(tmp_path: Path) -> None:
    """Events and refusals, the same bytes, while new ones come."""
    with collector_without_its_kafka(tmp_path) as collector:
        send(collector, "1", "2", "3")
        assert collector.ask("/visit?playerId=guest&bannerTag=a").status == 400
        until(lambda: spooled(tmp_path, "events_queue_rejected"), what="a spooled refusal")
    waiting = spooled(tmp_path)

    with running_collector(tmp_path) as collector:
        send(collector, "4")
        wait_until_empty(tmp_path)

        assert sorted(event["player_id"] for event in collector.events()) == ["1", "2", "3", "4"]
        assert [refusal["reason"] for refusal in collector.refusals()] == ["placeholder_value"]
        assert {key for key, _ in waiting} == {b"1", b"2", b"3"}


async def test_a_record_that_kafka_never_takes_is_refused_and_stops_nothing(kafka: KafkaBroker, tmp_path: Path) -> None:
    """It is not acknowledged, and the others neither wait nor go to the spool. One that is in the spool stays there."""
    topic = kafka.new_topic(properties={"max.message.bytes": "2000"})
    settings = kafka_settings(kafka.bootstrap_servers, topic, home=tmp_path, ack_timeout=10)
    with closing(open_slot(tmp_path / "spool")) as file:
        file.add({EVENTS: [(1, b"key", b"{}"), (1, b"key", bytes(4000)), (1, b"key", b"{}")]}, 4000)

    log = open_log(settings, clock=utc_now, on_fatal=lambda: None)
    with pytest.raises(RecordRefused):
        await log.append(EVENTS, b"large", bytes(4000))
    await log.append(EVENTS, b"small", b"{}")
    assert (await log.check()).log == "kafka"
    until(lambda: spooled(tmp_path) == [(b"key", bytes(4000))], what="all that can go has gone, its neighbours too")
    await asyncio.to_thread(log.close)

    assert sorted(message.key() or b"" for message in messages(kafka, topic)) == [b"key", b"key", b"small"]


def test_a_spool_at_its_limit_is_answered_503_at_once(tmp_path: Path) -> None:
    """A flood while Kafka is down cannot fill the disk."""
    with collector_without_its_kafka(tmp_path, PIXELS_SPOOL_LIMIT="1MB") as collector:
        fill = "&".join(f"k{n}={'x' * 150}" for n in range(40))
        until(lambda: collector.ask(f"{PIXEL % 1}&{fill}").status == 503, what="a full spool")

        began = time.monotonic()
        answers = [collector.ask(f"{PIXEL % 1}&{fill}") for _ in range(20)]
        assert time.monotonic() - began < 20 * 0.3  # nobody waits for Kafka first
        assert {(answer.status, answer.headers["retry-after"]) for answer in answers} == {(503, "5")}
        assert collector.ask("/readyz").status == 503
        assert sum(path.stat().st_size for path in spool_files(tmp_path)) <= 1_000_000


def test_a_disk_that_takes_nothing_stops_only_what_needs_it(kafka: KafkaBroker, topic: str, tmp_path: Path) -> None:
    """A collector whose spool cannot be opened starts and works while Kafka does, and opens it when it can."""
    (tmp_path / "spool").write_text("a file where the folder should be")
    with collector_on(kafka, topic, tmp_path) as collector:
        send(collector, "1")
        (tmp_path / "spool").unlink()
        until((tmp_path / "spool" / "slot-000.sqlite").exists, what="the spool is opened")
        with kafka.hanging():
            send(collector, "2")
        assert [line for line in collector.errors.read_text().splitlines() if "no_spool" in line][1:] == []


def test_a_file_that_may_not_grow_is_answered_503_until_it_may(tmp_path: Path) -> None:
    """A limit of the system on the running worker, as a quota is; no request waits for Kafka meanwhile."""
    with collector_without_its_kafka(tmp_path) as collector:
        send(collector, "before")
        (worker,) = collector.workers()
        limits = resource.prlimit(worker, resource.RLIMIT_FSIZE)
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (1024, limits[1]))
        refused = [collector.ask(PIXEL % f"during-{n}") for n in range(5)]
        resource.prlimit(worker, resource.RLIMIT_FSIZE, limits)
        send(collector, "after")

        assert [(answer.status, answer.headers["retry-after"]) for answer in refused] == [(503, "5")] * 5
        assert [key for key, _ in spooled(tmp_path)] == [b"before", b"after"]


@pytest.mark.skipif(os.geteuid() != 0, reason="to mount a small disk takes root")
def test_a_full_disk_is_answered_503_at_once_and_passes(tmp_path: Path) -> None:
    """A disk of four megabytes, then room again: what was acknowledged is there, and nothing else."""
    folder = tmp_path / "spool"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "small-disk", folder], check=True)
    try:
        (folder / "ballast").write_bytes(bytes(3_000_000))
        with collector_without_its_kafka(tmp_path) as collector:
            acknowledged: list[bytes] = []
            while (answer := collector.ask(PIXEL % len(acknowledged))).status == 200:
                acknowledged.append(str(len(acknowledged)).encode())
            assert (answer.status, answer.headers["retry-after"]) == (503, "5")
            assert shutil.disk_usage(folder).free > 0  # kept for the work of deleting
            assert collector.ask("/readyz").status == 503

            (folder / "ballast").unlink()
            send(collector, "after")
            assert [key for key, _ in spooled(tmp_path)] == [*acknowledged, b"after"]
    finally:
        subprocess.run(["umount", folder], check=True)
