"""What chance alone does to a count, a rate or a value that is expected to be so and so; and which of many are beyond it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

_NEARLY_POISSON = 1.0 + 1e-9


@dataclass(frozen=True)
class Verdict:
    """What is to be said of a value beside what was expected; arrays of one shape, NaN where nothing can be said."""

    expected: Numbers
    lower: Numbers
    upper: Numbers
    """Outside of lower to upper chance alone puts `level` of all."""
    score: Numbers
    """Standard deviations from what was expected."""
    p_value: Numbers
    """How often chance alone goes at least as far, in either direction."""


def judge_counts(counts: Numbers, mean: Numbers, dispersion: Numbers, errors: Numbers, level: float) -> Verdict:
    """Weigh counts of a mean against the negative binomial distribution of variance dispersion x mean; Poisson when that is 1.

    A dispersion that was estimated from few errors is worth less: Student's t with that many degrees of freedom has to agree.
    """
    below, above = _count_tails(counts, mean, dispersion)
    p_value = np.minimum(1.0, 2 * np.minimum(below, above))
    score = (anscombe(counts) - anscombe(mean)) / np.sqrt(dispersion)
    freedom, is_estimated = np.maximum(errors, 1.0), dispersion > _NEARLY_POISSON
    p_of_t = 2 * scipy.special.stdtr(freedom, -np.abs(score))
    p_value = np.where(is_estimated, np.maximum(p_value, p_of_t), p_value)
    lower, upper = (_count_quantile(side, mean, dispersion) for side in (level / 2, 1 - level / 2))
    reach = np.where(is_estimated, scipy.special.stdtrit(freedom, 1 - level / 2) * np.sqrt(dispersion), 0.0)
    return Verdict(mean, *_both(lower, upper, mean, reach), score, p_value)


def _both(lower: Numbers, upper: Numbers, mean: Numbers, reach: Numbers) -> tuple[Numbers, Numbers]:
    """Return the limits of what is within these or within `reach` of the mean on Anscombe's scale: both have to agree."""
    middle = anscombe(mean)
    least = np.ceil(np.maximum(middle - reach, anscombe(np.zeros_like(mean))) ** 2 / 4 - 3 / 8)
    most = np.floor((middle + reach) ** 2 / 4 - 3 / 8)
    return np.minimum(lower, np.maximum(least, 0.0)), np.maximum(upper, most)


def judge_rates(successes: Numbers, tries: Numbers, rate: Numbers, dispersion: Numbers, level: float) -> Verdict:
    """Weigh successes of some tries against a binomial distribution of a rate whose variance is `dispersion` times as large.

    By the effective number of tries, tries / dispersion, in the exact limits (Korn and Graubard, Survey Methodology 1998).
    """
    unknown = np.isnan(rate) | np.isnan(successes) | ~(tries > 0)
    below = _at_most(successes, tries, rate, dispersion)
    above = _at_most(tries - successes, tries, 1 - rate, dispersion)
    with np.errstate(invalid="ignore", divide="ignore"):
        score = (successes / tries - rate) / np.sqrt(rate * (1 - rate) * dispersion / tries)
    limits = _rate_limits(unknown, tries, rate, dispersion, level)
    p_value = np.minimum(1.0, 2 * np.minimum(below, above))
    return Verdict(rate, *(np.where(unknown, np.nan, each) for each in (*limits, score, p_value)))


def _at_most(successes: Numbers, tries: Numbers, rate: Numbers, dispersion: Numbers) -> Numbers:
    """Return the probability of at most so many successes."""
    with np.errstate(invalid="ignore", divide="ignore"):
        effective, found = tries / dispersion, successes / dispersion
        return np.where(successes >= tries, 1.0, scipy.special.betaincc(found + 1, effective - found, rate))


def _rate_limits(
    unknown: NDArray[np.bool_], tries: Numbers, rate: Numbers, dispersion: Numbers, level: float
) -> tuple[Numbers, Numbers]:
    """Return the least and the largest share that chance alone goes as far as, at that level: whole successes of the tries."""
    known = ~unknown
    of, share, spread = tries[known], rate[known], dispersion[known]
    least = _least(lambda count: 2 * _at_most(count, of, share, spread) >= level, of)
    fewest_failures = _least(lambda count: 2 * _at_most(count, of, 1 - share, spread) >= level, of)
    lower, upper = np.full(tries.shape, np.nan), np.full(tries.shape, np.nan)
    lower[known], upper[known] = least / of, (of - fewest_failures) / of
    return lower, upper


def _least(holds: Callable[[Numbers], NDArray[np.bool_]], most: Numbers) -> Numbers:
    """Return of each the least whole number from which on something holds, which it does at `most`."""
    fails, held = np.full(most.shape, -1.0), most.copy()
    while (held - fails > 1).any():
        middle = np.floor((fails + held) / 2)
        middle = np.where(held - fails > 1, middle, held)
        is_held = holds(middle)
        fails, held = np.where(is_held, fails, middle), np.where(is_held, middle, held)
    return held


def judge_values(values: Numbers, expected: Numbers, scale: Numbers, errors: Numbers, level: float) -> Verdict:
    """Weigh values against Student's t distribution with as many degrees of freedom as there are errors, to `_HEAVY` of them.

    What is no count may have any distribution, most of them with longer tails than the normal one.
    """
    freedom = np.clip(errors, 1.0, _HEAVY)
    with np.errstate(invalid="ignore", divide="ignore"):
        score = np.where(values == expected, 0.0, (values - expected) / scale)
    reach = scipy.special.stdtrit(freedom, 1 - level / 2) * scale
    p_value = 2 * scipy.special.stdtr(freedom, -np.abs(score))
    return Verdict(expected, expected - reach, expected + reach, score, p_value)


_HEAVY = 4.0


def anscombe(counts: Numbers) -> Numbers:
    """Return counts on the scale on which the variance of Poisson counts is 1 (Anscombe, Biometrika 1948)."""
    return np.asarray(2 * np.sqrt(counts + 3 / 8))


def count_of(transformed: Numbers) -> Numbers:
    """Return the mean of counts whose typical value on that scale it is."""
    return np.asarray(np.maximum(0.0, (transformed / 2) ** 2 - 1 / 8))


def beyond_chance(p_values: Numbers, rate: float) -> NDArray[np.bool_]:
    """Return which of a family stand out, so that of those no more than `rate` are there by chance, on average.

    Benjamini and Hochberg, Journal of the Royal Statistical Society B 57 (1995). NaN never does.
    """
    known = ~np.isnan(p_values)
    found = np.sort(p_values[known])
    if not found.size:
        return np.zeros(p_values.shape, bool)
    passes = np.flatnonzero(found <= rate * np.arange(1, found.size + 1) / found.size)
    if not passes.size:
        return np.zeros(p_values.shape, bool)
    return np.asarray(known & (p_values <= found[passes[-1]]))


def _count_tails(counts: Numbers, mean: Numbers, dispersion: Numbers) -> tuple[Numbers, Numbers]:
    """Return the probabilities of at most, and of at least, as many."""
    is_poisson = ~(dispersion > _NEARLY_POISSON)
    with np.errstate(invalid="ignore", divide="ignore"):
        shape = mean / np.where(is_poisson, 1.0, dispersion - 1)
        share = 1 / np.where(is_poisson, 2.0, dispersion)
        below = np.where(is_poisson, scipy.special.pdtr(counts, mean), scipy.special.betainc(shape, counts + 1, share))
        above = np.where(
            is_poisson, scipy.special.pdtrc(counts - 1, mean), scipy.special.betaincc(shape, counts, share)
        )
    none = mean <= 0
    below = np.where(none, 1.0, below)
    above = np.where(counts <= 0, 1.0, np.where(none, 0.0, above))
    unknown = np.isnan(mean) | np.isnan(counts)
    return np.where(unknown, np.nan, below), np.where(unknown, np.nan, above)


def _count_quantile(side: float, mean: Numbers, dispersion: Numbers) -> Numbers:
    known = mean > 0
    safe = np.where(known, mean, 1.0)
    wide = np.where(dispersion > _NEARLY_POISSON, dispersion, 2.0)
    found = np.where(
        dispersion > _NEARLY_POISSON,
        scipy.stats.nbinom.ppf(side, safe / (wide - 1), 1 / wide),
        scipy.stats.poisson.ppf(side, safe),
    )
    return np.where(known, found, np.where(np.isnan(mean), np.nan, 0.0))
