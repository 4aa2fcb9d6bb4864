"""The collector's speed: `python -m benchmarks.collector [--rounds N] [--seconds N] [--workers]`; needs nginx and wrk.

All servers run at once and are loaded in turn, so that a noisy minute hits all alike. Then every acknowledged event must
be in its log. `--workers` compares gunicorn's worker classes instead, all with the same application and no log.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.collector.subjects import HERE, Subject, nginx, on_kafka, on_the_local_log, on_the_spool, without_a_log
from tests.kafka_broker import KafkaBroker
from tests.waiting import free_port

CONNECTIONS = (64, 256)
WORKERS = {
    "the collector's": "",
    "uvicorn's": "uvicorn_worker.UvicornWorker",
    "uvicorn's with h11": "uvicorn_worker.UvicornH11Worker",
    "gunicorn's asgi": "asgi",
}


@dataclass(frozen=True)
class Load:
    """What one run of wrk saw, and the CPU seconds that it cost the server."""

    sent: int
    acknowledged: int
    seconds: float
    p50_ms: float
    p99_ms: float
    cpu_seconds: float


def load(subject: Subject, connections: int, seconds: float, prefix: str) -> Load:
    """Run wrk against a server; every pixel is of a player of its own, whose name begins with `prefix`."""
    command = ["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds:g}s"]
    command += ["--timeout", "30s", "--script", str(HERE / "pixels.lua"), f"http://127.0.0.1:{subject.port}", prefix]
    before = subject.cpu_seconds()
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    cpu = subject.cpu_seconds() - before
    seen = json.loads(told.splitlines()[-1])
    acknowledged = seen["answered"] - seen["not_2xx"]
    return Load(seen["sent"], acknowledged, seen["seconds"], seen["p50_us"] / 1e3, seen["p99_us"] / 1e3, cpu)


@contextmanager
def the_logs(folder: Path) -> Iterator[list[Subject]]:
    """Run nginx, the bare application, and the collector on each of its logs."""
    with ExitStack() as stack:

        def place(name: str) -> Path:
            (folder / name).mkdir()
            return folder / name

        broker = KafkaBroker(place("kafka"), port=free_port(following=1))
        stack.callback(broker.stop)
        broker.start()
        subjects = [
            nginx(place("nginx")),
            without_a_log(place("bare")),
            on_kafka(place("on-kafka"), broker),
            on_the_local_log(place("local")),
            on_the_spool(place("spool")),
        ]
        yield [stack.enter_context(subject) for subject in subjects]


@contextmanager
def the_workers(folder: Path) -> Iterator[list[Subject]]:
    """Run the bare application under each worker class."""
    with ExitStack() as stack:
        subjects = []
        for number, (name, worker) in enumerate(WORKERS.items()):
            place = folder / str(number)
            place.mkdir()
            subjects.append(stack.enter_context(without_a_log(place, name, worker)))
        yield subjects


def measure(subjects: Sequence[Subject], rounds: int, seconds: float) -> dict[tuple[int, str], list[Load]]:
    """Load the servers in turn, `rounds` times at each number of connections, after a warm-up that counts for the check alone."""
    loads: dict[tuple[int, str], list[Load]] = defaultdict(list)
    for number in range(rounds + 1):
        for connections in CONNECTIONS:
            for subject in subjects:
                prefix = f"{'w' if number == 0 else 'r'}{number}c{connections}"
                loads[connections, subject.name].append(load(subject, connections, seconds, prefix))
    return loads


def report(loads: dict[tuple[int, str], list[Load]], subjects: Sequence[Subject], anchor: str) -> None:
    """Print the medians over the rounds, the warm-up left out, and the ratios to the anchor of the same round."""
    head = f"{'':20} {'conns':>5} {'req/s':>8} {'p50 ms':>7} {'p99 ms':>7} {'CPU s/1000':>10} {'per CPU s':>10}"
    print(f"{head} {'per CPU s, ratio':>16} {'p99, ratio':>10}   (ratios to: {anchor})")
    for connections in CONNECTIONS:
        base = loads[connections, anchor][1:]
        for subject in subjects:
            runs = loads[connections, subject.name][1:]
            cost = statistics.median(r.cpu_seconds / r.acknowledged for r in runs)
            cost_ratio = statistics.median(
                (b.cpu_seconds / b.acknowledged) / (r.cpu_seconds / r.acknowledged)
                for b, r in zip(base, runs, strict=True)
            )
            wait_ratio = statistics.median(r.p99_ms / b.p99_ms for b, r in zip(base, runs, strict=True))
            rate, p50, p99 = (
                statistics.median(column)
                for column in zip(*((r.acknowledged / r.seconds, r.p50_ms, r.p99_ms) for r in runs), strict=True)
            )
            print(
                f"{subject.name:20} {connections:5} {rate:8.0f} {p50:7.2f} {p99:7.2f} {cost * 1000:10.4f} {1 / cost:10.0f} "
                f"{cost_ratio:16.2f} {wait_ratio:10.2f}"
            )


def check(loads: dict[tuple[int, str], list[Load]], subjects: Sequence[Subject]) -> bool:
    """Compare what was acknowledged with what the logs hold; return whether all of it is there, and nothing made up."""
    sound = True
    for subject in subjects:
        if subject.stored is None:
            continue
        runs = [run for connections in CONNECTIONS for run in loads[connections, subject.name]]
        sent, acknowledged = sum(run.sent for run in runs), sum(run.acknowledged for run in runs)
        stored = len(set(subject.stored()))
        sound = sound and acknowledged <= stored <= sent
        print(f"{subject.name}: {sent} sent, {acknowledged} acknowledged, {stored} different ones stored")
    return sound


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.collector", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0, help="of one load")
    parser.add_argument("--workers", action="store_true", help="compare gunicorn's worker classes")
    options = parser.parse_args()
    if missing := [program for program in ("wrk", "nginx") if shutil.which(program) is None]:
        print(f"missing: {', '.join(missing)}. On Debian: apt install wrk nginx-light", file=sys.stderr)
        return 69
    servers, anchor = (the_workers, "the collector's") if options.workers else (the_logs, "app without a log")
    with tempfile.TemporaryDirectory() as folder, servers(Path(folder)) as subjects:
        loads = measure(subjects, options.rounds, options.seconds)
        report(loads, subjects, anchor)
        return 0 if check(loads, subjects) else 1


if __name__ == "__main__":
    sys.exit(main())
