"""An acknowledged pixel survives whatever happens to the process, and nothing is acknowledged that is not stored."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from pathlib import Path

import pytest

from tests.integration.collector.running import PIXELS, RunningCollector, environment, is_gone, kill, running_collector
from tests.integration.collector.senders import ENOUGH, Senders
from tests.waiting import until


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


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_leaves_at_once_with_all_that_was_acknowledged_stored(tmp_path: Path, name: signal.Signals) -> None:
    """By a supervisor or by Ctrl-C, the collector leaves in peace."""
    with running_collector(tmp_path) as collector:
        senders = Senders(collector)
        senders.wait_for(ENOUGH)
        collector.process.send_signal(name)
        assert collector.process.wait(timeout=15) == 0
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
