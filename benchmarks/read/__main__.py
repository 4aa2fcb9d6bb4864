"""The read side's speed: each call of the library beside its own bare query, over a year of 200 banners and 1M players.

`python -m benchmarks.read [--people N] [--rounds N] [--chdb PYTHON] [--home FOLDER]`
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import duckdb

import pixels
from benchmarks.aggregator.__main__ import has_chdb
from benchmarks.read.api import compare_api
from benchmarks.read.others import clickhouse_funnels, exported, polars_funnel
from benchmarks.read.questions import MONTH, YEAR, Question, questions
from benchmarks.read.year import make_year
from pixels import Warehouse

_A_PLAYER = "SELECT player_id FROM visitor_links ORDER BY player_id LIMIT 1"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.read", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--chdb", default=sys.executable, metavar="PYTHON", help="a Python that has chdb")
    parser.add_argument("--home", type=Path, help="keep the year there, or use the one that is there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home: Path = options.home or folder / "home"
        if not home.exists():
            make_year(home, options.people)
        with pixels.open(home) as warehouse, duckdb.connect(str(warehouse.file), read_only=True) as bare:
            bare.execute("SET TimeZone = 'UTC'")
            print(f"{bare.sql('SELECT count(*) FROM counted_events').fetchall()[0][0]:,} counted events")
            for question in questions(warehouse.sql(_A_PLAYER).item()):
                compare(question, warehouse, bare, options.rounds)
            compare_funnels(warehouse, bare, folder, options.rounds, options.chdb)
        if shutil.which("wrk"):
            compare_api(home, options.rounds, seconds=5)
        else:
            print("no wrk: requests a second are left out. On Debian: apt install wrk", file=sys.stderr)
    return 0


def compare(question: Question, warehouse: Warehouse, bare: duckdb.DuckDBPyConnection, rounds: int) -> None:
    """Time both in turns after one try each, which must give the same rows."""
    told, expected = question.ask(warehouse).rows(), bare.execute(question.sql, question.bound()).pl().rows()
    assert told == expected, f"{question.name}: {told[:3]} is not {expected[:3]}"
    both = [
        (_seconds(lambda: question.ask(warehouse)), _seconds(lambda: bare.execute(question.sql, question.bound()).pl()))
        for _ in range(rounds)
    ]
    ours, anchors = zip(*both, strict=True)
    print(
        f"{question.name}: {median(ours) * 1000:,.1f} ms; bare query {median(anchors) * 1000:,.1f} ms, "
        f"{median(a / b for a, b in both):.2f} times",
        flush=True,
    )


def compare_funnels(
    warehouse: Warehouse, bare: duckdb.DuckDBPyConnection, folder: Path, rounds: int, chdb: str
) -> None:
    """Time the funnel in Polars and by ClickHouse's engine too; all must count the same people."""
    ranges = {"month": MONTH, "year": YEAR}
    clickhouse: dict[str, Any] = {}
    if has_chdb(chdb):
        clickhouse = clickhouse_funnels(chdb, exported(bare, folder / "parquet"), rounds, ranges)
    for name, days in ranges.items():
        expected = warehouse.funnel(*days)["players"].to_list()
        assert polars_funnel(bare, days) == expected
        seconds: dict[str, list[float]] = {"Pixels": [], "Polars": []}
        for _ in range(rounds):
            seconds["Pixels"].append(_seconds(partial(warehouse.funnel, *days)))
            seconds["Polars"].append(_seconds(partial(polars_funnel, bare, days)))
        if name in clickhouse:
            assert clickhouse[name]["players"] == expected
            seconds["chdb"] = clickhouse[name]["seconds"]
        print(
            f"funnel, {name}: " + ", ".join(f"{who} {median(took):.3f} s" for who, took in seconds.items()), flush=True
        )


def _seconds(ask: Callable[[], object]) -> float:
    began = time.monotonic()
    ask()
    return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
