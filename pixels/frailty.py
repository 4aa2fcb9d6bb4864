"""How many of a cohort will still convert: a hazard that all cohorts share, times how much readier each is than the others.

Given its readiness t, a cohort's people convert with t times the shared hazard, and t is spread over cohorts as a gamma
variable of mean 1 and variance 1/k: the shared gamma frailty of D. G. Clayton, "A Model for Association in Bivariate Life
Tables", Biometrika 65 (1978). After d conversions, where the shared hazard let expect e, t is a gamma variable of shape k + d
and rate k + e. How much cohorts differ, k, is not chosen: all of its values are weighed by how well they explain the cohorts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

_SPREADS = np.geomspace(2.0, 20_000.0, 25)
"""Values of k: cohorts whose rates differ by about 70 % to 0.7 %; on this scale each is as likely as the others beforehand."""
_STEPS = 41
_FINE = 1_000.0
_UNSEEN = 0.5


@dataclass(frozen=True)
class Hazard:
    """The hazard that cohorts share, summed up to each time at which somebody converted or was followed no longer.

    `summed` is what lets expect conversions of those at risk, W. Nelson's (1969) and O. Aalen's (1978) estimate, with Aalen's
    variance; `risk` is the one that Kaplan and Meier's shares follow from, which is the same where few convert at one instant.
    """

    seconds: Numbers
    at_risk: Numbers
    summed: Numbers
    risk: Numbers
    variance: Numbers

    @classmethod
    def of(cls, seconds: Numbers, converted: NDArray[np.bool_]) -> Hazard:
        """Learn it from how long people were followed, and whether until they converted."""
        times, place = np.unique(seconds, return_inverse=True)
        ended = np.bincount(place, minlength=times.size)
        here = np.bincount(place, weights=converted, minlength=times.size)
        at_risk = np.cumsum(ended[::-1])[::-1]
        not_all = np.minimum(here, at_risk - 0.5)  # where all who are left convert at once, the next one need not
        return cls(
            times,
            at_risk.astype(np.float64),
            np.cumsum(here / at_risk),
            np.cumsum(-np.log1p(-not_all / at_risk)),
            np.cumsum(here / at_risk**2),
        )

    def summed_at(self, seconds: Numbers) -> Numbers:
        """Return how many conversions of somebody who was at risk up to these times, themselves included, were to be expected."""
        return self._at(self.summed, seconds)

    def ahead(self, seconds: Numbers, horizon: float) -> tuple[Numbers, float]:
        """Return the risk from after these times up to the horizon, and by how much it may be wrong: its relative variance.

        Half a conversion more than was seen is taken for granted among those who were followed on (H. Jeffreys' prior of a
        Poisson rate): that nobody has converted so late does not mean that nobody can.
        """
        end = np.array([horizon])
        followed_on = np.append(self.at_risk, 1.0)[self._place(seconds)]
        risk = self._at(self.risk, end) - self._at(self.risk, seconds) + _UNSEEN / followed_on
        variance = self._at(self.variance, end) - self._at(self.variance, seconds) + _UNSEEN / followed_on**2
        mean = float(risk.mean()) if risk.size else 0.0
        return risk, float(variance.mean()) / mean**2 if mean else 0.0

    def _place(self, seconds: Numbers) -> NDArray[np.intp]:
        return np.searchsorted(self.seconds, seconds, side="right")

    def _at(self, values: Numbers, seconds: Numbers) -> Numbers:
        return np.concatenate(([0.0], values))[self._place(seconds)]


def weights_of_spreads(converted: Numbers, expected: Numbers) -> Numbers:
    """Return how likely each of the spreads is, by the conversions of each cohort and what the shared hazard let expect."""
    from scipy.special import gammaln

    k, d, e = _SPREADS[:, None], converted[None, :], expected[None, :]
    likelihood = (gammaln(k + d) - gammaln(k) + k * np.log(k) - (k + d) * np.log(k + e)).sum(axis=1)
    weights = np.exp(likelihood - likelihood.max())
    return np.asarray(weights / weights.sum(), np.float64)


@dataclass(frozen=True)
class Outlook:
    """What is expected of one cohort: conversions still to come."""

    expected: float
    lower: int
    upper: int


def outlook(
    converted: float, expected: float, to_come: Numbers, relative_variance: float, weights: Numbers, confidence: float
) -> Outlook:
    """Return how many will still convert, and between which numbers it will be with this confidence.

    `converted` so far, and what the shared hazard let `expect` of the cohort so far; `to_come` the shared hazard that lies before each
    who may still convert, known but for `relative_variance`; `weights` of the spreads.
    """
    if to_come.size == 0:
        return Outlook(0.0, 0, 0)
    readiness, likely = _readiness(converted, expected, relative_variance, weights)
    scale = max(float(to_come.max()), 1e-300)
    hazards, people = np.unique(np.round(to_come / scale * _FINE), return_counts=True)
    chances = -np.expm1(-np.outer(readiness, hazards / _FINE * scale)) @ people / to_come.size
    lower, upper = (_quantile(to_come.size, chances, likely, p) for p in ((1 - confidence) / 2, (1 + confidence) / 2))
    return Outlook(float(likely @ chances) * to_come.size, lower, upper)


def _readiness(
    converted: float, expected: float, relative_variance: float, weights: Numbers
) -> tuple[Numbers, Numbers]:
    """Return values that the cohort's readiness may have, and how likely each is."""
    from scipy import stats

    middles = (np.arange(_STEPS) + 0.5) / _STEPS
    mean = (_SPREADS + converted) / (_SPREADS + expected)
    shape = 1 / (1 / (_SPREADS + converted) + relative_variance)
    values = stats.gamma.ppf(middles[None, :], shape[:, None], scale=(mean / shape)[:, None])
    likely = np.repeat(weights / _STEPS, _STEPS)
    return np.asarray(values, np.float64).ravel(), likely


def _quantile(people: int, chances: Numbers, likely: Numbers, probability: float) -> int:
    """Return the smallest number of conversions that is not exceeded with this probability, weighed over all chances."""
    from scipy import stats

    low, high = 0, people
    while low < high:
        middle = (low + high) // 2
        below: Any = likely @ stats.binom.cdf(middle, people, np.clip(chances, 0.0, 1.0))
        low, high = (low, middle) if below >= probability else (middle + 1, high)
    return low
