"""How much of what goes wrong is told of, and how often an alarm is false.

`python -m benchmarks.anomalies [--years N] [--demos N] [--faults N] [--nab FOLDER]`

Quiet years, some of them the demo's journeys, and years with faults are drawn by chance (seeded) and go through `pixels.anomalies.figures.anomalies`, as
`wh.anomalies` does; days in a row are one alarm. `--nab` is a checkout of the Numenta Anomaly Benchmark
(github.com/numenta/NAB): its series of the costs of advertisements and of traffic go through `pixels.anomalies.detect`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

import pixels
from aggregator.run import run_pass
from benchmarks.anomalies.years import FAULTS, SIZES, Year, size_of
from pixels.anomalies.figures import FALSE_DISCOVERIES, anomalies, runs
from pixels.config import DEMO_MARKER, Settings
from pixels.demo import backfill
from pixels.demo.story import LAUNCH_DAYS_AGO
from pixels.period import Period

_FIRST, _HISTORY, _DAYS = date(2025, 1, 6), 84, 365
_MONTHS = 12
_DEMO_UNTIL = datetime(2026, 11, 24, tzinfo=UTC)
_WARM_UP = 35
"""Days of the demo that are history alone: of the others all is known that a baseline looks back at."""
_A_DAY_APART = timedelta(days=1)
_NAB = ("realAdExchange", "realTraffic")


@dataclass(frozen=True)
class Kind:
    """Of which kind the years are."""

    title: str
    banners: int
    spread: float
    """How much each banner's visitors vary from day to day beyond chance: 0.15 is about 15 %."""
    together: float
    """And all of them together."""


_KINDS = (
    Kind("11 banners, chance alone", 11, 0, 0),
    Kind("11 banners, days vary by 15 % each", 11, 0.15, 0),
    Kind("11 banners, days vary by 10 % each and 10 % together", 11, 0.10, 0.10),
    Kind("200 banners, chance alone", 200, 0, 0),
    Kind("200 banners, days vary by 15 % each", 200, 0.15, 0),
)


def found_in(year: Year) -> pl.DataFrame:
    """Return what stands out in the year after the history."""
    period = Period(year.days[_HISTORY], year.days[-1])
    rows = anomalies(
        year.daily(),
        year.entries(),
        "banner_tag",
        period,
        Period(year.days[0], year.days[-1]),
        year.days[-1],
        FALSE_DISCOVERIES,
    )
    return rows.filter("is_anomaly")


def quiet_years(years: int) -> None:
    """Print how many alarms there are a month when nothing happens."""
    print("| a quiet year of | alarms a month | of them of all together |\n|---|---|---|")
    for kind in _KINDS:
        alarms = whole = 0
        for seed in range(years):
            year = Year(_FIRST, _HISTORY + _DAYS, kind.banners, kind.spread, kind.together, seed)
            told = runs(found_in(year), "banner_tag")
            alarms += told.height
            whole += int(told["is_total"].sum())
        print(f"| {kind.title} | {alarms / years / _MONTHS:.2f} | {whole / years / _MONTHS:.2f} |", flush=True)


def quiet_demos(seeds: Sequence[int]) -> None:
    """Print the same of the demo's journeys before its stories begin, through a pass and `wh.anomalies`."""
    alarms = whole = 0
    months = 0.0
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            (home / DEMO_MARKER).touch()
            settings = Settings(_env_file=None, home=home)
            backfill(settings, now=_DEMO_UNTIL - timedelta(days=seed % 7), days=_DAYS, seed=seed)
            run_pass(settings)
            with pixels.open(home) as wh:
                known = wh.days_with_data()
                assert known is not None
                last = known.end - timedelta(days=LAUNCH_DAYS_AGO + 1)
                told = runs(wh.anomalies(known.start + timedelta(days=_WARM_UP), last), "banner_tag")
                months += (last - known.start - timedelta(days=_WARM_UP)).days / _DAYS * _MONTHS
        alarms += told.height
        whole += int(told["is_total"].sum())
    print(f"| the demo's journeys, without its stories | {alarms / months:.2f} | {whole / months:.2f} |", flush=True)


def faults(number: int) -> None:
    """Print of how many faults there was an alarm of that banner within two weeks, by what broke and how large it was."""
    told, all_of_them = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    rng = np.random.default_rng(1)
    for seed in range(number):
        for fault in FAULTS:
            year = Year(_FIRST, _HISTORY + 60, 11, 0.05, 0.05, seed)
            banner, day = int(rng.integers(11)), _HISTORY + int(rng.integers(20, 40))
            year.break_it(fault, banner, day, rng)
            found = found_in(year).filter(
                pl.col("banner_tag") == year.names[banner],
                pl.col("event_date").is_between(year.days[day], year.days[min(day + 13, len(year.days) - 1)]),
            )
            key = fault, size_of(year.sizes[banner])
            all_of_them[key] += 1
            told[key] += found.height > 0
    print(f"| told of within 14 days, of {number} each | {' | '.join(SIZES)} |\n|---|{'---|' * len(SIZES)}")
    for fault in FAULTS:
        cells = [f"{told[fault, size]} of {all_of_them[fault, size]}" for size in SIZES]
        print(f"| {fault} | {' | '.join(cells)} |", flush=True)


def nab(folder: Path, level: float) -> None:
    """Print how many windows of the benchmark have an alarm, and how many alarms are outside of all of them."""
    windows = json.loads(folder.joinpath("labels", "combined_windows.json").read_text("utf-8"))
    print("| series | steps | windows found | false alarms a month |\n|---|---|---|---|")
    sums = np.zeros(5)
    for name, labelled in sorted(windows.items()):
        if name.startswith(_NAB):
            sums += _nab_series(name, folder / "data" / name, labelled, level)
    print(f"| all | {sums[0]:,.0f} | {sums[1]:.0f} of {sums[2]:.0f} | {sums[3] / sums[4]:.2f} |")


def _nab_series(
    name: str, file: Path, labelled: list[list[str]], level: float
) -> tuple[float, float, float, float, float]:
    frame = pl.read_csv(file, try_parse_dates=True).rename({"timestamp": "time"}).sort("time")
    seconds = float(str(frame["time"].diff().dt.total_seconds().median()))
    every = "1h" if seconds >= 3_000 else f"{int(seconds // 60)}m"
    frame = frame.group_by_dynamic("time", every=every).agg(pl.col("value").mean())
    marked = pixels.anomalies.detect(frame, level=level).filter("is_anomaly")["time"].to_list()
    ranges = [tuple(pl.Series(ends).str.to_datetime().to_list()) for ends in labelled]
    found = sum(any(start <= at <= end for at in marked) for start, end in ranges)
    outside = [at for at in marked if not any(start <= at <= end for start, end in ranges)]
    alarms = sum(1 for i, at in enumerate(outside) if i == 0 or at - outside[i - 1] > _A_DAY_APART)
    months = (frame["time"][-1] - frame["time"][0]).days / 30
    print(f"| {name} | {frame.height:,} | {found} of {len(ranges)} | {alarms / months:.2f} |", flush=True)
    return frame.height, found, len(ranges), alarms, months


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.anomalies", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--demos", type=int, default=5)
    parser.add_argument("--faults", type=int, default=60)
    parser.add_argument("--nab", type=Path)
    parser.add_argument("--level", type=float, default=0.001)
    options = parser.parse_args()
    quiet_years(options.years)
    quiet_demos(range(options.demos))
    faults(options.faults)
    if options.nab:
        nab(options.nab, options.level)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
