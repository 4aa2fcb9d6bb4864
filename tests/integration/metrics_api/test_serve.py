"""`pixels api` as a process: real HTTP, real signals."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.sample_warehouse import SampleWarehouse, visit
from tests.waiting import free_port

METRICS = "/api/metrics?from=2026-11-01&to=2026-11-30"


@contextmanager
def running_api(home: Path, port: int = 0, **environment: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run the API; yield the process and its port once it says that it listens; end it afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pixels", "api", "--port", str(port)],
        env={**os.environ, "PIXELS_HOME": str(home), **environment},
        cwd=home.parent,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("api: listening on http://127.0.0.1:"), line
        yield process, int(line.rpartition(":")[2])
    finally:
        process.kill()
        process.wait()


def get(port: int, path: str) -> tuple[int, dict[str, Any]]:
    """Return status and document of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    document = json.loads(answer.read())
    connection.close()
    return answer.status, document


@pytest.fixture
def sample(tmp_path: Path) -> SampleWarehouse:
    """A home without a snapshot."""
    sample = SampleWarehouse(tmp_path / "sample")
    sample.home.mkdir()
    return sample


def test_it_serves_before_and_after_the_first_snapshot(sample: SampleWarehouse) -> None:
    """Port 0 is a free port, told on stdout; numbers come as soon as they are published."""
    with running_api(sample.home) as (_, port):
        assert get(port, METRICS)[0] == 503
        sample.publish(visit("p1", "brandA", "2026-11-01T10:00"))

        status, document = get(port, METRICS)

    assert (status, document["rows"]) == (200, [{"event_date": "2026-11-01", "event_type": "visit", "count": 1}])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_promptly(sample: SampleWarehouse, number: signal.Signals) -> None:
    """Also while a client keeps a connection open and another has sent half a request."""
    sample.publish(visit("p1", "brandA", "2026-11-01T10:00"))
    with running_api(sample.home) as (process, port):
        idle, half = (socket.create_connection(("127.0.0.1", port)) for _ in range(2))
        with idle, half:
            idle.sendall(b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert idle.recv(100).startswith(b"HTTP/1.1 200 OK")
            half.sendall(b"GET /api/he")
            asked = time.monotonic()
            process.send_signal(number)

            assert process.wait(timeout=30) == 0
            assert time.monotonic() - asked < 10


def test_half_requests_do_not_stop_others(sample: SampleWarehouse) -> None:
    """A hundred clients that never finish their request hold no thread."""
    sample.publish(visit("p1", "brandA", "2026-11-01T10:00"))
    with running_api(sample.home) as (_, port):
        slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
        for client in slow:
            client.sendall(b"GET /api/metrics HTTP/1.1\r\nHost:")

        assert get(port, METRICS)[0] == 200
        for client in slow:
            client.close()


def test_clients_that_leave_do_not_break_it(sample: SampleWarehouse) -> None:
    """Fifty ask and are gone before their answer; who asks the same then is answered."""
    sample.publish(visit("p1", "brandA", "2026-11-01T10:00"))
    with running_api(sample.home) as (process, port):
        for day in range(1, 51):
            with socket.create_connection(("127.0.0.1", port)) as client:
                path = f"/api/funnel?from=2026-10-01&to=2026-11-{1 + day % 10:02d}"
                client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

        status, document = get(port, "/api/funnel?from=2026-10-01&to=2026-11-01")

        assert (status, document["rows"][0]["players"], process.poll()) == (200, 1, None)


def test_a_taken_port_is_explained(sample: SampleWarehouse) -> None:
    """One line that says which address and what to do, and an exit code of its own."""
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        done = subprocess.run(
            [sys.executable, "-m", "pixels", "api", "--port", str(port)],
            env={**os.environ, "PIXELS_HOME": str(sample.home)},
            capture_output=True,
            text=True,
        )

    assert (done.returncode, done.stdout) == (78, "")
    assert f"cannot listen on 127.0.0.1 port {port}" in done.stderr
    assert "PIXELS_API_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_pattern_that_cannot_be_used_ends_it_at_once(sample: SampleWarehouse) -> None:
    """And not the answers, one after the other."""
    done = subprocess.run(
        [sys.executable, "-m", "pixels", "api", "--port", "0"],
        env={**os.environ, "PIXELS_HOME": str(sample.home), "PIXELS_TAG_PATTERN": "(?=a)(?P<part>.)"},
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert (done.returncode, done.stdout) == (78, "")
    assert "PIXELS_TAG_PATTERN" in done.stderr
    assert "Traceback" not in done.stderr
