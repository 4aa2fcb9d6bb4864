"""How long reports take: one over 90 days with 50 banners, and one for each of the 50.

`python -m benchmarks.reports [--report NAME] [--people N] [--banners N] [--rounds N] [--jobs N] [--home FOLDER]`

Each is the command as somebody runs it, page and PDF, from start to end. CPU seconds are those of the command and of the
kernels and browsers that it waited for; of a machine whose cores it has alone they come to seconds times cores.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import median

import pixels
from benchmarks.read.year import make_year

DAYS = 90


@dataclass(frozen=True)
class Took:
    """What a command cost."""

    seconds: float
    cpu_seconds: float
    busy_cores: float
    """Of the whole machine, whoever made them busy."""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.reports", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--report", default="campaign_report")
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--banners", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--home", type=Path, help="keep the data there, or use what is there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home: Path = options.home or Path(name) / "home"
        if not home.exists():
            make_year(home, options.people, DAYS, options.banners)
        whole = [options.report, "-p", f"days={_days(home)}"]
        for title, form in (("page and PDF", ()), ("page alone", ("--no-pdf",))):
            show(
                f"one report, {title}", [run(home, Path(name) / "one", *whole, *form) for _ in range(options.rounds)], 1
            )
        out = Path(name) / "each"
        took = run(home, out, *whole, "--for-each", "banner", "--jobs", str(options.jobs))
        made = [one["status"] for one in json.loads((out / "for_each.json").read_text("utf-8"))["reports"]]
        show(f"one for each banner, {options.jobs} at a time", [took], made.count("ok"))
    return 0 if made == ["ok"] * options.banners else 1


def _days(home: Path) -> str:
    with pixels.open(home) as warehouse:
        last: date = (warehouse.days_with_data() or sys.exit("there is no data")).end
    return f"{last - timedelta(days=DAYS - 1)}..{last}"


def run(home: Path, out: Path, *arguments: str) -> Took:
    """Run `pixels report` and return what it cost."""
    began, busy = time.monotonic(), _busy_seconds()
    command = [sys.executable, "-m", "pixels", "report", *arguments, "--out", str(out)]
    running = subprocess.Popen(
        command, env={**os.environ, "PIXELS_HOME": str(home)}, cwd=home, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        sys.exit(f"{' '.join(command)} ended with {running.returncode}")
    seconds = time.monotonic() - began
    return Took(seconds, usage.ru_utime + usage.ru_stime, (_busy_seconds() - busy) / seconds)


def _busy_seconds() -> float:
    """Return the seconds that all cores together were at work since the machine started (proc(5): user, nice, system)."""
    ticks = Path("/proc/stat").read_text("ascii").splitlines()[0].split()[1:4]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def show(title: str, took: list[Took], reports: int) -> None:
    """Print the median run: seconds, CPU seconds, both divided, busy cores of the machine, and reports a minute."""
    seconds = median(one.seconds for one in took)
    cpu = median(one.cpu_seconds for one in took)
    busy = median(one.busy_cores for one in took)
    figures = (f"{seconds:.1f}", f"{cpu:.1f}", f"{cpu / seconds:.2f}", f"{busy:.2f}", f"{reports / seconds * 60:.1f}")
    print(f"| {' | '.join((title, *figures))} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
