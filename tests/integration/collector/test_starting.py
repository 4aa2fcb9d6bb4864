"""`pixels collect` says at once, in one line, that it cannot listen where it was told to."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from tests.integration.collector.running import PIXELS, RunningCollector, environment, running_collector

GOOD = "/visit?playerId=1&bannerTag=a"


def collect(home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a collector that ends by itself."""
    return subprocess.run(
        [PIXELS, "collect", *options], env=environment(home), cwd=home, capture_output=True, text=True, timeout=30
    )


def test_a_taken_port_is_explained(collector: RunningCollector, tmp_path: Path) -> None:
    """One line that says which address and what to do, and the exit code of the API and the dashboard."""
    host, port = collector.address

    done = collect(tmp_path, "--port", str(port))

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (78, "", 1)
    assert f"pixels: The collector cannot listen on {host} port {port}" in done.stderr
    assert "PIXELS_COLLECTOR_PORT" in done.stderr


@pytest.mark.parametrize("host", ["nosuch.invalid", "203.0.113.5", "a" * 64 + ".example"])
def test_a_host_that_is_not_of_this_machine_is_explained(tmp_path: Path, host: str) -> None:
    """A name that nobody knows, an address of somebody else, and what is no name at all."""
    done = collect(tmp_path, "--host", host, "--port", "0")

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (78, "", 1)
    assert f"cannot listen on {host} port 0" in done.stderr


def test_the_port_of_a_collector_that_has_just_ended_is_free(tmp_path: Path) -> None:
    """A restart need not wait until the kernel has forgotten the connections of before."""
    with running_collector(tmp_path / "home") as first, socket.create_connection(first.address) as connection:
        connection.sendall(f"GET {GOOD} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
        while connection.recv(4096):
            pass  # the collector hangs up first, so that its side of the connection lingers

    with running_collector(tmp_path / "home", "--port", str(first.address[1])) as second:
        assert second.address == first.address
        assert second.ask(GOOD).status == 200


def test_an_ipv6_address_can_be_listened_on(tmp_path: Path) -> None:
    """The announcement is a URL that works."""
    with running_collector(tmp_path / "home", "--host", "::1") as collector:
        assert collector.url.startswith("http://[::1]:")
        assert collector.ask(GOOD).status == 200
