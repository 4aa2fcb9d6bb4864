"""How soon people convert: which share has by when, of everybody, also of those who began a moment ago."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from pixels.dimensions import Dimensions
from pixels.durations import CONVERSIONS, durations
from pixels.errors import BadParameter
from pixels.funnel import one_of, parse_window
from pixels.period import Period
from pixels.survival import limits, survival

_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
_MOST_ROWS = 400
_COUNTS = ["people", "at_risk", "converted"]


def check_question(conversion: object, within: object, confidence: object) -> None:
    """Raise BadParameter for what is no conversion, no length of time of which rows can be made, or no confidence."""
    one_of("conversion", conversion, CONVERSIONS)
    parse_window(within, "within")
    if _steps(str(within)) > _MOST_ROWS:
        raise BadParameter("within", f"{within!r} has more than {_MOST_ROWS} rows; write it in a larger unit")
    check_confidence(confidence)


def check_confidence(confidence: object) -> float:
    """Return the confidence. Raises BadParameter for what is no share between a half and the whole."""
    if not isinstance(confidence, float) or not 0.5 <= confidence < 1:
        raise BadParameter("confidence", f"{confidence!r} is not a share from 0.5 to below 1, such as 0.95")
    return confidence


def time_to_convert(
    dimensions: Dimensions,
    period: Period,
    conversion: str,
    by: str | None,
    within: str,
    confidence: float,
    time_zone: str,
    complete_until: datetime,
) -> pl.DataFrame:
    """Return which share of those who began on a day of the period had converted by each time after it.

    Who began and what a conversion is `pixels.durations.durations` says. The method is that of `pixels.survival`: everybody
    counts as long as he was followed, so the newest are neither left out nor taken for lost.

    [by]              the dimension of the event that they began with; the values with the most people first
    after_seconds     time since they began: 0, 1, 2, ... of the unit that `within` is written in
    people            all of them
    at_risk           of them, those who had not converted before that time, and whom it has been that long for
    converted         those who had converted by then, that instant included
    converted_share   estimate of those who convert by then, of all who begin; null where nobody was followed for so long
    lower, upper      its limits at `confidence`; null also while nobody has converted, and when everybody has
    """
    people = durations(dimensions, period, conversion, by, time_zone, complete_until)
    groups = _groups(people, by)
    numbered = people.with_columns(_group=pl.lit(0)) if by is None else people.join(groups, on=by, nulls_equal=True)
    curve = survival(numbered.with_columns(pl.col("_group").cast(pl.Int64)), ["_group"])
    cells = groups.join(pl.DataFrame({"seconds": _times(within)}), how="cross").sort("_group", "seconds")
    return _read_off(cells, curve, confidence).select(
        *([] if by is None else [by]),
        pl.col("seconds").cast(pl.Int64).alias("after_seconds"),
        *_COUNTS,
        "converted_share",
        "lower",
        "upper",
    )


def _groups(people: pl.DataFrame, by: str | None) -> pl.DataFrame:
    """Return each value with its people, and the longest time that one of them was followed; those with the most first."""
    sizes = pl.len().cast(pl.Int64).alias("people"), pl.col("seconds").max().alias("longest")
    if by is None:
        return people.select(sizes).with_columns(_group=pl.lit(0, pl.Int64))
    sums = people.group_by(by).agg(sizes).sort("people", by, descending=[True, False], nulls_last=True)
    return sums.with_columns(_group=pl.int_range(pl.len()))


def _read_off(cells: pl.DataFrame, curve: pl.DataFrame, confidence: float) -> pl.DataFrame:
    """Add to each group and time what the curve says there."""
    ordered = curve.sort("_group", "seconds")
    before = ordered.drop("at_risk")
    after = ordered.select("_group", "seconds", "at_risk")
    both = cells.join_asof(before, on="seconds", by="_group", strategy="backward", check_sortedness=False).join_asof(
        after, on="seconds", by="_group", strategy="forward", check_sortedness=False
    )
    known = both.with_columns(
        pl.col("at_risk", "converted").fill_null(0),
        pl.col("surviving").fill_null(1.0),
        pl.col("greenwood").fill_null(0.0),
    )
    followed = (pl.col("seconds") <= pl.col("longest")) | (pl.col("surviving") == 0)
    lower, upper = limits(confidence)
    values = {"converted_share": 1 - pl.col("surviving"), "lower": lower, "upper": upper}
    return known.with_columns(pl.when(followed).then(value).alias(name) for name, value in values.items())


def _steps(within: str) -> int:
    return int(within[:-1])


def _times(within: str) -> pl.Series:
    """Return 0 and every whole unit up to `within`, in seconds."""
    unit = _UNITS[within[-1]].total_seconds()
    return pl.int_range(_steps(within) + 1, eager=True).cast(pl.Float64) * unit
