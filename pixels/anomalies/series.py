"""`pixels.anomalies.detect`: which steps of any regular series are not what the steps before let expect."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl

from pixels.anomalies.baseline import Numbers, seasonal_baseline
from pixels.anomalies.chance import Verdict, judge_counts, judge_values
from pixels.anomalies.counts import usual_counts
from pixels.errors import BadParameter

LEVEL = 0.001
"""How often a step stands out by chance alone."""
_DAY, _WEEK = timedelta(days=1), timedelta(weeks=1)
_WEEKS_FOR_A_WEEK = 4
_MOST_STEPS = 1_000_000


def detect(frame: pl.DataFrame, season: int | None = None, level: float = LEVEL) -> pl.DataFrame:
    """Return the frame with what was to be expected of each step, by the steps before it alone.

    frame   columns time (dates or datetimes, each one step after the one before; steps can be missing) and value (a number,
            null where not known); others stay as they are
    season  steps of a season; None: a week of steps of a day, of an hour with four weeks of them a week, else a day; 1: none
    level   how often a step of a series without anomalies stands out

    Adds expected, lower, upper (the limits of that level), score (standard deviations from what was expected), p_value and
    is_anomaly; null for the first two seasons. Whole numbers that are not negative are counts, weighed as such; other values by
    Student's t distribution. See `pixels.anomalies.baseline` for the method. Raises BadParameter for what is no such series.
    """
    _check(frame, level)
    if frame.is_empty():
        return frame.with_columns(
            *(pl.lit(None, pl.Float64).alias(name) for name in _COLUMNS), is_anomaly=pl.lit(None, pl.Boolean)
        )
    ordered = frame.with_row_index("_row").sort("time")
    times, step = ordered["time"], _step(ordered["time"])
    places = ((times - times[0]).dt.total_microseconds() // max(1, step // timedelta(microseconds=1))).to_numpy()
    series = np.full((1, int(places[-1]) + 1), np.nan)
    series[0, places] = ordered["value"].cast(pl.Float64).fill_nan(None).to_numpy()
    season = _season(step, series.shape[1]) if season is None else season
    verdict = _judge(series, season, ordered["value"], level)
    told = {name: pl.Series(getattr(verdict, name)[0, places]).fill_nan(None) for name in _COLUMNS}
    added = ordered.with_columns(**told).with_columns(is_anomaly=pl.col("p_value") < level)
    return added.sort("_row").drop("_row")


_COLUMNS = ("expected", "lower", "upper", "score", "p_value")


def _judge(series: Numbers, season: int, values: pl.Series, level: float) -> Verdict:
    known = values.drop_nulls()
    if known.dtype.is_integer() and (known.is_empty() or known.min() >= 0):  # type: ignore[operator] # integers
        usual = usual_counts(series, season)
        return judge_counts(series, usual.mean, usual.dispersion, usual.errors, level)
    baseline = seasonal_baseline(series, season)
    return judge_values(series, baseline.expected, baseline.scale, baseline.errors, level)


def _check(frame: pl.DataFrame, level: float) -> None:
    for name in ("time", "value"):
        if name not in frame.columns:
            raise BadParameter("frame", f"it has no column {name!r}; it has {', '.join(frame.columns) or 'none'}")
    if not frame["value"].dtype.is_numeric() and frame["value"].dtype != pl.Null:
        raise BadParameter("frame", f"value is {frame['value'].dtype}, and should be a number")
    if not isinstance(frame["time"].dtype, pl.Date | pl.Datetime):
        raise BadParameter("frame", f"time is {frame['time'].dtype}, and should be dates or datetimes")
    if frame["time"].null_count() or frame["time"].is_duplicated().any():
        raise BadParameter("frame", "each row has a time of its own; sum the rows of one time first")
    if not 0 < level < 0.5:
        raise BadParameter("level", f"{level!r} is not between 0 and 0.5")


def _step(times: pl.Series) -> timedelta:
    """Return the step of a series: the least difference, of which all others are multiples."""
    if len(times) < 2:
        return _DAY
    differences = times.diff().drop_nulls().dt.total_microseconds()
    least = int(differences.min())  # type: ignore[arg-type] # integers
    if (differences % least != 0).any():
        raise BadParameter(
            "frame", "its times are not regular: put them into steps first, frame.group_by_dynamic('time', every='5m')"
        )
    if differences.sum() // least > _MOST_STEPS:
        raise BadParameter("frame", f"it has more than {_MOST_STEPS:,} steps: take longer ones")
    return timedelta(microseconds=least)


def _season(step: timedelta, steps: int) -> int:
    """Return how many steps the season has that a series of such steps usually has."""
    if step >= _WEEK:
        return 1
    of_week, of_day = _WEEK // step, max(1, _DAY // step)
    if of_day == 1 or (step >= timedelta(hours=1) and steps >= _WEEKS_FOR_A_WEEK * of_week):
        return of_week
    return of_day if steps >= 2 * of_day else 1
