"""What somebody sees who is not inside: metrics over all workers, health, log lines."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from collector.event_log import EVENTS, REJECTED
from collector.slots import open_slot
from tests.integration.collector.running import Answer, RunningCollector, kill, running_collector
from tests.integration.collector.senders import ENOUGH, Senders
from tests.integration.collector.spools import collector_without_its_kafka, spool_files, spool_in_every_file
from tests.kafka_broker import KafkaBroker
from tests.waiting import free_port, until

GOOD = "/visit?playerId=secret-player&bannerTag=a"

Samples = dict[tuple[str, ...], float]


def samples(collector: RunningCollector) -> Samples:
    """Return all samples by their name and the values of their labels."""
    text = collector.ask("/metrics").body.decode()
    return {
        (sample.name.removeprefix("pixels_collector_"), *sample.labels.values()): sample.value
        for family in prometheus(text)
        for sample in family.samples
    }


def log_lines(collector: RunningCollector) -> list[dict[str, Any]]:
    """Return what the collector wrote to stderr; every line of it must be JSON."""
    return [json.loads(line) for line in collector.errors.read_text().splitlines()]


def readiness(collector: RunningCollector) -> tuple[int, dict[str, Any]]:
    answer = collector.ask("/readyz")
    return answer.status, json.loads(answer.body)


@pytest.mark.parametrize(
    ("accept", "parse"), [(None, prometheus), ("application/openmetrics-text; version=1.0.0", open_metrics)]
)
def test_the_metrics_can_be_read_and_are_named_as_prometheus_wants(
    collector: RunningCollector, accept: str | None, parse: Any
) -> None:
    """Both text formats; base units, `_total` for what only grows, and a HELP for everything."""
    collector.ask(GOOD)

    answer = collector.ask("/metrics", headers={"Accept": accept} if accept else {})

    families = list(parse(answer.body.decode()))
    assert (answer.status, len(families) > 10) == (200, True)
    for family in families:
        assert re.fullmatch(r"pixels_collector_[a-z]+(_[a-z]+)*", family.name)
        assert len(family.documentation) > 10
        assert not re.search(
            r"milliseconds|micros|kilo|mega|minutes|hours|_(counter|gauge|histogram|ms)\b", family.name
        )
        for sample in family.samples:
            assert sample.name.endswith("_total") == (family.type == "counter"), sample.name
            assert all(label in ("event_type", "reason", "le", "version") for label in sample.labels)


def test_requests_are_counted_by_what_became_of_them(tmp_path: Path) -> None:
    """Accepted by type, refused by reason, and the histogram has every accepted event in it."""
    with running_collector(tmp_path) as collector:
        for target in [GOOD, GOOD, "/deposit?playerId=1&bannerTag=a", "/visit?playerId=1", "/nowhere"]:
            collector.ask(target)
        found = samples(collector)

    assert (found["events_accepted_total", "visit"], found["events_accepted_total", "deposit"]) == (2, 1)
    assert (found["refusals_total", "missing_banner_tag"], found["refusals_total", "unknown_path"]) == (1, 1)
    assert found["refusals_total", "too_long"] == 0
    assert found["acknowledge_seconds_count",] == found["acknowledge_seconds_bucket", "+Inf"] == 3
    assert 0 < found["acknowledge_seconds_sum",] < 60
    assert found["workers",] == 1


def grown(before: Samples, after: Samples) -> bool:
    """Tell whether no total went back."""
    return all(after[name] >= value for name, value in before.items() if name[0].endswith(("_total", "_count", "_sum")))


def test_totals_never_go_back(tmp_path: Path) -> None:
    """One worker of two is killed, then both are replaced by a reload; no acknowledged event is missing afterwards."""
    with running_collector(tmp_path, "--workers", "2") as collector:
        until(lambda: len(collector.workers()) == 2, what="two workers")
        senders = Senders(collector)
        senders.wait_for(ENOUGH)
        first, (victim, other) = samples(collector), collector.workers()
        kill(victim)
        until(lambda: len(set(collector.workers()) - {victim}) == 2, what="another worker")
        second = samples(collector)
        os.kill(collector.process.pid, signal.SIGHUP)
        until(lambda: len(collector.workers()) == 2 and other not in collector.workers(), what="new workers")
        third = samples(collector)
        acknowledged = senders.finish()
        last = samples(collector)

    assert grown(first, second)
    assert grown(second, third)
    assert grown(third, last)
    assert first["events_accepted_total", "visit"] > 0
    # The killed worker may have counted an event whose answer it did not get out any more.
    assert last["events_accepted_total", "visit"] >= len(acknowledged)
    assert (last["workers",], last["worker_starts_total",]) == (2, 5)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_metrics_are_not_shown_to_who_comes_through_a_proxy_that_nobody_trusts(
    collector: RunningCollector, header: str
) -> None:
    """A proxy beside the collector has a local address, whoever it speaks for."""
    answer = collector.ask("/metrics", headers={header: "for=127.0.0.1" if header == "Forwarded" else "127.0.0.1"})

    assert (answer.status, answer.reason) == (404, "unknown_path")


def test_a_trusted_proxy_speaks_for_whoever_it_forwards(tmp_path: Path) -> None:
    """An insider behind it may look, an outsider may not; and its name of a request is ours too."""
    settings = {"PIXELS_TRUSTED_PROXIES": "127.0.0.0/8", "PIXELS_METRICS_NETWORKS": "192.0.2.0/24"}
    with running_collector(tmp_path, **settings) as collector:
        for client, status in [("192.0.2.7", 200), ("198.51.100.7", 404), ("192.0.2.7, 198.51.100.7", 404)]:
            assert collector.ask("/metrics", headers={"X-Forwarded-For": client}).status == status
        assert collector.ask("/metrics").status == 404
        refused = collector.ask("/visit", headers={"X-Request-Id": "edge-17"})
        assert refused.headers["x-request-id"] == "edge-17"


def test_metrics_are_shown_only_to_the_networks_that_are_set(tmp_path: Path) -> None:
    """To anybody else there is no such path, and why the collector is not ready stays inside too."""
    with running_collector(tmp_path, PIXELS_METRICS_NETWORKS="192.0.2.0/24") as collector:
        answer = collector.ask("/metrics")
        assert (answer.status, answer.reason) == (404, "unknown_path")
        assert readiness(collector) == (200, {"ready": True, "log": "local"})


def fill_disk(worker: int) -> tuple[int, int]:
    """Leave room for the worker's log lines but not for the write-ahead log of its file; return the limits of before."""
    limits = resource.prlimit(worker, resource.RLIMIT_FSIZE)
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (16 * 1024, limits[1]))
    return limits


def test_a_full_disk_is_not_ready_and_still_healthy(tmp_path: Path) -> None:
    """/readyz tells the truth about storing an event now, both ways; /healthz is about the process."""
    with running_collector(tmp_path) as collector:
        status, said = readiness(collector)
        assert (status, said["ready"], said["log"], "commits" in said["detail"]) == (200, True, "local", True)
        (worker,) = collector.workers()
        limits = fill_disk(worker)
        until(lambda: collector.ask("/readyz").status == 503, what="not ready on a full disk")
        status, said = readiness(collector)
        assert (status, said["ready"], "slot-000.sqlite" in said["detail"]) == (503, False, True)
        assert collector.ask(GOOD).status == 503
        assert collector.ask("/healthz").status == 200
        resource.prlimit(worker, resource.RLIMIT_FSIZE, limits)
        until(lambda: collector.ask("/readyz").status == 200, what="ready again")
        assert collector.ask(GOOD).status == 200
        assert samples(collector)["requests_not_stored_total",] == 1


def test_health_is_answered_to_anybody_and_never_cached(collector: RunningCollector) -> None:
    """Also to a load balancer outside; with HEAD too; another method is refused."""
    for path in ("/healthz", "/readyz"):
        for method in ("GET", "HEAD"):
            answer = collector.ask(path, method, headers={"X-Forwarded-For": "203.0.113.9"})
            assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
        assert collector.ask(path, "POST").reason == "method_not_allowed"


def request_line(collector: RunningCollector, answer: Answer) -> dict[str, Any]:
    """Return the log line that the answer names."""
    (line,) = [line for line in log_lines(collector) if line.get("request_id") == answer.headers["x-request-id"]]
    return line


def test_a_503_names_its_line_in_the_log_which_holds_nothing_personal(tmp_path: Path) -> None:
    """The sender can say which request it was; the line says which route and why, and nothing of the sender."""
    with running_collector(tmp_path) as collector:
        collector.ask(GOOD)
        fill_disk(collector.workers()[0])
        answer = collector.ask(GOOD, headers={"User-Agent": "secret-agent", "X-Request-Id": "made-up-by-the-sender"})
        line = request_line(collector, answer)

        assert (answer.status, line["event"], line["route"]) == (503, "request.not_stored", "/visit")
        written = collector.errors.read_text()
        assert not any(
            word in written for word in ("secret-player", "secret-agent", "127.0.0.1", "made-up", "bannerTag")
        )


def test_a_full_disk_under_load_writes_few_lines(tmp_path: Path) -> None:
    """The disk that holds the lines may be the same; the number of those left out is told."""
    with running_collector(tmp_path) as collector:
        collector.ask(GOOD)
        (worker,) = collector.workers()
        limits = fill_disk(worker)
        failed = sum(collector.ask(GOOD).status == 503 for _ in range(200))
        resource.prlimit(worker, resource.RLIMIT_FSIZE, limits)
        lines = [line for line in log_lines(collector) if line["event"] == "request.not_stored"]

        assert failed == 200
        assert 0 < len(lines) < 200
        assert samples(collector)["requests_not_stored_total",] == 200


def test_the_life_of_the_collector_can_be_read_from_its_lines(tmp_path: Path) -> None:
    """Started, a worker killed (gunicorn's word, as JSON too) and replaced, stopped in peace."""
    with running_collector(tmp_path) as collector:
        assert collector.ask(GOOD).status == 200
        (worker,) = collector.workers()
        kill(worker)
        until(lambda: collector.workers() not in ([], [worker]), what="another worker")
        assert collector.ask(GOOD).status == 200

    lines = log_lines(collector)
    events = [line["event"] for line in lines]
    assert Counter(events) == {
        "collector.started": 1, "worker.started": 2, "gunicorn.message": 1, "collector.stopped": 1,
    }  # fmt: skip
    killed = lines[events.index("gunicorn.message")]
    assert (killed["logger"], killed["level"], "SIGKILL" in killed["message"]) == ("gunicorn.error", "error", True)
    assert events[-1] == "collector.stopped"
    assert len({line["pid"] for line in lines}) == 3


def test_a_collector_whose_kafka_is_down_is_ready_as_long_as_its_spool_is(tmp_path: Path) -> None:
    """It says that events go to the spool and why, counts them, and is not ready when the disk is full as well."""
    nobody = f"127.0.0.1:{free_port()}"
    settings = {"PIXELS_KAFKA_BOOTSTRAP_SERVERS": nobody, "PIXELS_KAFKA_ACK_TIMEOUT": "0.5"}
    with running_collector(tmp_path, **settings, PIXELS_KAFKA_PROPERTIES='{"log_level": 4}') as collector:
        assert collector.ask(GOOD).status == 200
        status, said = readiness(collector)
        assert (status, said["ready"], said["log"], bool(said["detail"])) == (200, True, "spool", True)
        found = samples(collector)
        assert (found["spool_records",], found["spool_unreadable_files",]) == (1, 0)
        assert (found["events_spooled_total",], found["kafka_up",], found["events_forwarded_total",]) == (1, 0, 0)
        until(lambda: samples(collector)["spool_age_seconds",] > 0, what="an age of the spool")

        fill_disk(collector.workers()[0])
        until(lambda: collector.ask("/readyz").status == 503, what="not ready when spool and Kafka are down")
        assert collector.ask(GOOD).status == 503
        assert collector.ask("/healthz").status == 200
        events = {line["event"] for line in log_lines(collector)}
        assert {"spooled_log.kafka_does_not_take_records", "request.not_stored", "librdkafka.message"} <= events


def test_what_waits_in_files_of_workers_that_are_gone_is_seen_too(tmp_path: Path) -> None:
    """Two workers spooled, one is started again, and Kafka is still down: all that was acknowledged is counted at once."""
    with collector_without_its_kafka(tmp_path, "--workers", "2") as collector:
        acknowledged = spool_in_every_file(collector, 2)
        assert samples(collector)["spool_records",] == len(acknowledged)

    with collector_without_its_kafka(tmp_path) as collector:
        found = samples(collector)
        assert (found["workers",], found["spool_records",]) == (1, len(acknowledged))
        assert found["spool_age_seconds",] > 0

        spool_files(tmp_path)[1].write_bytes(b"not a database, " * 1000)
        found = samples(collector)
        assert (found["spool_unreadable_files",], 0 < found["spool_records",] < len(acknowledged)) == (1, True)


def test_a_spool_of_a_time_with_kafka_is_seen_until_the_local_log_has_it(tmp_path: Path) -> None:
    """While another process holds the file, and then until it is drained."""
    with closing(open_slot(tmp_path / "spool")) as file, running_collector(tmp_path) as collector:
        file.add({EVENTS: [(1, b"key", b"{}")] * 2, REJECTED: [(1, b"key", b"{}")]}, 0)
        found = samples(collector)
        assert (found["spool_records",], found["spool_age_seconds",] > 600, found["workers",]) == (3, True, 1)

        file.close()
        until(lambda: samples(collector)["spool_records",] == 0, what="an empty spool")
        assert samples(collector)["events_forwarded_total",] == 3
        assert len(collector.events()) == 2


def test_a_collector_on_kafka_says_so(tmp_path: Path, kafka: KafkaBroker) -> None:
    """While the broker takes events, that is where they go; nothing waits in the spool."""
    settings = {"PIXELS_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "PIXELS_KAFKA_TOPIC": kafka.new_topic()}
    with running_collector(tmp_path, **settings) as collector:
        assert collector.ask(GOOD).status == 200
        status, said = readiness(collector)
        found = samples(collector)

    assert (status, said["ready"], said["log"]) == (200, True, "kafka")
    assert (found["kafka_up",], found["spool_records",], found["spool_age_seconds",]) == (1, 0, 0)
