"""Banners whose true rates are known, drawn at random, to hold what is said of banners against the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pixels.beta_binomial import believe, wilson

EDGES = (0.0, 0.05, 0.2, 0.5, 0.8, 0.95, 1.0)
"""Between these probabilities are put together."""


@dataclass(frozen=True)
class Kind:
    """Worlds of one kind: how many banners, their usual rate, and how far apart; the spread of the log odds, None: drawn anew."""

    banners: int
    rate: float
    spread: float | None


@dataclass(frozen=True)
class Found:
    """What came of some worlds, an array each with an item a banner."""

    wilson: npt.NDArray[np.bool_]
    """Whether the truth was within Wilson's interval."""
    credible: npt.NDArray[np.bool_]
    """Whether it was between `lower` and `upper`."""
    best: npt.NDArray[np.float64]
    is_best: npt.NDArray[np.bool_]
    """The probability to be the best, and whether it was."""
    leaders_loss: npt.NDArray[np.float64]
    leaders_true_loss: npt.NDArray[np.float64]
    """Of the one banner of each world that is the most probable: what choosing it costs, as said, and in truth."""
    error: npt.NDArray[np.float64]
    error_of_shrunk: npt.NDArray[np.float64]
    """How far the observed and the expected rate were from the truth, squared."""

    def calibration(self) -> list[tuple[float, float, int, float, float]]:
        """Return for each group of probabilities: from, to, how many, their mean, and the share that was the best."""
        place = np.clip(np.digitize(self.best, EDGES) - 1, 0, len(EDGES) - 2)
        return [
            (
                EDGES[one],
                EDGES[one + 1],
                int(here.sum()),
                float(self.best[here].mean()),
                float(self.is_best[here].mean()),
            )
            for one in range(len(EDGES) - 1)
            if (here := place == one).any()
        ]


def worlds(kinds: Sequence[Kind], of_each: int, seed: int) -> Found:
    """Draw so many worlds of each kind, and compare their banners.

    Log odds are normal, and not of the Beta distribution that the comparison takes them for; banners have 20 to 5,000
    entries, as many small ones as large ones (log-uniform).
    """
    random, parts = np.random.default_rng(seed), []
    for kind in kinds:
        for _ in range(of_each):
            spread = abs(random.normal(0, 0.5)) if kind.spread is None else kind.spread
            odds = np.log(kind.rate / (1 - kind.rate)) + spread * random.normal(size=kind.banners)
            truth = 1 / (1 + np.exp(-odds))
            entries = np.exp(random.uniform(np.log(20), np.log(5_000), kind.banners)).astype(np.int64)
            parts.append(_compared(truth, random.binomial(entries, truth), entries))
    return Found(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _compared(
    truth: npt.NDArray[np.float64], converted: npt.NDArray[np.int64], entries: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.generic], ...]:
    said = believe(converted, entries)
    lower, upper = wilson(converted, entries)
    leader = [int(np.argmax(said.best))]
    return (
        (lower <= truth) & (truth <= upper),
        (said.lower <= truth) & (truth <= said.upper),
        said.best,
        truth == truth.max(),
        said.loss[leader],
        truth.max() - truth[leader],
        (converted / entries - truth) ** 2,
        (said.mean - truth) ** 2,
    )
