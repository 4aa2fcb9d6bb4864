"""The examples of docs/metrics.md run, over the events that it lists, and give what it says."""

from __future__ import annotations

import doctest
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import pixels
from aggregator.run import run_pass
from pixels import Warehouse
from pixels.config import load_settings
from tests.local_log import append

MANUAL = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text("utf-8")
CALLS = re.findall(r"^    (wh\.[^#\n]*\))", MANUAL, re.MULTILINE)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def listed_events() -> list[dict[str, Any]]:
    """The table of events in the manual, as records."""
    heading = "| `created_at` | `id` |"
    lines = MANUAL[MANUAL.index(heading) :].partition("\n\n")[0].splitlines()
    names, rows = (
        [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in part] for part in (lines[:1], lines[2:])
    )
    events = [dict(zip(names[0], row, strict=True)) for row in rows]
    return [{**event, "metadata": dict(re.findall(r"(\S+?)=(\S+)", event["metadata"]))} for event in events]


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """The listed events, each read by a pass of its own, and a folder with an older snapshot."""
    home = tmp_path_factory.mktemp("home")
    settings = load_settings(home=home, keep_snapshots=100)
    for event in listed_events():
        append(home, [event], at_ms=int(NOW.timestamp() * 1000))
        run_pass(settings, now=lambda: NOW)
    with pixels.open(home) as warehouse:
        yield warehouse


@pytest.mark.parametrize("call", CALLS)
def test_every_call_in_the_manual_can_be_made(
    call: str, wh: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As it stands there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "copy-of-october.duckdb").symlink_to(wh.file.with_name("snapshot-000001.duckdb"))
    assert isinstance(eval(call, {"wh": wh, "pixels": pixels}), pl.DataFrame)  # noqa: S307 - the manual is ours


def test_the_worked_examples_give_what_they_show(wh: Warehouse) -> None:
    """Each result in the manual is that of the listed events."""
    examples = doctest.DocTestParser().get_doctest(MANUAL, {"wh": wh, "pl": pl}, "metrics.md", "docs/metrics.md", 0)
    assert len(examples.examples) >= 8
    told: list[str] = []
    results = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(examples, out=told.append)
    assert results.failed == 0, "".join(told)
