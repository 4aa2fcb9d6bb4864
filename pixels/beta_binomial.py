"""Rates of many groups at once: intervals, what each rate may be given the others, and which one may be the best.

A group has `entries` people, of whom `converted` went on. Nothing is drawn at random here: the same counts give the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import scipy

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

USUAL_SPREAD = 0.5
"""How far apart rates are taken to be before any is seen: the standard deviation of their log odds, half-normal."""
CONFIDENCE = 0.95
_Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
_SPREADS = np.geomspace(0.005, 3.0, 160)
_SPREAD_SHARES = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
_MEAN_NODES = np.array([0.0, -(3**0.5), 3**0.5])  # Gauss and Hermite, three nodes
_MEAN_WEIGHTS = np.array([2.0, 0.5, 0.5]) / 3
_LEAST_STRENGTH = 0.5
_MOST_FOR_ALL_PRIORS = 200
_COARSE, _FINE = 96, 120
_FURTHEST, _TINIEST = 30.0, 1e-300
_HALVINGS = 36
_DIGITS = 12


@dataclass(frozen=True)
class Priors:
    """What is known of a group before its own counts: Beta distributions (a, b) with weights that sum to 1."""

    a: Floats
    b: Floats
    weights: Floats


@dataclass(frozen=True)
class Beliefs:
    """What is known of each group, an array each, in the order of the counts."""

    mean: Floats
    """The rate to be expected."""
    lower: Floats
    upper: Floats
    """Between these the rate lies with probability `CONFIDENCE`."""
    shrinkage: Floats
    """How much of `mean` is the prior's: 0 none, 1 all."""
    best: Floats
    """The probability that no other group has a higher rate; these sum to 1."""
    loss: Floats
    """By how much the best rate is higher, to be expected."""


def wilson(converted: Counts, entries: Counts) -> tuple[Floats, Floats]:
    """Return the ends of the intervals of the rates; 0 and 1 where there are no entries.

    E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference" (1927): all rates from which the
    counts are not further than `CONFIDENCE` allows. Good for small counts too: Brown, Cai, DasGupta (2001).
    """
    n = np.maximum(entries, 1).astype(np.float64)
    rate, square = converted / n, _Z * _Z
    middle = (rate + square / (2 * n)) / (1 + square / n)
    half = _Z * np.sqrt(rate * (1 - rate) / n + square / (4 * n * n)) / (1 + square / n)
    lower = np.where(converted == 0, 0.0, middle - half)
    upper = np.where(converted == entries, 1.0, middle + half)
    return np.where(entries == 0, 0.0, lower), np.where(entries == 0, 1.0, upper)


def believe(converted: Counts, entries: Counts) -> Beliefs:
    """Return what the counts of all groups, each with entries, say of each.

    Groups are taken to be of one family: their rates are Beta distributed, and how is learned from the groups themselves
    (`fit`). Groups with the same counts are computed once.
    """
    pairs, place, copies = np.unique(
        np.stack([converted, entries], axis=1), axis=0, return_inverse=True, return_counts=True
    )
    k, n, place = pairs[:, 0].astype(np.float64), pairs[:, 1].astype(np.float64), place.reshape(-1)
    priors = fit(k, n, copies.astype(np.float64))
    a, b = k[:, None] + priors.a, (n - k)[:, None] + priors.b
    mean = (a / (a + b)) @ priors.weights
    strength = priors.a + priors.b
    best, highest = np.zeros(len(k)), 0.0
    for column, weight in enumerate(priors.weights):
        chances, expected = _best(a[:, column], b[:, column], copies)
        best, highest = best + weight * chances, highest + weight * expected
    found = (
        mean,
        _quantile(a, b, priors.weights, (1 - CONFIDENCE) / 2),
        _quantile(a, b, priors.weights, (1 + CONFIDENCE) / 2),
        (strength / (strength + n[:, None])) @ priors.weights,
        best,
        np.maximum(highest - mean, 0.0),
    )
    # Sums are added up in another order on another processor, which shows in the last digits.
    return Beliefs(*(np.round(values, _DIGITS)[place] for values in found))


def fit(k: Floats, n: Floats, copies: Floats) -> Priors:
    """Return the Beta distributions that the groups' rates may come from, by how well each explains all counts.

    Empirical Bayes: the marginal likelihood of beta-binomial counts (Skellam, 1948) over the spread of the log odds, times
    the half-normal `USUAL_SPREAD`, which decides where there are few groups; the mean has Jeffreys' prior. Not its maximum alone is taken, which says of
    few groups that they are all the same, but five spreads that halve its fifths, each with three means (Deely and Lindley,
    "Bayes Empirical Bayes", 1981). Of more than 200 different groups the spread is known: the middle one with its mean.
    """
    mean, error = _means(k, n, copies, _SPREADS)
    likelihood = np.full(len(_SPREADS), -np.inf)
    for node, weight in zip(_MEAN_NODES, _MEAN_WEIGHTS, strict=True):
        at = mean + node * error
        a, b = _beta(at, _SPREADS)
        terms = scipy.special.betaln(k[:, None] + a, (n - k)[:, None] + b) - scipy.special.betaln(a, b)
        # The integral over the mean: what the nodes weigh is meant for a function times the normal density.
        jeffreys = np.log(scipy.special.expit(at) * scipy.special.expit(-at)) / 2
        likelihood = np.logaddexp(likelihood, copies @ terms + jeffreys + np.log(weight) + node**2 / 2)
    posterior = likelihood - (_SPREADS / USUAL_SPREAD) ** 2 / 2 + np.log(_SPREADS) + np.log(error)
    share = np.cumsum(np.exp(posterior - posterior.max()))
    asked, nodes, weights = _SPREAD_SHARES, _MEAN_NODES, _MEAN_WEIGHTS
    if len(k) > _MOST_FOR_ALL_PRIORS:
        asked, nodes, weights = np.array([0.5]), np.array([0.0]), np.array([1.0])
    spreads = np.exp(np.interp(asked, share / share[-1], np.log(_SPREADS)))
    middle, around = _means(k, n, copies, spreads)
    a, b = _beta((middle + nodes[:, None] * around).ravel(), np.tile(spreads, len(nodes)))
    return Priors(a, b, np.repeat(weights, len(spreads)) / len(spreads))


def _means(k: Floats, n: Floats, copies: Floats, spreads: Floats) -> tuple[Floats, Floats]:
    """Return the log odds of the mean rate for each spread, and their standard error.

    Each group weighs what its rate tells at that spread: Kleinman, "Proportions with Extraneous Variance" (1973).
    """
    rough = (copies @ k + 0.5) / (copies @ n + 1)
    strength = _strength(np.full(len(spreads), rough), spreads)
    weights = copies[:, None] * n[:, None] * (strength + 1) / (strength + n[:, None])
    mean = (weights.T @ (k / n) + 0.5) / (weights.sum(axis=0) + 1)
    return scipy.special.logit(mean), 1 / np.sqrt((weights.sum(axis=0) + 1) * mean * (1 - mean))


def _strength(mean: Floats, spreads: Floats) -> Floats:
    """Return a + b of the Beta distribution whose log odds have about this spread."""
    return np.maximum(1 / (spreads**2 * mean * (1 - mean)) - 1, _LEAST_STRENGTH)


def _beta(log_odds: Floats, spreads: Floats) -> tuple[Floats, Floats]:
    mean = scipy.special.expit(log_odds)
    strength = _strength(mean, spreads)
    return mean * strength, (1 - mean) * strength


def _best(a: Floats, b: Floats, copies: Counts) -> tuple[Floats, float]:
    """Return the probability of each of `copies` equal groups to have the highest rate, and that rate to be expected.

    The distribution of the highest rate is the product of all; it is cut into steps of about equal probability, so that the
    steps are short where the best is decided, and each step is shared out by how steeply each group's distribution rises in it.
    """
    middle, spread = (
        scipy.special.digamma(a) - scipy.special.digamma(b),
        np.sqrt(scipy.special.polygamma(1, a) + scipy.special.polygamma(1, b)),
    )
    ends = np.clip([np.max(middle - 10 * spread), np.max(middle + 10 * spread)], -_FURTHEST, _FURTHEST)
    coarse = np.linspace(ends[0], ends[1], _COARSE)
    steps = np.concatenate([[0, 1e-6, 1e-4, 1e-3], np.linspace(0, 1, _FINE)[1:-1], [1 - 1e-3, 1 - 1e-4, 1 - 1e-6, 1]])
    below = _all_below(_rises(a, b, coarse), copies)
    odds = np.interp(steps, below, coarse)
    odds[[0, -1]] = ends
    rises = _rises(a, b, odds)
    decided = np.diff(_all_below(rises, copies))
    steep = np.diff(rises, axis=1) / (rises[:, 1:] + rises[:, :-1] + _TINIEST)
    together = copies @ steep
    shares = steep * np.divide(decided, together, out=np.zeros_like(decided), where=together > 0)
    chances, rates = shares.sum(axis=1), scipy.special.expit(odds)
    total = float(copies @ chances)
    return chances / total, float(decided @ (rates[1:] + rates[:-1]) / 2 / decided.sum())


def _rises(a: Floats, b: Floats, odds: Floats) -> Floats:
    """Return the distribution function of each group at each log odds."""
    return np.asarray(scipy.special.betainc(a[:, None], b[:, None], scipy.special.expit(odds)[None, :]), np.float64)


def _all_below(rises: Floats, copies: Counts) -> Floats:
    return np.exp(copies @ np.log(np.maximum(rises, _TINIEST)))


def _quantile(a: Floats, b: Floats, weights: Floats, share: float) -> Floats:
    """Return below which rate each group is with this probability, by halving between 0 and 1 (as log odds)."""
    low, high = np.full(len(a), -_FURTHEST), np.full(len(a), _FURTHEST)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        is_below = scipy.special.betainc(a, b, scipy.special.expit(middle)[:, None]) @ weights < share
        low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
    return np.asarray(scipy.special.expit((low + high) / 2), np.float64)
