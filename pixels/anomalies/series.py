"""`pixels.anomalies.detect`: which steps of any regular series are not what the steps before let expect."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pixels.anomalies.baseline import Numbers, seasonal_baseline
from pixels.anomalies.chance import Verdict, judge_counts, judge_values
from pixels.anomalies.counts import usual_counts
from pixels.errors import BadParameter

LEVEL = 0.001
"""How often a step stands out by chance alone."""
_DAY, _WEEK = timedelta(days=1), timedelta(weeks=1)
_AN_HOUR_LESS = timedelta(hours=23)
_WEEKS_FOR_A_WEEK = 4
_MOST_STEPS = 1_000_000


def detect(frame: pl.DataFrame, season: int | None = None, level: float = LEVEL) -> pl.DataFrame:
    """Return the frame with what was to be expected of each step, by the steps before it alone.

    frame   columns time (dates or datetimes, each one step after the one before; steps can be missing) and value (a number,
            null where not known); others stay as they are. Times of a zone are those of its clock: eight o'clock stays eight
            o'clock when it changes, and the second of two hours is weighed by the same days as the first
    season  steps of a season; None: a week of steps of a day, of an hour with four weeks of them a week, else a day; 1: none
    level   how often a step of a series without anomalies stands out

    Adds expected, lower, upper (the limits of that level), score (standard deviations from what was expected), p_value and
    is_anomaly; null for the first two seasons. A column of integers that are not negative is
    counts, weighed as such; any other, of floats that are whole too, by Student's t distribution. See `pixels.anomalies.baseline` for the method. Raises BadParameter for what is no such series.
    """
    _check(frame, season, level)
    if frame.is_empty():
        return frame.with_columns(
            *(pl.lit(None, pl.Float64).alias(name) for name in _COLUMNS), is_anomaly=pl.lit(None, pl.Boolean)
        )
    ordered = frame.with_row_index("_row").sort("time")
    times = _on_its_clock(ordered["time"])
    step = _step(times)
    places = ((times - times.min()).dt.total_microseconds() // max(1, step // timedelta(microseconds=1))).to_numpy()
    values = ordered["value"].cast(pl.Float64).fill_nan(None).to_numpy()
    series = np.full((1, int(places.max()) + 1), np.nan)
    series[0, places[::-1]] = values[::-1]  # of an hour that comes twice the first one
    season = _season(step, series.shape[1]) if season is None else season
    verdict = _judge(series, season, places, values, level, as_counts=_are_counts(ordered["value"]))
    told = {name: pl.Series(getattr(verdict, name)[0]).fill_nan(None) for name in _COLUMNS}
    added = ordered.with_columns(**told).with_columns(is_anomaly=pl.col("p_value") < level)
    return added.sort("_row").drop("_row")


_COLUMNS = ("expected", "lower", "upper", "score", "p_value")


def _judge(
    series: Numbers, season: int, places: NDArray[np.int64], values: Numbers, level: float, *, as_counts: bool
) -> Verdict:
    """Weigh each value by what its place in the series is expected to have."""
    if as_counts:
        usual = usual_counts(series, season)
        expected = usual.mean[:, places], usual.dispersion[:, places], usual.errors[:, places]
        return judge_counts(values[None, :], *expected, level)
    baseline = seasonal_baseline(series, season)
    expected = baseline.expected[:, places], baseline.scale[:, places], baseline.errors[:, places]
    return judge_values(values[None, :], *expected, level)


def _are_counts(values: pl.Series) -> bool:
    known = values.drop_nulls()
    return known.dtype.is_integer() and bool((known >= 0).all())


def _check(frame: pl.DataFrame, season: object, level: float) -> None:
    for name in ("time", "value"):
        if name not in frame.columns:
            raise BadParameter("frame", f"it has no column {name!r}; it has {', '.join(frame.columns) or 'none'}")
    if not frame["value"].dtype.is_numeric() and frame["value"].dtype != pl.Null:
        raise BadParameter("frame", f"value is {frame['value'].dtype}, and should be a number")
    if not isinstance(frame["time"].dtype, pl.Date | pl.Datetime):
        raise BadParameter("frame", f"time is {frame['time'].dtype}, and should be dates or datetimes")
    if frame["time"].null_count() or frame["time"].is_duplicated().any():
        raise BadParameter("frame", "each row has a time of its own; sum the rows of one time first")
    if season is not None and (not isinstance(season, int) or isinstance(season, bool) or season < 1):
        raise BadParameter("season", f"{season!r} is not a whole number of steps from 1 on")
    if not 0 < level < 0.5:
        raise BadParameter("level", f"{level!r} is not between 0 and 0.5")


def _on_its_clock(times: pl.Series) -> pl.Series:
    """Return the times as the clock of their zone shows them, since seasons go by it; as they are where that is no regular series.

    Days whose first hour clocks leap over begin at different times of it: those are dates.
    """
    if not isinstance(times.dtype, pl.Datetime) or times.dtype.time_zone is None or len(times) < 2:
        return times
    local, shortest = times.dt.replace_time_zone(None), _least(times)
    if _is_regular(local) and _least(local) >= shortest:
        return local
    is_of_days = _AN_HOUR_LESS <= shortest <= _DAY and not _is_regular(times)
    return local.dt.date() if is_of_days else times


def _least(times: pl.Series) -> timedelta:
    """Return the least difference between one time and the next; an hour that comes twice is none."""
    differences = times.diff().drop_nulls()
    return differences.filter(differences > timedelta(0)).min() or _DAY  # type: ignore[return-value] # durations


def _is_regular(times: pl.Series) -> bool:
    least = _least(times) // timedelta(microseconds=1)
    return not (times.diff().drop_nulls().dt.total_microseconds() % least != 0).any()


def _step(times: pl.Series) -> timedelta:
    """Return the step of a series: the least difference, of which all others are multiples."""
    if len(times) < 2:
        return _DAY
    if not _is_regular(times):
        raise BadParameter(
            "frame", "its times are not regular: put them into steps first, frame.group_by_dynamic('time', every='5m')"
        )
    least = _least(times)
    if (times.max() - times.min()) // least > _MOST_STEPS:  # type: ignore[operator] # of dates or datetimes
        raise BadParameter("frame", f"it has more than {_MOST_STEPS:,} steps: take longer ones")
    return least


def _season(step: timedelta, steps: int) -> int:
    """Return how many steps the season has that a series of such steps usually has."""
    if step >= _WEEK:
        return 1
    of_week, of_day = _WEEK // step, max(1, _DAY // step)
    if of_day == 1 or (step >= timedelta(hours=1) and steps >= _WEEKS_FOR_A_WEEK * of_week):
        return of_week
    return of_day if steps >= 2 * of_day else 1
