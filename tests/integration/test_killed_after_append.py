"""The collector is killed when an event is durable and its answer is not sent: nothing is lost, nothing counts twice."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from aggregator.run import run_pass
from pixels.config import load_settings
from tests.interruptions import REPOSITORY
from tests.stored_tables import read_tables
from tests.waiting import free_port, until


def pixel(port: int, player: str) -> int | None:
    """Ask for a visit; return the status, None when the connection ended without an answer."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        try:
            connection.request("GET", f"/visit?playerId={player}&bannerTag=a")
            return connection.getresponse().status
        except (ConnectionError, http.client.RemoteDisconnected):
            return None


def collector_dying_after(appends: int, port: int) -> subprocess.Popen[bytes]:
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.interrupted_collector", str(appends), str(port)], cwd=REPOSITORY, env=os.environ
    )
    until(lambda: pixel(port, "null") == 400, timeout=60, what="the collector answers")  # one append, to the refusals
    return child


def test_an_event_whose_answer_was_never_sent_counts_once_with_its_retry(pixels_home: Path) -> None:
    """The sender, who saw no answer, asks again; the player still counts once, and so does everybody before."""
    answers: dict[str, list[int | None]] = {}
    for number in range(3):
        port = free_port()
        child = collector_dying_after(1 + 3, port)
        for player in (f"p{number}a", f"p{number}b", f"p{number}c"):
            answers.setdefault(player, []).append(pixel(port, player))
        assert child.wait(30) == -signal.SIGKILL
        run_pass(load_settings())
        port = free_port()
        child = collector_dying_after(100, port)
        answers[f"p{number}c"].append(pixel(port, f"p{number}c"))
        child.terminate()
        child.wait(30)

    result = run_pass(load_settings())

    assert [answers[f"p{n}c"] for n in range(3)] == [[None, 200]] * 3
    found = read_tables(str(pixels_home / "warehouse.duckdb"))
    assert sum(found.daily_metrics.values()) == 9
    assert {player for _, _, player, *_ in found.counted_events} == set(answers)
    assert len(found.events) == 12, "each retried event is there twice, and counted once"
    assert json.loads(result.as_json())["records_rejected"] >= 1
