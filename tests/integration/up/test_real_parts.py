"""`pixels up --demo` with its real parts: pixels become numbers, and nothing is left when it ends."""

from __future__ import annotations

import json
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from tests.integration.up.conftest import StartUp, Up, descendants, process_is_there
from tests.integration.up.jupyter_lab import Lab, fetch, run_cell
from tests.waiting import until


def counts(up: Up, day: str) -> dict[str, int]:
    """Return what the API says of one day, by event type."""
    origin = urlsplit(up.address("API")).netloc
    rows = json.loads(fetch(f"http://{origin}/api/metrics?from={day}&to={day}"))["rows"]
    return {row["event_type"]: row["count"] for row in rows}


def all_gone(pids: list[int]) -> bool:
    return not any(process_is_there(pid) for pid in pids)


def test_the_demo_shows_numbers_that_move_and_ends_whole(start_up: StartUp) -> None:
    """History, live pixels, dashboard and a notebook on the same home; a second start writes no second history."""
    today, last_week = (str((datetime.now(UTC) - timedelta(days=days)).date()) for days in (0, 7))
    up = start_up("--demo", real=True)
    up.wait_until_ready(timeout=120)
    before, history = counts(up, today), counts(up, last_week)
    assert history["visit"] > 1_000
    assert history["registration"] > 20
    assert history["deposit"] > 20

    until(lambda: counts(up, today)["visit"] > before["visit"] + 5, timeout=30)
    assert "<title>" in fetch(up.address("Dashboard"))
    assert (
        notebook_says(
            up,
            "import pixels; wh = pixels.open(); print(wh.is_demo, wh.metrics(wh.as_of.date(), wh.as_of.date()).height > 0)",
        )
        == "True True\n"
    )
    pids = descendants(up.process.pid)

    up.send(signal.SIGINT)

    assert up.exit_code() == 0
    assert all_gone(pids)

    again = start_up("--demo", real=True)
    again.wait_until_ready(timeout=120)
    assert counts(again, last_week) == history


def notebook_says(up: Up, code: str) -> str:
    """Run code in a kernel of the JupyterLab whose address was printed."""
    printed = up.home / "run" / "lab.log"
    lab = Lab(up.process, printed, up.home)
    return run_cell(lab, lab.request("/api/kernels", data={"name": "python3"})["id"], code)


def test_when_it_is_killed_the_real_parts_end_too(start_up: StartUp) -> None:
    """Also gunicorn's workers and a notebook kernel, which are not its children."""
    up = start_up("--demo", real=True)
    up.wait_until_ready(timeout=120)
    assert notebook_says(up, "print(1)") == "1\n"
    pids = descendants(up.process.pid)
    names = [Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in pids]
    assert sum(b"ipykernel_launcher" in name for name in names) == 1

    up.send(signal.SIGKILL)

    until(lambda: all_gone(pids), timeout=30)
