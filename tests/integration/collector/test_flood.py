"""A flood of junk over TCP: it fills no log, hides nothing, costs less than good pixels, and does not keep them away."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from tests.integration.collector.running import RunningCollector, kill, records, running_collector
from tests.integration.collector.senders import ENOUGH, Senders
from tests.waiting import until

RATE = 10
BURST = 100
JUNK = "/visit?playerId=1&s=v-3f6c1a52&b=click126"
GOOD = f"{JUNK}&bannerTag=a"


def send_burst(connection: socket.socket, target: str, count: int = BURST) -> int:
    """Send so many requests at once over one connection; return how many of them were answered with the pixel."""
    connection.sendall(f"GET {target} HTTP/1.1\r\nHost: h\r\n\r\n".encode() * count)
    answered = b""
    while answered.count(b"GIF89a") < count and (part := connection.recv(1 << 16)):
        answered += part
    return answered.count(b"GIF89a")


def refused(home: Path) -> tuple[int, Counter[str]]:
    """Return how many records of refusals there are, and how many refusals these stand for, by reason."""
    kept = records(home, "events_queue_rejected")
    counted: Counter[str] = Counter()
    for refusal in kept:
        counted[refusal["reason"]] += refusal.get("count", 1)
    return len(kept), counted


def counted(collector: RunningCollector, name: str) -> int:
    """Return one sample of /metrics."""
    lines = collector.ask("/metrics").body.decode().splitlines()
    (value,) = [line.rpartition(" ")[2] for line in lines if line.startswith(f"pixels_collector_{name} ")]
    return int(float(value))


def test_a_flood_is_counted_to_the_last_request_and_kept_by_the_rate(tmp_path: Path) -> None:
    """Fifty times the rate and more for some seconds, while good pixels come too; all of those are stored."""
    sent = 0
    with running_collector(tmp_path, PIXELS_REJECT_RATE=str(RATE)) as collector:
        senders = Senders(collector)
        begun = time.monotonic()
        with closing(socket.create_connection(collector.address, timeout=30)) as connection:
            while time.monotonic() - begun < 3 or sent < 20 * BURST:
                sent += send_burst(connection, JUNK)
        senders.wait_for(ENOUGH)
        acknowledged = senders.finish()
        seconds = time.monotonic() - begun
        assert counted(collector, 'refusals_total{reason="missing_banner_tag"}') == sent
        assert sorted(event["player_id"] for event in collector.events()) == sorted(acknowledged)
    kept, stand_for = refused(tmp_path)

    assert sent >= 50 * RATE * 3
    assert stand_for == {"missing_banner_tag": sent}
    assert kept <= (RATE + 1) * (seconds + 2)


def test_a_worker_killed_in_a_flood_takes_no_count_with_it(tmp_path: Path) -> None:
    """What it had counted and not written yet is written by the worker that takes its place."""
    with running_collector(tmp_path, "--workers", "2", PIXELS_REJECT_RATE="1") as collector:
        until(lambda: len(collector.workers()) == 2, what="two workers")
        sent = 0
        for _ in range(3):  # within a second, so that no summary has been written yet
            with closing(socket.create_connection(collector.address, timeout=30)) as connection:
                sent += send_burst(connection, JUNK)
        for worker in collector.workers():
            kill(worker)
        until(lambda: len(collector.workers()) == 2, what="two others")
        until(lambda: refused(tmp_path)[1].total() >= sent, what="the summaries of the killed workers")
        assert counted(collector, 'refusals_total{reason="missing_banner_tag"}') == sent == 3 * BURST

    assert refused(tmp_path)[1] == {"missing_banner_tag": sent}


def cpu_seconds(process: int) -> float:
    """Return the processor time that a process has used so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def send_from_all(connections: Sequence[socket.socket], target: str) -> None:
    """Send one request over each connection, as many senders would, and wait for the answers."""
    for connection in connections:
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
    for connection in connections:
        answered = b""
        while b"GIF89a" not in answered:
            answered += connection.recv(4096)


def test_junk_costs_less_than_good_pixels(tmp_path: Path) -> None:
    """Processor time of the worker, the same requests but for the banner, in turns."""
    spent = {GOOD: 0.0, JUNK: 0.0}
    with running_collector(tmp_path, PIXELS_REJECT_RATE=str(RATE)) as collector, ExitStack() as open_connections:
        connections = [
            open_connections.enter_context(closing(socket.create_connection(collector.address, timeout=30)))
            for _ in range(50)
        ]
        send_from_all(connections, GOOD)
        (worker,) = collector.workers()
        for target in [GOOD, JUNK] * 5:
            before = cpu_seconds(worker)
            for _ in range(20):
                send_from_all(connections, target)
            spent[target] += cpu_seconds(worker) - before

    assert spent[JUNK] < spent[GOOD]


def test_a_stop_in_a_flood_writes_the_last_counts(tmp_path: Path) -> None:
    """Nothing that was answered is missing from the sum."""
    with running_collector(tmp_path, PIXELS_REJECT_RATE="0") as collector:
        with closing(socket.create_connection(collector.address, timeout=30)) as connection:
            sent = send_burst(connection, JUNK)
        collector.process.send_signal(signal.SIGTERM)
        assert collector.process.wait(timeout=30) == 0

    assert refused(tmp_path) == (1, Counter(missing_banner_tag=sent))
