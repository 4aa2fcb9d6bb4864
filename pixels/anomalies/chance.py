"""What chance alone does to a count, a rate or a value that is expected to be so and so; and which of many are beyond it."""

from __future__ import annotations

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
    p_of_t = 2 * scipy.special.stdtr(np.maximum(errors, 1.0), -np.abs(score))
    p_value = np.where(dispersion > _NEARLY_POISSON, np.maximum(p_value, p_of_t), p_value)
    lower, upper = (_count_quantile(side, mean, dispersion) for side in (level / 2, 1 - level / 2))
    return Verdict(mean, lower, upper, score, p_value)


def judge_rates(successes: Numbers, tries: Numbers, rate: Numbers, dispersion: Numbers, level: float) -> Verdict:
    """Weigh successes of some tries against a binomial distribution of a rate whose variance is `dispersion` times as large.

    By the effective number of tries, tries / dispersion, in the exact limits (Korn and Graubard, Survey Methodology 1998).
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        effective, found = tries / dispersion, successes / dispersion
        below = np.where(successes >= tries, 1.0, scipy.special.betaincc(found + 1, effective - found, rate))
        above = np.where(successes <= 0, 1.0, scipy.special.betainc(found, effective - found + 1, rate))
        p_value = np.minimum(1.0, 2 * np.minimum(below, above))
        score = (successes / tries - rate) / np.sqrt(rate * (1 - rate) / effective)
        shapes = effective * rate, effective * (1 - rate)
        lower, upper = (scipy.special.betaincinv(*shapes, side) for side in (level / 2, 1 - level / 2))
    unknown = np.isnan(rate) | ~(tries > 0)
    return Verdict(rate, *(np.where(unknown, np.nan, each) for each in (lower, upper, score, p_value)))


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
