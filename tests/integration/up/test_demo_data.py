"""The history goes into a real log once; live pixels go over real HTTP."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice, takewhile
from pathlib import Path
from random import Random
from threading import Event, Thread
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from aggregator.banner_file import read_banners
from pixels.config import Settings
from pixels.demo import backfill, history, live
from pixels.demo.sender import _pixels
from pixels.errors import BadParameter, ConfigurationError
from tests.waiting import free_port, until

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def demo_home(pixels_home: Path) -> Settings:
    """The settings of a home that is marked for a demo."""
    (pixels_home / "DEMO").touch()
    return Settings(home=pixels_home)


def logged(settings: Settings) -> list[tuple[str, dict[str, object], int]]:
    """Return (key, event, appended at in ms) of every record in the embedded log."""
    found = []
    for slot in sorted(settings.log_dir.glob("*.sqlite")):
        with closing(sqlite3.connect(slot)) as con:
            rows = con.execute(
                "SELECT record_key, record_value, appended_at_ms FROM events_queue ORDER BY record_offset"
            )
            found += [(key.decode(), json.loads(value), at) for key, value, at in rows]
    return found


def test_the_history_is_written_once(demo_home: Settings) -> None:
    """Keyed by player, as the collector does it; the second time there is nothing to do."""
    assert backfill(demo_home, now=NOW, days=2, seed=5) > 1_000
    written = logged(demo_home)

    assert backfill(demo_home, now=NOW + timedelta(hours=1), days=2, seed=5) == 0
    assert logged(demo_home) == written
    assert [event for _, event, _ in written] == list(history(days=2, until=NOW, seed=5))
    assert all(key == event["player_id"] for key, event, _ in written)
    assert {at for _, _, at in written} == {int(NOW.timestamp() * 1000)}


def test_a_history_that_was_killed_is_written_again_with_the_same_events(demo_home: Settings) -> None:
    """Killed after the append and before it was noted: the same ids again, later than the first time."""
    backfill(demo_home, now=NOW, days=2, seed=5)
    plan = demo_home.home / "history.json"
    plan.write_text(json.dumps({**json.loads(plan.read_text("utf-8")), "events": None}), "utf-8")

    written = backfill(demo_home, now=NOW + timedelta(hours=1), days=2, seed=5)

    ids = [event["id"] for _, event, _ in logged(demo_home)]
    assert len(ids) == 2 * written
    assert len(set(ids)) == written


def test_a_home_that_is_not_for_a_demo_gets_no_history(pixels_home: Path) -> None:
    """Also when somebody starts the history by hand."""
    with pytest.raises(ConfigurationError, match="not a demo home"):
        backfill(Settings(home=pixels_home), now=NOW)

    assert not (pixels_home / "log").exists()


class Collector(ThreadingHTTPServer):
    """Takes pixels as the collector does and keeps them; answers with `statuses` first, then 200 or 400."""

    daemon_threads = True

    def __init__(self, port: int = 0, statuses: list[int] | None = None) -> None:
        super().__init__(("127.0.0.1", port), _Pixel)
        self.taken: list[tuple[str, dict[str, str], str]] = []
        self.statuses = statuses or []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        Thread(target=self.serve_forever, daemon=True).start()

    def of(self, event_type: str) -> list[dict[str, str]]:
        """Return the parameters of the pixels of one type."""
        return [query for kind, query, _ in self.taken.copy() if kind == event_type]


class _Pixel(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Collector)
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        status = server.statuses.pop(0) if server.statuses else 400 if query["playerId"].startswith("{") else 200
        if status < 500:
            server.taken.append((parts.path.strip("/"), query, self.headers["User-Agent"]))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server has
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        yield server
        server.shutdown()


def test_visitors_come_and_some_register_within_seconds(collector: Collector) -> None:
    """The registration carries the key of an earlier visit and a player id of digits; the browser says what it is."""
    stop = Event()
    sender = Thread(target=live, args=(collector.url, stop, 11))
    sender.start()
    began = datetime.now(UTC)
    until(lambda: collector.of("registration") and len(collector.of("visit")) > 20, timeout=60)
    stop.set()
    sender.join(10)

    seconds = (datetime.now(UTC) - began).total_seconds()
    assert not sender.is_alive()
    assert len(collector.of("visit")) / seconds > 2
    registration = collector.of("registration")[0]
    assert registration["playerId"].isdigit()
    assert registration["s"] in {query["s"] for query in collector.of("visit")}
    assert all(query["s"].startswith("v-") and query["b"] for _, query, _ in collector.taken)
    assert all(agent.startswith("Mozilla/5.0") for _, _, agent in collector.taken)


def test_every_run_invents_other_people(collector: Collector) -> None:
    """Else a second start on the same day would move no number."""
    for seen in (0, 4):
        stop = Event()
        sender = Thread(target=live, args=(collector.url, stop))
        sender.start()
        while len(collector.of("visit")) < seen + 4:
            stop.wait(0.02)
        stop.set()
        sender.join(10)

    firsts = [query["s"] for kind, query, _ in collector.taken if kind == "visit"]
    assert len(set(firsts)) > len(firsts) / 2


def test_a_collector_that_is_away_is_waited_for_and_that_is_said_once() -> None:
    """Not there, then there but unable to store, then well: no pixel is dropped, and two lines are said."""
    port, stop, said = free_port(), Event(), list[str]()
    sender = Thread(target=live, args=(f"http://127.0.0.1:{port}", stop, 11), kwargs={"say": said.append})
    sender.start()
    until(lambda: said)

    with Collector(port, statuses=[503, 503]) as collector:
        until(lambda: len(collector.taken) > 5)
        stop.set()
        sender.join(10)
        collector.shutdown()

    assert not sender.is_alive()
    assert len(said) == 2
    assert "is away" in said[0]
    assert "is back" in said[1]
    first = next(iter(_pixels(Random(11))))
    assert urlsplit(first[1]).query == urlencode(collector.taken[0][1])


def test_a_few_visits_carry_a_placeholder() -> None:
    """So that a demo has refusals to show; registrations and deposits are never spoiled."""
    paths = [path for _, path, _ in islice(_pixels(Random(3)), 5_000)]
    spoiled = [path for path in paths if "playerId=%7Bplayerid%7D" in path]

    assert 0.005 < len(spoiled) / len(paths) < 0.05
    assert all(path.startswith("/visit?") for path in spoiled)


def test_live_pixels_are_in_order_and_calm_down() -> None:
    """Brisk at first so that numbers move; an hour later an hour brings about as much as an evening of the history."""
    due = [at for at, _, _ in takewhile(lambda pixel: pixel[0] < 7_200, _pixels(Random(3)))]

    assert due == sorted(due)
    assert sum(at < 60 for at in due) > 150
    assert sum(at > 3_600 for at in due) < 3_000


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_as_a_process_it_ends_with_a_signal(collector: Collector, number: signal.Signals) -> None:
    """Without a traceback, and as done."""
    command = [sys.executable, "-P", "-m", "pixels.demo", "--collector", collector.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        until(lambda: collector.taken)
        process.send_signal(number)
        output, errors = process.communicate(timeout=15)

    assert (process.returncode, output, errors) == (0, b"", b"")


@pytest.mark.parametrize("address", ["ftp://127.0.0.1", "127.0.0.1:8787", "http://", "http://127.0.0.1:notaport"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    """By name of the parameter, before anything is sent."""
    with pytest.raises(BadParameter, match="collector"):
        live(address, Event())


def test_the_list_of_its_banners_names_each_that_the_history_has(demo_home: Settings) -> None:
    """As `pixels banners import` reads it."""
    backfill(demo_home, now=NOW, days=2, seed=5)

    listed = read_banners(str(demo_home.home / "banners.csv"))

    assert {str(event["banner_tag"]) for event in history(days=60, until=NOW, seed=5)} == set(listed)
