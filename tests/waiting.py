"""Wait for a condition, never for a time."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def until(condition: Callable[[], Found], *, timeout: float = 30, what: str = "") -> Found:
    """Return what `condition` returns as soon as that is true; fail when it has not become so within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {timeout:g} s: {what or condition}"
        time.sleep(0.02)
    return found


def free_port(following: int = 0) -> int:
    """Return a port of 127.0.0.1 on which nobody listens, nor on that many ports after it."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port + following < 65536 and all(_is_free(port + i) for i in range(1, following + 1)):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
