"""One pass with the settings of the environment: `python -m benchmarks.aggregator.one_pass` prints what it took as JSON."""

from __future__ import annotations

import json
import resource
import time

from aggregator.run import run_pass
from pixels.config import load_settings


def main() -> None:
    settings = load_settings()
    began = time.monotonic()
    times: dict[str, float] = {}
    cpu_seconds: dict[str, float] = {}
    cpu_before = time.process_time()

    def on_step(step: str) -> None:
        times[step] = time.monotonic() - began
        cpu_seconds[step] = time.process_time()

    result = run_pass(settings, on_step=on_step)
    ended = time.monotonic() - began
    told = {
        "records": result.outcome.records_read,
        "to_commit": times["after_commit"],
        "cpu_to_commit": cpu_seconds["after_commit"] - cpu_before,
        "publishing": ended - times["after_commit"],
        "snapshot_bytes": max(file.stat().st_size for file in settings.published_dir.glob("*.duckdb")),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
