"""The collector stays light."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import collector

HEAVY = {"polars", "duckdb", "pandas", "numpy", "pyarrow", "panel", "bokeh", "holoviews", "aggregator"}
MODULES = {path.stem for path in Path(collector.__file__).parent.glob("*.py")} - {"__init__"}


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


def test_the_map_of_the_collector_names_every_module_once() -> None:
    """Whoever opens the package first finds where everything is."""
    the_map = (collector.__doc__ or "").partition("\n\n")[2]
    named = [word for word in re.findall(r"\w+", the_map) if word in MODULES]

    assert sorted(named) == sorted(MODULES)
