"""An acknowledged pixel survives whatever happens to the process, and nothing is acknowledged that is not stored."""

from __future__ import annotations

import http.client
import os
import resource
import signal
import subprocess
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.integration.collector.running import PIXELS, RunningCollector, environment, is_gone, kill, running_collector
from tests.waiting import until

SENDERS = 8
ENOUGH = 300


class Senders:
    """Threads that send pixels as fast as they are acknowledged, and remember which were."""

    def __init__(self, collector: RunningCollector) -> None:
        self.acknowledged: list[str] = []
        self._collector = collector
        self._stop = Event()
        self._threads = [Thread(target=self._send, args=(number,)) for number in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def _send(self, number: int) -> None:
        with closing(http.client.HTTPConnection(*self._collector.address, timeout=30)) as connection:
            count = 0
            while not self._stop.is_set():
                count += 1
                player = f"{number}-{count}"
                try:
                    connection.request("GET", f"/visit?playerId={player}&bannerTag=a")
                    answer = connection.getresponse()
                    answer.read()
                except (OSError, http.client.HTTPException):
                    return  # the collector is gone
                if answer.status == 200:
                    self.acknowledged.append(player)

    def wait_for(self, count: int) -> None:
        until(lambda: len(self.acknowledged) >= count, what=f"{count} acknowledged pixels")

    def finish(self) -> set[str]:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=60)
            assert not thread.is_alive()
        return set(self.acknowledged)


def players(collector: RunningCollector) -> list[str]:
    return [event["player_id"] for event in collector.events()]


def test_every_acknowledged_pixel_survives_kill_9(tmp_path: Path) -> None:
    """Master and workers killed in full flight, twice; the same files carry on."""
    acknowledged: set[str] = set()
    for _ in range(2):
        with running_collector(tmp_path) as collector:
            senders = Senders(collector)
            senders.wait_for(ENOUGH)
            workers = collector.workers()
            os.killpg(collector.process.pid, signal.SIGKILL)
            until(lambda: all(map(is_gone, workers)), what="workers are gone")  # noqa: B023 - called at once
            acknowledged |= senders.finish()

            stored = players(collector)
            assert len(acknowledged) >= ENOUGH
            assert acknowledged <= set(stored)
    assert [path.name for path in (tmp_path / "log").glob("*.sqlite")] == ["slot-000.sqlite"]


def test_workers_whose_master_was_killed_stop_and_give_back_their_slot(tmp_path: Path) -> None:
    """Otherwise they would hold the port for ever."""
    with running_collector(tmp_path) as collector:
        assert collector.ask("/visit?playerId=1&bannerTag=a").status == 200
        (worker,) = collector.workers()
        kill(collector.process.pid)
        until(lambda: is_gone(worker), what="the orphaned worker has stopped")

    with running_collector(tmp_path) as collector:
        assert collector.ask("/visit?playerId=2&bannerTag=a").status == 200
        assert sorted(players(collector)) == ["1", "2"]
        assert len(list((tmp_path / "log").glob("*.sqlite"))) == 1


def test_a_killed_worker_is_replaced_and_its_slot_goes_on(tmp_path: Path) -> None:
    """The master starts another, which adopts the file."""
    with running_collector(tmp_path) as collector:
        assert collector.ask("/visit?playerId=1&bannerTag=a").status == 200
        (worker,) = collector.workers()
        kill(worker)
        until(lambda: collector.workers() not in ([], [worker]), what="another worker")
        assert collector.ask("/visit?playerId=2&bannerTag=a").status == 200
        assert sorted(players(collector)) == ["1", "2"]


def test_every_worker_has_a_slot_of_its_own(tmp_path: Path) -> None:
    """Two workers, two files, and every acknowledged pixel is in one of them, once."""
    with running_collector(tmp_path, "--workers", "2") as collector:
        until(lambda: len(list((tmp_path / "log").glob("slot-*.sqlite"))) == 2, what="two slots")
        senders = Senders(collector)
        senders.wait_for(ENOUGH)
        acknowledged = senders.finish()

        assert sorted(acknowledged) == sorted(players(collector))
        assert collector.process.poll() is None


def test_a_graceful_stop_finishes_what_is_under_way(tmp_path: Path) -> None:
    """After SIGTERM all that was acknowledged is stored, and the collector leaves in peace."""
    with running_collector(tmp_path) as collector:
        senders = Senders(collector)
        senders.wait_for(ENOUGH)
        collector.process.terminate()
        assert collector.process.wait(timeout=30) == 0
        assert senders.finish() <= set(players(collector))


@pytest.mark.parametrize(("target", "status"), [("/visit?playerId=%s&bannerTag=a", 200), ("/visit?playerId=%s", 400)])
def test_a_disk_that_takes_nothing_is_answered_503_until_it_does_again(
    tmp_path: Path, target: str, status: int
) -> None:
    """The file may not grow (a limit of the system on the running worker), then may again."""
    with running_collector(tmp_path) as collector:
        assert collector.ask(target % "before").status == status
        (worker,) = collector.workers()
        limits = resource.prlimit(worker, resource.RLIMIT_FSIZE)
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (1024, limits[1]))
        refused = [collector.ask(target % f"during-{n}") for n in range(5)]
        resource.prlimit(worker, resource.RLIMIT_FSIZE, limits)
        assert collector.ask(target % "after").status == status

        assert [(answer.status, answer.headers["retry-after"]) for answer in refused] == [(503, "5")] * 5
        kept = players(collector) if status == 200 else [r["payload"].split("=")[1] for r in collector.refusals()]
        assert sorted(kept) == ["after", "before"]
        assert collector.workers() == [worker]


def test_a_log_that_cannot_be_opened_is_explained_before_the_port_opens(tmp_path: Path) -> None:
    """It does not start again and again, and says what is wrong."""
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "slot-000.sqlite").write_bytes(b"not a database, " * 100)

    ended = subprocess.run(
        [PIXELS, "collect", "--port", "0"], env=environment(tmp_path), capture_output=True, text=True, timeout=60
    )

    assert (ended.returncode, ended.stdout) == (75, "")
    assert ended.stderr.startswith("pixels: The log in")
    assert "not a database" in ended.stderr
    assert "Traceback" not in ended.stderr
