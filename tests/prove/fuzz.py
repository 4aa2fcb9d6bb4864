"""Five minutes of requests that no sender would make: to the application, and as bytes over TCP to a running collector.

A finding ends the proof with the smallest example there is of it.
"""

from __future__ import annotations

import itertools
import re
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given
from hypothesis import seed as seeded
from hypothesis import settings as examples

from tests.faults.fuzzing import PLAIN, STRICT, Application, Asked, requests, streams, tell
from tests.integration.collector.running import RunningCollector, running_collector

SECONDS = 300.0
EXAMPLES_A_ROUND = 500
_STATUS = re.compile(rb"HTTP/1\.1 (\d\d\d) ")


def prove(work: Path, seed: int, seconds: float = SECONDS) -> dict[str, object]:
    """Return how many were tried and how they were answered."""
    answers: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    applications = [Application(PLAIN), Application(STRICT)]

    def ask(asked: Asked) -> None:
        tried["requests_to_the_application"] += 1
        for application in applications:
            answers[str(application.ask(asked))] += 1

    with ExitStack() as ends, TemporaryDirectory(dir=work) as folder, running_collector(Path(folder)) as collector:
        for application in applications:
            ends.callback(application.close)
        collector.ask("/robots.txt")
        workers, began = collector.workers(), time.monotonic()

        def send(data: bytes) -> None:
            tried["streams_over_tcp"] += 1
            answers.update(status.decode() for status in _STATUS.findall(tell(collector.address, data)))

        for number in itertools.count():
            _round(seed + number, requests=ask, streams=send)
            _no_trouble(collector, workers)
            print(f"\rfuzz: {dict(tried)}", end="", flush=True)
            if time.monotonic() - began >= seconds:
                break
        tracebacks = collector.errors.read_text().count("Traceback")
    print()
    return {
        "seconds": round(time.monotonic() - began),
        **tried,
        "answers_by_status": dict(sorted(answers.items())),
        "answers_5xx": sum(count for status, count in answers.items() if status >= "500"),
        "unhandled_exceptions": tracebacks,
    }


def _round(number: int, **targets: Callable[..., None]) -> None:
    """Try a number of new examples on both targets."""
    many = examples(
        max_examples=EXAMPLES_A_ROUND,
        derandomize=False,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )

    @seeded(number)
    @many
    @given(asked=requests)
    def ask(asked: Asked) -> None:
        targets["requests"](asked)

    @seeded(number)
    @many
    @given(data=streams)
    def send(data: bytes) -> None:
        targets["streams"](data)

    ask()
    send()


def _no_trouble(collector: RunningCollector, workers: list[int]) -> None:
    """Fail when the collector's log lines tell of an error, or a worker has ended."""
    lines = collector.errors.read_text()
    assert "Traceback" not in lines, lines[-4000:]
    assert '"level": "error"' not in lines, lines[-4000:]
    assert '"level": "critical"' not in lines, lines[-4000:]
    assert collector.workers() == workers
