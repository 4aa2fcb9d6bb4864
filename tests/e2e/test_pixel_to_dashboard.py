"""The whole way: a click on a brand's site, a real Kafka, a pass, and the figures in the API and on the dashboard."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition
from playwright.sync_api import Browser, Page, expect

from tests.kafka_broker import KafkaBroker
from tests.waiting import until

SITE = Path(__file__).parents[2] / "examples" / "site"
PIXELS = [sys.executable, "-m", "pixels"]


@contextmanager
def running(command: str, log: Path) -> Iterator[str]:
    """Run `pixels COMMAND --port 0`; give the address that it announces."""
    with log.open("wb") as out:
        child = subprocess.Popen([*PIXELS, command, "--port", "0"], stdout=out, stderr=subprocess.STDOUT)
    try:
        address = until(lambda: announced(child, log), timeout=60, what=f"pixels {command} says where it listens")
        assert address
        yield address
    finally:
        child.terminate()
        child.wait(30)


def announced(child: subprocess.Popen[bytes], log: Path) -> str | None:
    said = log.read_text()
    assert child.poll() is None, said
    lines = [line for line in said.splitlines() if ": listening on http" in line]
    return lines[0].rpartition(" ")[2] if lines else None


@contextmanager
def example_site() -> Iterator[str]:
    """Serve examples/site."""
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=SITE)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def on_kafka(kafka: KafkaBroker, pixels_home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty home whose events go through a fresh topic; its name."""
    topic = kafka.new_topic()
    monkeypatch.setenv("PIXELS_KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrap_servers)
    monkeypatch.setenv("PIXELS_KAFKA_TOPIC", topic)
    return topic


def visit_sign_up_and_deposit(page: Page, site: str, collector: str) -> None:
    """Click through the brand's site as a visitor who is nobody until signing up; as one would."""
    page.goto(f"{site}/index.html?collector={collector}&bannerTag=northern-lights&b=click-77")
    page.click("#start")
    page.fill("#nickname", "polarfox")
    page.click("button[type=submit]")
    page.wait_for_url("**/deposit.html")
    page.click("button[type=submit]")


def records_on(kafka: KafkaBroker, topic: str) -> int:
    """Count what the brokers hold; a beacon that a page sends while it is left has no answer that the page could see."""
    watcher = Consumer({"bootstrap.servers": kafka.bootstrap_servers, "group.id": "watcher"})
    try:
        partitions = watcher.list_topics(topic, timeout=30).topics[topic].partitions
        return sum(watcher.get_watermark_offsets(TopicPartition(topic, n), timeout=30)[1] for n in partitions)
    finally:
        watcher.close()


def aggregate() -> dict[str, Any]:
    done = subprocess.run([*PIXELS, "aggregate"], env=os.environ, check=True, capture_output=True, timeout=120)
    line: dict[str, Any] = json.loads(done.stdout)
    return line


def counts(api: str) -> dict[str, int]:
    """Ask the API for the counts by type, today in UTC (and yesterday, for a test that runs at midnight)."""
    today = datetime.now(UTC).date()
    with urllib.request.urlopen(f"{api}/api/metrics?from={today - timedelta(days=1)}&to={today}", timeout=30) as answer:
        rows = json.load(answer)["rows"]
    return {row["event_type"]: row["count"] for row in rows}


def test_three_clicks_become_three_counts_and_a_funnel(
    chromium: Browser, kafka: KafkaBroker, on_kafka: str, tmp_path: Path
) -> None:
    """Landing, sign-up and deposit: 1 each in the API, and 1, 1, 1 on the dashboard, one person all along."""
    context = chromium.new_context()
    with (
        running("collect", tmp_path / "collect.log") as collector,
        running("api", tmp_path / "api.log") as api,
        running("dashboard", tmp_path / "dashboard.log") as dashboard,
        example_site() as site,
    ):
        watching = context.new_page()
        watching.goto(dashboard)
        visit_sign_up_and_deposit(context.new_page(), site, collector)
        until(lambda: records_on(kafka, on_kafka) == 3, what="three events are on the topic")

        result = aggregate()

        assert (result["events_stored"], result["events_counted"], result["records_rejected"]) == (3, 3, 0)
        assert counts(api) == {"visit": 1, "registration": 1, "deposit": 1}
        for figure in ("daily-unique-visitors", "registrations", "ftd"):  # the page was open before the first event
            expect(watching.locator(f".kpi-{figure}")).to_have_text("1", timeout=60_000)
    context.close()


def test_events_of_an_outside_kafka_client_are_counted(kafka: KafkaBroker, on_kafka: str, tmp_path: Path) -> None:
    """`kcat` writes to the topic by the documented JSON; the API has the counts after a pass."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    people = ["anna", "ben", "anna"]
    events = [
        {"id": f"k-{n}", "event_type": "visit", "player_id": person, "banner_tag": "kcat", "created_at": now}
        for n, person in enumerate(people)
    ]
    subprocess.run(
        ["kcat", "-P", "-b", kafka.bootstrap_servers, "-t", on_kafka],
        input="\n".join(json.dumps(event) for event in events).encode(),
        check=True,
        timeout=60,
    )

    aggregate()

    with running("api", tmp_path / "api.log") as api:
        assert counts(api) == {"visit": 2}
