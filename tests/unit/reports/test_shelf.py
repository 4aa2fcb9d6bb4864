"""The folder of reports."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pixels.reports.shelf import write_index


def test_reports_that_end_together_write_one_index(tmp_path: Path) -> None:
    """None of them stumbles over the file of another, and nothing else is left behind."""
    with ThreadPoolExecutor(8) as workers:
        written = list(workers.map(lambda _: write_index(tmp_path), range(200)))

    assert set(written) == {tmp_path / "index.html"}
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
