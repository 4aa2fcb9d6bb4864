"""docs/operations.md explains every metric and every log line there is, and no other."""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.core import Metric

from collector.counters import CounterTable
from collector.event_log import EVENTS, REJECTED, Stream
from collector.log_file import LogFile
from collector.metrics import CollectorMetrics
from collector.slots import open_slot
from pixels.config import Settings
from tests.unit.collector.asgi import ListLog, ask

REPOSITORY = Path(__file__).parents[3]
OPERATIONS = (REPOSITORY / "docs" / "operations.md").read_text("utf-8")
NOW = datetime(2026, 11, 22, 16, 0, 0, tzinfo=UTC)
NO_SPOOL = Path("/nonexistent/spool")
INSIDER = ("127.0.0.1", 4711)


def section(title: str) -> str:
    """Return the text below a heading."""
    return OPERATIONS.partition(f"## {title}\n")[2].partition("\n## ")[0]


def metrics(table: CounterTable, spool_dir: Path = NO_SPOOL) -> dict[str, Metric]:
    return {metric.name: metric for metric in CollectorMetrics(table, lambda: NOW, spool_dir).collect()}


def spool_figures(folder: Path) -> tuple[float, ...]:
    """Return how many records wait, how many seconds the oldest has, and how many files cannot be read."""
    found = metrics(CounterTable(rows=1), folder)
    names = ("records", "age_seconds", "unreadable_files")
    return tuple(found[f"pixels_collector_spool_{name}"].samples[0].value for name in names)


def put(file: LogFile, *ages: float, stream: Stream = EVENTS) -> None:
    """Put a record of each age, in seconds, into a file."""
    file.add({stream: [(round((NOW.timestamp() - age) * 1000), None, b"{}") for age in ages]}, 0)


def documented(metric: Metric) -> list[str]:
    """Return the cells of a metric's row as the page should have them, but for the last."""
    name = metric.name.removeprefix("pixels_collector_")
    if metric.type == "info":
        return [f"`{name}_info{{version}}`", "gauge"]
    labels = {label for sample in metric.samples for label in sample.labels} - {"le"}
    total = "_total" if metric.type == "counter" else ""
    return [f"`{name}{total}{'{' + labels.pop() + '}' if labels else ''}`", str(metric.type)]


def test_every_metric_is_explained() -> None:
    """Name, labels and type, in the order of /metrics save for the histogram's place."""
    table = CounterTable(rows=1)
    table.counters(table.take_row()).kafka_is(up=True)

    rows = [row.strip("| ").split(" | ")[:2] for row in section("Metrics").splitlines() if row.startswith("| `")]

    assert sorted(rows) == sorted(documented(metric) for metric in metrics(table).values())


def test_every_log_line_of_the_collector_is_explained() -> None:
    """A name that an operator finds on stderr, he finds on the page."""
    said = {
        name
        for path in (REPOSITORY / "collector").glob("*.py")
        for name in re.findall(r"logger\.\w+\(\s*\"([^\"]+)\"", path.read_text("utf-8"))
    }

    explained = {
        name
        for row in section("Log lines").splitlines()
        if row.startswith("| `")
        for name in re.findall(r"`([a-z_]+\.[a-z_]+)`", row.partition(" | ")[0])
    }

    assert len(said) > 10
    assert {name for name in explained if not name.endswith(".message")} == said


def test_every_alert_asks_for_metrics_that_exist() -> None:
    """A misspelt name would be an alert that never comes."""
    table = CounterTable(rows=1)
    table.counters(table.take_row()).kafka_is(up=False)
    exist = {sample.name for metric in metrics(table).values() for sample in metric.samples}

    asked = re.findall(r"pixels_collector_\w+", section("What to be woken for"))

    assert len(asked) > 5
    assert set(asked) <= exist


@pytest.mark.parametrize(("ages", "age"), [([90, 5], 90), ([-5], 0), ([], 0)])
def test_the_age_of_the_spool_is_that_of_its_oldest_record(tmp_path: Path, ages: list[float], age: float) -> None:
    """Never below nought, whatever the clocks say; nought when nothing waits."""
    with closing(open_slot(tmp_path)) as file:
        put(file, *ages)

    assert spool_figures(tmp_path) == (len(ages), age, 0)


def test_all_that_waits_in_the_spool_is_counted_whoever_has_the_file(tmp_path: Path) -> None:
    """Events and refusals, in the file of a worker that lives and in one that nobody holds any more."""
    with closing(open_slot(tmp_path)) as held:
        with closing(open_slot(tmp_path)) as left:
            put(left, 60, 30)
            put(left, 90, stream=REJECTED)
        put(held, 10)

        assert spool_figures(tmp_path) == (4, 90, 0)


def test_what_a_killed_worker_left_in_its_write_ahead_log_is_counted(tmp_path: Path) -> None:
    """The file itself does not have it yet, and nobody has recovered it."""
    with closing(open_slot(tmp_path / "alive")) as file:
        put(file, 90, 30)
        shutil.copytree(tmp_path / "alive", tmp_path / "killed", ignore=shutil.ignore_patterns("*-shm"))
    assert (tmp_path / "killed" / "slot-000.sqlite-wal").stat().st_size > 0

    assert spool_figures(tmp_path / "killed") == (2, 90, 0)


def make_something_else(path: Path) -> None:
    path.write_bytes(b"not a database, " * 1000)


def make_another_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE events_queue (something_else)")


def cut_off(path: Path) -> None:
    with closing(open_slot(path.parent / "whole")) as file:
        put(file, *range(1000))
        whole = file.path
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])


@pytest.mark.parametrize("damage", [make_something_else, make_another_table, cut_off, Path.mkdir])
def test_a_file_of_the_spool_that_cannot_be_read_is_told_and_hides_no_other(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    """Whoever looks sees that more may wait than is known, and all that is known."""
    damage(tmp_path / "slot-001.sqlite")
    for number in (0, 2):
        with closing(open_slot(tmp_path / "new")) as file:
            put(file, 90)
        file.path.rename(tmp_path / f"slot-{number:03}.sqlite")

    assert spool_figures(tmp_path) == (2, 90, 1)


@pytest.mark.parametrize("statements", ["", "CREATE TABLE log_identity (log_uuid TEXT NOT NULL)"])
def test_a_file_of_the_spool_whose_making_was_interrupted_holds_nothing(tmp_path: Path, statements: str) -> None:
    """It is no damage, and it is left as it is."""
    path = tmp_path / "slot-000.sqlite"
    path.touch()
    with closing(sqlite3.connect(path)) as file:
        file.executescript(statements)
    before = path.read_bytes()

    assert spool_figures(tmp_path) == (0, 0, 0)
    assert (path.read_bytes(), [file.name for file in tmp_path.iterdir()]) == (before, [path.name])


def test_a_time_that_is_none_does_not_hide_the_records(tmp_path: Path) -> None:
    """A damaged file may hold anything in any column."""
    with closing(open_slot(tmp_path)) as file:
        put(file, 90)
        with closing(sqlite3.connect(file.path)) as damaging, damaging:
            damaging.execute("UPDATE events_queue SET appended_at_ms = 'yesterday'")

    assert spool_figures(tmp_path) == (1, 0, 0)


def test_a_spool_whose_folder_cannot_be_read_is_told(tmp_path: Path) -> None:
    """It counts as one file; that there is no folder is no trouble, since nothing was ever spooled."""
    (tmp_path / "spool").write_text("a file where the folder should be")

    assert spool_figures(tmp_path / "spool") == (0, 0, 1)
    assert spool_figures(tmp_path / "nothing") == (0, 0, 0)


async def test_a_file_that_somebody_keeps_locked_holds_up_no_request(tmp_path: Path) -> None:
    """Others are served meanwhile, and whoever asked for the metrics is told within a second or two."""
    (tmp_path / "spool").mkdir()
    with closing(sqlite3.connect(tmp_path / "spool" / "slot-000.sqlite", isolation_level=None)) as locking:
        locking.executescript("CREATE TABLE events_queue (record_offset); BEGIN EXCLUSIVE")
        scrape = asyncio.ensure_future(
            ask(ListLog(), "/metrics", client=INSIDER, settings=Settings.model_construct(home=tmp_path))
        )

        done, _ = await asyncio.wait([scrape], timeout=0.1)  # on the event loop it would be done before anything else
        answer = await scrape

    assert done == set()
    assert (answer.status, b"spool_unreadable_files 1.0" in answer.body) == (200, True)


async def test_without_kafka_nothing_is_said_of_it_but_what_an_old_spool_still_holds(tmp_path: Path) -> None:
    """An alert on Kafka must not ring where there is none; and a stranger gets no metrics at all."""
    with closing(open_slot(tmp_path / "spool")) as file:
        put(file, 90)
    settings = Settings.model_construct(home=tmp_path)

    inside = await ask(ListLog(), "/metrics", client=INSIDER, settings=settings)
    outside = await ask(ListLog(), "/metrics", client=("203.0.113.9", 4711))

    assert (inside.status, b"kafka_up" in inside.body) == (200, False)
    assert b"pixels_collector_spool_records 1.0" in inside.body
    assert (outside.status, b"pixels_collector" in outside.body) == (404, False)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE"])
async def test_to_an_outsider_no_method_tells_that_there_are_metrics(method: str) -> None:
    """He is answered as on any path that does not exist."""
    there = await ask(ListLog(), "/metrics", method=method)
    nowhere = await ask(ListLog(), "/nowhere", method=method)

    headers = [{name: value for name, value in a.headers.items() if name != "x-request-id"} for a in (there, nowhere)]
    assert (there.status, there.body, headers[0]) == (404, nowhere.body, headers[1])


async def test_an_insider_is_told_which_methods_work() -> None:
    """Other ones are refused."""
    answer = await ask(ListLog(), "/metrics", method="OPTIONS", client=("127.0.0.1", 4711))

    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("accept", [b"application/openmetrics-text; version=abc", b"text/plain; version=x", b";;,"])
async def test_a_format_that_there_is_not_is_answered_in_prometheus_own(accept: bytes) -> None:
    """A header that cannot be read is no reason to answer nothing."""
    answer = await ask(ListLog(), "/metrics", headers=[(b"accept", accept)], client=INSIDER)

    assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (200, "text/plain")
