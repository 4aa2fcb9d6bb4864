"""What a regular series usually is at each step, from the steps before: its level, and its season, by medians.

A piecewise median for the level and robust errors, as in Vallis, Hochenbaum and Kejariwal, "A Novel Technique for Long-Term
Anomaly Detection in the Cloud" (HotCloud 2014); the season is the median difference from the level at the same phase of earlier
seasons. Nothing after a step is used for it, so that what was found yesterday is found again tomorrow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

SEASONS_REMEMBERED = 8
"""How many earlier seasons a phase is compared with, and errors are remembered for."""
SEASONS_NEEDED = 2
"""How many seasons there have to be before anything can be said."""
_LEVEL_SEASONS = 2
_OUTLYING = 6.0
MAD = 1.4826
"""What makes a median absolute deviation the standard deviation of a normal distribution."""
_MEDIANS_VARIANCE = 1.57  # pi / 2: the variance of a median against that of a mean


@dataclass(frozen=True)
class Baseline:
    """What each step of each series is expected to be; arrays of series by steps, NaN where nothing can be said yet."""

    expected: Numbers
    scale: Numbers
    """The standard deviation of the errors of such expectations, robustly estimated."""
    errors: Numbers
    """How many errors that estimate rests on."""


def seasonal_baseline(values: Numbers, season: int, floor: float = 0.0) -> Baseline:
    """Return what each step was to be expected to be.

    values  series by steps, NaN where not known
    season  how many steps a season has; 1: there is none
    floor   the least that the scale can be

    A step has an expectation from the end of the second season of its series on. A level that changed is taken over after one
    season, so that a change is told once and not for ever.
    """
    season = max(1, season)
    model = _Model(values, season, floor)
    for step in range(values.shape[1]):
        model.learn(step)
        model.expect(step)
    return Baseline(model.expected, model.scale, model.count)


class _Model:
    """Goes through the steps of all series at once."""

    def __init__(self, values: Numbers, season: int, floor: float) -> None:
        series, steps = values.shape
        self.values, self.season, self.floor = values, season, floor
        self.differences = np.full((series, steps), np.nan)
        self.phases = np.zeros((series, season))
        self.expected, self.scale, self.errors = (np.full((series, steps), np.nan) for _ in range(3))
        self.count = np.zeros((series, steps))
        self.known = np.cumsum(~np.isnan(values), axis=1)

    def learn(self, step: int) -> None:
        """Take in the newest step whose level is known before `step`: the season around it is over."""
        half = self.season // 2
        newest = step - self.season + half
        if newest - half < 0:
            return
        level = _median(self.values[:, newest - half : newest - half + self.season])
        self.differences[:, newest] = self.values[:, newest] - level
        same_phase = self.differences[:, newest :: -self.season][:, :SEASONS_REMEMBERED]
        found = _median(self._without_outliers(same_phase, newest))
        self.phases[:, newest % self.season] = np.where(np.isnan(found), 0.0, found)

    def _without_outliers(self, same_phase: Numbers, newest: int) -> Numbers:
        """Leave out what a median of one or two would follow: it is as far from the level as no other phase is."""
        are_few = (~np.isnan(same_phase)).sum(axis=1, keepdims=True) <= 2
        if not are_few.any():
            return same_phase
        lately = self.differences[:, max(0, newest + 1 - 2 * self.season) : newest + 1]
        reach = _OUTLYING * MAD * _median(np.abs(lately))[:, None]
        return np.where(are_few & (np.abs(same_phase) > reach) & (reach > 0), np.nan, same_phase)

    def expect(self, step: int) -> None:
        """Say what is expected at `step`, and note the error."""
        season, first = self.season, step - _LEVEL_SEASONS * self.season
        if first < 0:
            return
        phase_of = np.arange(first, step) % season
        level = _median(self.values[:, first:step] - self.phases[:, phase_of])
        enough = self.known[:, step - 1] >= max(SEASONS_NEEDED * season, 3)
        expected = np.where(enough, level + self.phases[:, step % season], np.nan)
        self.expected[:, step] = expected
        self._measure(step)
        self.errors[:, step] = self.values[:, step] - expected

    def _measure(self, step: int) -> None:
        """Estimate the scale of errors at `step` from those before, or, while there are few, from one season to the next."""
        season = self.season
        errors = self.errors[:, max(0, step - SEASONS_REMEMBERED * max(season, 7)) : step]
        count = np.sum(~np.isnan(errors), axis=1)
        seen = MAD * _median(np.abs(errors))
        apart = self.values[:, step - season : step] - self.values[:, step - 2 * season : step - season]
        same_phase = np.sum(~np.isnan(self.differences[:, step % season : step : season]), axis=1)
        spread = 1 + _MEDIANS_VARIANCE / np.clip(same_phase, 1, SEASONS_REMEMBERED) + _MEDIANS_VARIANCE / (2 * season)
        first_guess = MAD * _median(np.abs(apart)) / np.sqrt(2) * np.sqrt(spread)
        is_new = count < max(2 * season, 7)
        scale = np.where(is_new, np.fmax(first_guess, np.nan_to_num(seen)), seen)
        self.scale[:, step] = np.maximum(scale, self.floor)
        self.count[:, step] = np.where(is_new, np.minimum(np.maximum(count, season), 2 * season), count)


def _median(values: Numbers) -> Numbers:
    """Return the median of each row without what is not known; NaN where nothing is."""
    if not values.shape[1]:
        return np.full(values.shape[0], np.nan)
    if np.isnan(values).any():
        found = np.full(values.shape[0], np.nan)
        some = ~np.isnan(values).all(axis=1)
        found[some] = np.nanmedian(values[some], axis=1)
        return found
    return np.asarray(np.median(values, axis=1))
