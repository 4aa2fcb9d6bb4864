"""The aggregator's speed.

`python -m benchmarks.aggregator [--events N] [--rounds N] [--chdb PYTHON]` drains a backlog from a real Kafka.
`python -m benchmarks.aggregator --growth [SIZE ...] [--players N] [--rounds N]` times the same pass over ever longer histories.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.aggregator import backlog, growth
from tests.kafka_broker import KafkaBroker
from tests.waiting import free_port

_NO_CHDB = "no chdb: ClickHouse's engine is left out. For it: python -m venv DIR; DIR/bin/pip install chdb; --chdb DIR/bin/python"


def has_chdb(python: str) -> bool:
    """Tell whether this Python can be asked for ClickHouse's engine."""
    return subprocess.run([python, "-c", "import chdb"], capture_output=True, check=False).returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.aggregator",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--events", type=int, default=1_000_000, help="of the backlog")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--chdb", default=sys.executable, metavar="PYTHON", help="a Python that has chdb")
    parser.add_argument(
        "--growth", type=int, nargs="*", metavar="SIZE", help="events stored before; 1M, 10M and 50M if none is given"
    )
    parser.add_argument("--players", type=int, default=1_000_000, help="of the histories")
    parser.add_argument("--folder", type=Path, help="where to work; 20 GB for 50M events")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        if options.growth is not None:
            sizes = options.growth or [1_000_000, 10_000_000, 50_000_000]
            growth.compare(folder, sizes, options.players, options.rounds)
            return 0
        if not (chdb := options.chdb if has_chdb(options.chdb) else None):
            print(_NO_CHDB, file=sys.stderr)
        broker = KafkaBroker(folder / "kafka", port=free_port(following=1))
        try:
            broker.start()
            backlog.compare(broker, folder, options.events, options.rounds, chdb)
        finally:
            broker.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
