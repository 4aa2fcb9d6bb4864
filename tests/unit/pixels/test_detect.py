"""What stands out in a regular series: told by the steps before, rarely by chance, and never of what is no series."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from math import comb, exp, factorial, isclose
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pixels
from pixels.anomalies.baseline import Numbers, seasonal_baseline
from pixels.anomalies.chance import beyond_chance, judge_counts, judge_rates
from pixels.errors import BadParameter

START = datetime(2026, 1, 5, tzinfo=UTC)
MONDAY = date(2026, 1, 5)
WEEK = (80, 84, 86, 95, 110, 135, 126)


def days(values: list[float] | list[int], dtype: pl.DataType | None = None) -> pl.DataFrame:
    """A series of days."""
    return pl.DataFrame(
        {"time": [MONDAY + timedelta(days=day) for day in range(len(values))], "value": pl.Series(values, dtype=dtype)}
    )


def weeks(number: int, seed: int = 1, size: float = 1.0) -> list[int]:
    """Counts of days with the rhythm of a week, and chance."""
    rng = np.random.default_rng(seed)
    return [int(count) for count in rng.poisson(np.array(WEEK * number) * size)]


def one(*values: float) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Each as an array of one series of one step."""
    first, second, third, fourth = (np.array([[value]]) for value in values)
    return first, second, third, fourth


def anomalies(frame: pl.DataFrame) -> list[int]:
    """The places of the steps that stand out."""
    return pixels.anomalies.detect(frame)["is_anomaly"].fill_null(False).arg_true().to_list()


def test_a_fall_on_a_saturday_is_told_though_a_monday_has_as_few() -> None:
    """Each day is weighed against its own day of the week."""
    values = weeks(8)
    values[47] = 70  # a Saturday, whose like are around 135
    values[49] = 70  # a Monday, whose like are around 80

    assert anomalies(days(values)) == [47]


def test_nothing_is_said_of_the_first_two_seasons() -> None:
    """Whatever happens in them."""
    values = weeks(4)
    values[9] = 9_000

    found = pixels.anomalies.detect(days(values))

    assert found["expected"].is_null().to_list() == [True] * 14 + [False] * 14
    assert found["is_anomaly"].is_null().to_list() == [True] * 14 + [False] * 14
    assert not found["is_anomaly"].any()


def test_a_new_level_is_told_once_and_becomes_usual() -> None:
    """After a season and some days nothing stands out any more."""
    values = [*weeks(6), *weeks(5, seed=2, size=3.0)]

    found = anomalies(days(values))

    assert found[:3] == [42, 43, 44]
    assert max(found) < 42 + 14


def test_a_day_that_stood_out_does_not_hide_the_next_one() -> None:
    """Medians do not care how far out it was."""
    values = weeks(8)
    values[40], values[50] = 1_000_000, 0

    assert {40, 50} <= set(anomalies(days(values)))


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.one_of(st.none(), st.integers(0, 50), st.integers(0, 10**6)), min_size=15, max_size=60),
    cut=st.integers(14, 59),
    as_values=st.booleans(),
)
def test_what_comes_later_changes_nothing(values: list[int | None], cut: int, as_values: bool) -> None:
    """A step is weighed by those before it alone, so that yesterday's alarm is there tomorrow."""
    frame = days(values, pl.Float64() if as_values else pl.Int64())  # type: ignore[arg-type] # nulls are allowed

    whole, part = pixels.anomalies.detect(frame), pixels.anomalies.detect(frame[:cut])

    assert whole[:cut].equals(part)


def test_false_alarms_of_chance_alone_are_as_rare_as_asked_for() -> None:
    """Of small and large counts: 200 series of 30 weeks, 1 in 1,000 steps, and what is estimated is not sure."""
    rng = np.random.default_rng(7)
    means = np.exp(rng.uniform(np.log(0.3), np.log(3_000), 200))[:, None] * np.array(WEEK * 30) / 100
    flagged = steps = 0
    for counts in rng.poisson(means):
        found = pixels.anomalies.detect(days(counts.tolist()))
        flagged += int(found["is_anomaly"].sum())
        steps += found["is_anomaly"].count()

    assert steps == 200 * 28 * 7
    assert flagged / steps < 0.0015


@pytest.mark.parametrize("step", ["1m", "15m", "1h"])
def test_the_season_of_short_steps_is_a_day(step: str) -> None:
    """A quiet night is none, the same quiet at noon is."""
    time = pl.datetime_range(START, START + timedelta(days=6), interval=step, closed="left", eager=True)
    hour = time.dt.hour().cast(pl.Float64) + time.dt.minute() / 60
    rng = np.random.default_rng(3)
    usual = 50 - 40 * (hour * np.pi / 12).cos() + pl.Series(rng.normal(0, 1, len(time)))
    noon = len(time) - len(time) // 12
    frame = pl.DataFrame({"time": time, "value": usual}).with_row_index()
    frame = frame.with_columns(value=pl.when(pl.col("index") == noon).then(10.0).otherwise("value"))

    found = pixels.anomalies.detect(frame).filter("is_anomaly")

    assert noon in found["index"].to_list()
    assert found.height <= 0.003 * len(time) + 1


def rhythm_of_hours(time_zone: str, begin: datetime, number: int) -> pl.DataFrame:
    """Counts of hours in a row that are many by day and few by night on the clock of the zone."""
    instants = pl.datetime_range(begin, begin + timedelta(hours=number), interval="1h", closed="left", eager=True)
    local = instants.dt.convert_time_zone(time_zone)
    usual = local.to_frame("time").select(pl.when(pl.col("time").dt.hour().is_between(8, 19)).then(240).otherwise(24))
    counts = np.random.default_rng(5).poisson(usual.to_series().to_numpy())
    return pl.DataFrame({"time": local, "value": counts})


@pytest.mark.parametrize("time_zone", ["Europe/Berlin", "Africa/Cairo", "America/St_Johns", "Australia/Lord_Howe"])
def test_days_of_a_time_zone_are_days_though_some_have_23_hours(time_zone: str) -> None:
    """The same is said of them as of dates, also where a day begins at one o'clock."""
    values = weeks(60)
    begins = [MONDAY + timedelta(days=day) for day in range(len(values))]
    aware = pl.Series([datetime.combine(day, time(), ZoneInfo(time_zone)).astimezone(UTC) for day in begins])

    found = pixels.anomalies.detect(pl.DataFrame({"time": aware.dt.convert_time_zone(time_zone), "value": values}))

    assert found.drop("time").equals(pixels.anomalies.detect(days(values)).drop("time"))


@pytest.mark.parametrize("month", [3, 10])
def test_the_rhythm_of_a_day_is_that_of_its_clock(month: int) -> None:
    """When clocks change, eight o'clock stays eight o'clock."""
    frame = rhythm_of_hours("Europe/Berlin", datetime(2026, month, 1, tzinfo=UTC) - timedelta(days=20), 24 * 60)

    assert len(anomalies(frame)) <= 4


def test_an_hour_that_comes_twice_is_weighed_twice() -> None:
    """Each by the hour of the days before."""
    frame = rhythm_of_hours("Europe/Berlin", datetime(2026, 10, 1, tzinfo=UTC), 24 * 30)
    first = 24 * 24  # midnight of UTC, when it is two o'clock in Berlin
    burst = frame.with_row_index().with_columns(
        value=pl.when(pl.col("index") == first + 1).then(200).otherwise("value")
    )

    found = pixels.anomalies.detect(burst)[first : first + 2]

    assert found["time"].dt.hour().to_list() == [2, 2]
    assert found["is_anomaly"].to_list() == [False, True]
    assert found["expected"].n_unique() == 1


def test_hours_of_a_zone_that_shifts_by_half_an_hour_are_a_series_too() -> None:
    """By their instants, since its clock does not show whole hours twice."""
    frame = rhythm_of_hours("Australia/Lord_Howe", datetime(2026, 9, 10, tzinfo=UTC), 24 * 40)

    assert pixels.anomalies.detect(frame)["expected"].null_count() < 24 * 15


@pytest.mark.parametrize("season", [0, -3, 7.5, True, "week"])
def test_a_season_is_a_whole_number_of_steps(season: object) -> None:
    """Anything else is told."""
    with pytest.raises(BadParameter, match="season"):
        pixels.anomalies.detect(days(weeks(5)), season=season)  # type: ignore[arg-type]


def test_rows_come_back_as_they_went_in() -> None:
    """In any order, with other columns, with steps that are missing or not known."""
    frame = days(weeks(6)).with_columns(note=pl.lit("kept")).sample(fraction=1, shuffle=True, seed=4)
    frame = frame.with_columns(value=pl.when(pl.col("time").dt.day() == 9).then(None).otherwise("value"))
    frame = frame.filter(pl.col("time").dt.day() != 11)

    found = pixels.anomalies.detect(frame)

    assert found.select(frame.columns).equals(frame)
    assert found.filter(pl.col("value").is_null())["is_anomaly"].to_list() == [None] * 2
    assert pixels.anomalies.detect(days([1])[:0]).height == 0
    assert pixels.anomalies.detect(days([1]))["is_anomaly"].to_list() == [None]


def test_a_series_that_never_moves_stands_out_when_it_does() -> None:
    """Values that are no counts have no least chance."""
    values = [5.0] * 40
    values[30] = 5.1

    assert anomalies(days(values)) == [30]


@pytest.mark.parametrize(
    ("frame", "problem"),
    [
        (pl.DataFrame({"time": [date(2026, 1, 1)]}), "no column 'value'"),
        (pl.DataFrame({"time": ["2026-01-01"], "value": [1]}), "dates or datetimes"),
        (pl.DataFrame({"time": [date(2026, 1, 1)], "value": ["1"]}), "should be a number"),
        (pl.DataFrame({"time": [date(2026, 1, 1)] * 2, "value": [1, 2]}), "a time of its own"),
        (pl.DataFrame({"time": [START, START + timedelta(hours=2), START + timedelta(hours=5)], "value": [1, 2, 3]}), "not regular"),
        (pl.DataFrame({"time": [START, START + timedelta(microseconds=1), START + timedelta(days=9)], "value": [1, 2, 3]}), "longer ones"),
    ],
)  # fmt: skip
def test_what_is_no_regular_series_is_told(frame: pl.DataFrame, problem: str) -> None:
    """With what to do about it."""
    with pytest.raises(BadParameter, match=problem):
        pixels.anomalies.detect(frame)


@given(st.lists(st.floats(0, 1), max_size=40), st.floats(0.001, 0.5))
def test_false_discoveries_are_held_as_benjamini_and_hochberg_say(p_values: list[float], rate: float) -> None:
    """The largest k of which k p-values are at most k / n x rate: these stand out."""
    ordered = sorted(p_values)
    most = max((k for k in range(1, len(ordered) + 1) if ordered[k - 1] <= rate * k / len(ordered)), default=0)
    expected = [p <= ordered[most - 1] for p in p_values] if most else [False] * len(p_values)

    assert beyond_chance(np.array([*p_values, np.nan]), rate).tolist() == [*expected, False]


@given(st.integers(0, 60), st.floats(0.1, 40))
def test_counts_are_weighed_by_poisson_when_nothing_more_is_known(count: int, mean: float) -> None:
    """Sums of the probabilities themselves."""
    below = sum(exp(-mean) * mean**n / factorial(n) for n in range(count + 1))
    above = 1 - sum(exp(-mean) * mean**n / factorial(n) for n in range(count))

    verdict = judge_counts(*one(float(count), mean, 1.0, 56.0), 0.001)

    assert isclose(verdict.p_value.item(), min(1, 2 * min(below, above)), rel_tol=1e-6, abs_tol=1e-9)


@given(st.integers(0, 30), st.integers(1, 30), st.floats(0.01, 0.99))
def test_rates_are_weighed_by_the_binomial_distribution(successes: int, tries: int, rate: float) -> None:
    """Sums of the probabilities themselves."""
    successes = min(successes, tries)

    def chance(n: int) -> float:
        return comb(tries, n) * rate**n * (1 - rate) ** (tries - n)

    below = sum(chance(n) for n in range(successes + 1))
    above = sum(chance(n) for n in range(successes, tries + 1))

    verdict = judge_rates(*one(float(successes), float(tries), rate, 1.0), 0.001)

    assert isclose(verdict.p_value.item(), min(1, 2 * min(below, above)), rel_tol=1e-6, abs_tol=1e-9)


def test_more_than_chance_between_days_widens_the_limits() -> None:
    """The wider, the less stands out."""
    count, mean, _, errors = one(60.0, 100.0, 1.0, 56.0)

    narrow, wide = (judge_counts(count, mean, np.array([[dispersion]]), errors, 0.001) for dispersion in (1.0, 9.0))

    assert narrow.p_value.item() < 0.001 < wide.p_value.item()
    assert wide.lower.item() < narrow.lower.item() < 100 < narrow.upper.item() < wide.upper.item()


@given(st.floats(0.05, 400), st.floats(1, 30), st.integers(1, 60), st.integers(0, 900))
def test_a_count_is_beyond_its_limits_when_chance_is_below_the_level(
    mean: float, dispersion: float, errors: int, count: int
) -> None:
    """Limits and p-value say the same, also while the dispersion rests on few errors."""
    verdict = judge_counts(*one(float(count), mean, dispersion, float(errors)), 0.001)

    is_inside = verdict.lower.item() <= count <= verdict.upper.item()

    assert is_inside == (verdict.p_value.item() >= 0.001)


@given(st.integers(0, 400), st.integers(1, 400), st.floats(0.002, 0.998), st.floats(1, 10))
def test_a_rate_is_beyond_its_limits_when_chance_is_below_the_level(
    successes: int, tries: int, rate: float, dispersion: float
) -> None:
    """None of a few is within the limits of a low rate, as often as that happens."""
    successes = min(successes, tries)

    verdict = judge_rates(*one(float(successes), float(tries), rate, dispersion), 0.001)

    is_inside = verdict.lower.item() <= successes / tries <= verdict.upper.item()
    assert is_inside == (verdict.p_value.item() >= 0.001)
    assert verdict.lower.item() <= rate <= verdict.upper.item()


def test_a_baseline_follows_season_and_level() -> None:
    """Without chance it is the series itself."""
    values = np.array([[10.0 + day % 7 for day in range(70)]])

    found = seasonal_baseline(values, 7)

    assert np.allclose(found.expected[0, 14:], values[0, 14:])
    assert np.isnan(found.expected[0, :14]).all()
