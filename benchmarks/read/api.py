"""Requests a second of the API, beside its own server with an application that does nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from types import MappingProxyType

import httpx

from tests.waiting import free_port, until

_QUESTION = "/api/metrics?from=2026-09-01&to=2026-09-30"
_RATE = re.compile(r"Requests/sec:\s+([0-9.]+)")
_FAILED = re.compile(r"Non-2xx or 3xx responses: [1-9]|Socket errors: .*[1-9]")


def compare_api(home: Path, rounds: int, seconds: int) -> None:
    """Ask one question over and over, as who has the answer (ETag) and as who has not; print ratios to the bare server."""
    ports = free_port(), free_port()
    served = {"PIXELS_HOME": str(home), "PIXELS_API_PORT": str(ports[0])}
    with (
        _running(["pixels", "api"], ports[0], served) as api,
        _running(["benchmarks.read.bare_server", str(ports[1])], ports[1]) as bare,
    ):
        etag = httpx.get(api + _QUESTION).headers["ETag"]
        for name, headers in {"ETag known": {"If-None-Match": etag}, "ETag not known": {}}.items():
            rates = [
                (
                    _requests_a_second(api + _QUESTION, headers, seconds),
                    _requests_a_second(bare + "/", headers, seconds),
                )
                for _ in range(rounds)
            ]
            ours, anchors = (median(rate) for rate in zip(*rates, strict=True))
            print(
                f"API, {name}: {ours:,.0f} requests a second; bare server {anchors:,.0f}, "
                f"{median(a / b for a, b in rates):.2f} of it",
                flush=True,
            )


@contextmanager
def _running(module: Sequence[str], port: int, settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[str]:
    """Run a module with its arguments until it answers; yield its address."""
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", *module], env={**os.environ, **settings}, stdout=subprocess.DEVNULL
    )
    try:
        until(lambda: _answers(address), what=f"{module[0]} to answer")
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


def _answers(address: str) -> bool:
    try:
        httpx.get(address)
    except httpx.TransportError:
        return False
    return True


def _requests_a_second(url: str, headers: dict[str, str], seconds: int) -> float:
    given = [part for name, value in headers.items() for part in ("--header", f"{name}: {value}")]
    command = ["wrk", "--threads", "1", "--connections", "16", "--duration", f"{seconds}s", *given, url]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate = _RATE.search(told)
    if rate is None or _FAILED.search(told):
        raise RuntimeError(f"wrk says: {told}")
    return float(rate[1])
