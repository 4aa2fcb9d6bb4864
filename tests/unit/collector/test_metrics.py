"""docs/operations.md explains every metric and every log line there is, and no other."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.core import Metric

from collector.counters import CounterTable
from collector.metrics import CollectorMetrics
from tests.unit.collector.asgi import ListLog, ask

REPOSITORY = Path(__file__).parents[3]
OPERATIONS = (REPOSITORY / "docs" / "operations.md").read_text("utf-8")
NOW = datetime(2026, 11, 22, 16, 0, 0, tzinfo=UTC)


def section(title: str) -> str:
    """Return the text below a heading."""
    return OPERATIONS.partition(f"## {title}\n")[2].partition("\n## ")[0]


def metrics(table: CounterTable) -> dict[str, Metric]:
    return {metric.name: metric for metric in CollectorMetrics(table, lambda: NOW).collect()}


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


@pytest.mark.parametrize(("put_there", "age"), [(NOW.timestamp() - 90, 90), (NOW.timestamp() + 5, 0), (None, 0)])
def test_the_age_of_the_spool_is_that_of_its_oldest_record(put_there: float | None, age: float) -> None:
    """Never below nought, whatever the clocks say; nought when nothing waits."""
    table = CounterTable(rows=1)
    oldest = None if put_there is None else round(put_there * 1000)
    table.counters(table.take_row()).spool_holds(1 if oldest else 0, oldest)

    (sample,) = metrics(table)["pixels_collector_spool_age_seconds"].samples

    assert sample.value == age


async def test_without_kafka_nothing_is_said_of_it() -> None:
    """An alert on Kafka must not ring where there is none; and a stranger gets no metrics at all."""
    inside = await ask(ListLog(), "/metrics", client=("127.0.0.1", 4711))
    outside = await ask(ListLog(), "/metrics", client=("203.0.113.9", 4711))

    assert (inside.status, b"kafka_up" in inside.body) == (200, False)
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
