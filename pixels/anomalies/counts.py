"""What counts and rates usually are: few and many, and how much more they vary than chance alone would have them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from pixels.anomalies.baseline import MAD, SEASONS_NEEDED, Numbers, seasonal_baseline
from pixels.anomalies.chance import anscombe, count_of

FEW = 10.0
"""Below it a median of counts says little, and their mean is taken."""
_SEASONS = 4
_WINSORIZED = 2


@dataclass(frozen=True)
class Usual:
    """What is expected of each step of each series; arrays of series by steps, NaN where nothing can be said yet."""

    mean: Numbers
    dispersion: Numbers
    """How many times the variance is that of a Poisson, or binomial, distribution; 1 at least."""
    errors: Numbers

    def since(self, step: int) -> Usual:
        """Return what is expected from a step on."""
        return Usual(self.mean[:, step:], self.dispersion[:, step:], self.errors[:, step:])


def usual_counts(counts: Numbers, season: int) -> Usual:
    """Return what counts are expected to be.

    Of `FEW` and more the seasonal baseline on Anscombe's scale. Of fewer the mean of the last four seasons without their two
    largest: the season of so few is less than their chance.
    """
    many = seasonal_baseline(anscombe(counts), season, floor=1.0)
    mean, dispersion = count_of(many.expected), many.scale**2
    few_mean, few_dispersion, known = _few(counts, season)
    is_few = ~(mean >= FEW)
    mean = np.where(np.isnan(many.expected), np.nan, np.where(is_few, few_mean, mean))
    dispersion = np.where(is_few, few_dispersion, dispersion)
    return Usual(mean, dispersion, np.where(is_few, known, many.errors))


@dataclass(frozen=True)
class Rates:
    """How many tries succeeded in the season that ends with each step, and what share of them was to be expected to."""

    successes: Numbers
    tries: Numbers
    usual: Usual


def usual_rates(successes: Numbers, tries: Numbers, season: int) -> Rates:
    """Return what share of the tries of each season, from its first step to this one, is expected to succeed.

    One step has too few tries to tell a change of their share. Expected is the share of the four seasons before, from two of
    them on. The dispersion is that of single steps around it, times what the share itself is not sure by.
    """
    together, tried = _last(successes, season), _last(tries, season)
    before, tried_before = (_last(_shifted(each, season), _SEASONS * season) for each in (successes, tries))
    known = _last(_shifted((~np.isnan(tries)).astype(float), season), _SEASONS * season) >= SEASONS_NEEDED * season
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(known & (tried_before > 0), (before + 0.5) / (tried_before + 1), np.nan)
        distance = (successes / tries - share) / np.sqrt(share * (1 - share) / tries)
        spread = _spread(np.where(tries > 0, distance, np.nan), _SEASONS * season, season)
        dispersion = np.maximum(1.0, spread**2) * (1 + tried / np.maximum(tried_before, 1))
    return Rates(together, tried, Usual(share, dispersion, np.full(share.shape, float(_SEASONS * season))))


def _spread(distances: Numbers, length: int, enough: int) -> Numbers:
    """Return the robust standard deviation of the distances before each step; 1 while there are few."""
    windows = _windows(_shifted(distances, 1), length)
    known = (~np.isnan(windows)).sum(axis=2)
    ordered = np.sort(np.abs(windows), axis=2)  # NaN comes last
    places = np.clip(np.stack([(known - 1) // 2, known // 2], axis=2), 0, length - 1)
    median = np.take_along_axis(ordered, places, axis=2).mean(axis=2)
    return np.where(known >= enough, MAD * median, 1.0)


def _last(values: Numbers, length: int) -> Numbers:
    """Return the sums of the last so many steps; what is not known counts for nothing."""
    sums = np.cumsum(np.nan_to_num(values), axis=1)
    return np.asarray(sums - _shifted(sums, length, 0.0))


def _shifted(values: Numbers, steps: int, instead: float = np.nan) -> Numbers:
    """Return the values as they were so many steps before."""
    head = np.full((values.shape[0], min(steps, values.shape[1])), instead)
    return np.concatenate([head, values[:, : max(0, values.shape[1] - steps)]], axis=1)


def _windows(values: Numbers, length: int) -> Numbers:
    """Return the so many steps up to each step, as a third axis."""
    head = np.full((values.shape[0], length - 1), np.nan)
    return np.asarray(sliding_window_view(np.concatenate([head, values], axis=1), length, axis=1))


def _few(counts: Numbers, season: int) -> tuple[Numbers, Numbers, Numbers]:
    """Return mean and dispersion of few counts, by the steps before each, and how many these are."""
    windows = np.sort(_windows(_shifted(counts, 1), _SEASONS * season), axis=2)  # NaN comes last
    known = (~np.isnan(windows)).sum(axis=2)
    place = np.clip(known - 1 - _WINSORIZED, 0, None)
    largest = np.take_along_axis(windows, place[..., None], axis=2)
    kept = np.minimum(windows, largest)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (np.nansum(kept, axis=2) + 0.5) / known
        variance = np.nansum((kept - mean[..., None]) ** 2, axis=2) / np.maximum(known - 1, 1)
        dispersion = np.maximum(1.0, variance / mean) * (1 + 1 / known)
    return mean, dispersion, known.astype(float)
