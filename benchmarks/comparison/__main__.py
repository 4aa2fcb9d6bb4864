"""How good what is said of banners is: intervals, probabilities and losses against worlds whose truth is known.

`python -m benchmarks.comparison [--worlds N] [--seed N]` prints the tables of docs/insight.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from statistics import median

import numpy as np

from pixels.beta_binomial import believe
from tests.banner_worlds import Found, Kind, worlds

BANNERS, RATES = (2, 3, 5, 10, 30), (0.02, 0.05, 0.2)
SPREADS = {"as expected before (half-normal, 0.5)": None, "0.05": 0.05, "0.2": 0.2, "0.5": 0.5, "1.0": 1.0}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.comparison",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--worlds", type=int, default=200, help="of each kind; there are 15 kinds for each spread")
    parser.add_argument("--seed", type=int, default=20261123)
    options = parser.parse_args()
    found = {}
    for name, spread in SPREADS.items():
        kinds = [Kind(banners, rate, spread) for banners in BANNERS for rate in RATES]
        found[name] = worlds(kinds, options.worlds, options.seed)
    print_intervals(found)
    for name in ("as expected before (half-normal, 0.5)", "0.05"):
        print_calibration(name, found[name])
    print_seconds()
    return 0


def print_intervals(found: dict[str, Found]) -> None:
    print("\n| spread of the log odds | banners | Wilson covers | posterior covers | error of the rate | of the expected rate "
          "| loss of the leader, said | true |\n|---|---|---|---|---|---|---|---|")  # fmt: skip
    for name, one in found.items():
        shares = f"{one.wilson.mean() * 100:.1f} % | {one.credible.mean() * 100:.1f} %"
        errors = " | ".join(f"{value.mean() ** 0.5 * 100:.2f}" for value in (one.error, one.error_of_shrunk))
        losses = " | ".join(f"{value.mean() * 100:.2f}" for value in (one.leaders_loss, one.leaders_true_loss))
        print(f"| {name} | {len(one.best):,} | {shares} | {errors} | {losses} |")


def print_calibration(name: str, found: Found) -> None:
    print(f"\n{name}\n\n| probability to be the best | banners | said, mean | were the best |\n|---|---|---|---|")
    for low, high, number, said, true in found.calibration():
        print(f"| {low * 100:.0f} to {high * 100:.0f} % | {number:,} | {said * 100:.1f} % | {true * 100:.1f} % |")


def print_seconds() -> None:
    """Time the comparison of banners that are all different."""
    print("\n| banners, all different | milliseconds |\n|---|---|")
    random = np.random.default_rng(1)
    for banners in (2, 20, 200, 1_000, 5_000):
        entries = random.integers(50, 50_000, banners)
        converted = random.binomial(entries, random.beta(20, 380, banners))
        taken = []
        for _ in range(5):
            began = time.perf_counter()
            believe(converted, entries)
            taken.append(time.perf_counter() - began)
        print(f"| {banners:,} | {median(taken) * 1000:.0f} |")


if __name__ == "__main__":
    sys.exit(main())
