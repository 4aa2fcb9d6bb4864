"""The collector stays light."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"polars", "duckdb", "pandas", "numpy", "pyarrow", "panel", "bokeh", "holoviews", "aggregator"}


@pytest.mark.parametrize("modules", ["collector.app, collector.serve, collector.kafka_log", "pixels.config"])
def test_the_collector_never_loads_what_analysis_needs(modules: str) -> None:
    """A worker starts in a blink and stays small: no Polars, no DuckDB."""
    program = f"import sys, {modules}; print(*{{name.partition('.')[0] for name in sys.modules}})"

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert not HEAVY.intersection(loaded)
    assert "collector" in loaded or "pixels" in loaded


def test_the_local_log_needs_no_kafka_client() -> None:
    """Kafka's client is loaded only where Kafka is set."""
    program = "import sys, collector.serve; print('confluent_kafka' in sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert loaded.strip() == "False"
