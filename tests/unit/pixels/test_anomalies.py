"""`wh.anomalies`: broken pixels, bursts and changed conversion in the figures of a warehouse, and who explains them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

import pixels
from pixels import Warehouse
from pixels.anomalies.figures import COUNTS, FALSE_DISCOVERIES, HISTORY, anomalies, runs
from pixels.errors import BadParameter
from pixels.period import Period
from tests.sample_warehouse import Event, SampleWarehouse, at, registration, visit

FIRST = date(2026, 6, 1)
SHARES = {"large": 0.10, "middle": 0.08, "small": 0.10}
SIZES = {"large": 300.0, "middle": 90.0, "small": 6.0}
WEEK = (0.84, 0.80, 0.86, 0.95, 1.10, 1.35, 1.26)


class Months:
    """Invented daily figures of three banners, to break."""

    def __init__(self, days: int = 140, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        rhythm = np.array([WEEK[(FIRST + timedelta(days=day)).weekday()] for day in range(days)])
        self.days = [FIRST + timedelta(days=day) for day in range(days)]
        self.visits = {name: rng.poisson(size * rhythm) for name, size in SIZES.items()}
        self.registrations = {name: rng.binomial(self.visits[name], share) for name, share in SHARES.items()}
        self.ftd = {name: rng.binomial(counts, 0.5) for name, counts in self.registrations.items()}
        self.entered = {name: self.visits[name].copy() for name in SIZES}
        self.converted = {name: rng.binomial(self.entered[name], share) for name, share in SHARES.items()}
        self.rng = rng

    def frames(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """As `wh.daily` and `wh.conversions(per="day")` give them."""
        daily, entries = [], []
        for name in SIZES:
            counts = (self.visits[name], self.registrations[name], self.ftd[name])
            daily.append(
                pl.DataFrame({"event_date": self.days, "banner_tag": name, **dict(zip(COUNTS, counts, strict=True))})
            )
            shares = {"visitors": self.entered[name], "registrations": self.converted[name],
                      "credited_registrations": self.converted[name], "deposits": self.converted[name] // 2}  # fmt: skip
            entries.append(pl.DataFrame({"entry_date": self.days, "banner_tag": name, **shares}))
        return pl.concat(daily), pl.concat(entries)

    def found(self, first: int = 84, last: int | None = None, everything: bool = False) -> pl.DataFrame:
        """What stands out from a day on."""
        last = len(self.days) - 1 if last is None else last
        period = Period(self.days[first], self.days[last])
        rows = anomalies(
            *self.frames(),
            "banner_tag",
            period,
            Period(self.days[0], self.days[last]),
            self.days[last],
            FALSE_DISCOVERIES,
        )
        return rows if everything else rows.filter("is_anomaly")


def told(found: pl.DataFrame) -> set[tuple[str, str | None, str, int]]:
    """Measure, banner (None: all together), kind and day of what was found."""
    rows = found.select("measure", "banner_tag", "kind", (pl.col("event_date") - FIRST).dt.total_days())
    return set(rows.iter_rows())


def test_a_broken_pixel_is_silence_of_that_banner() -> None:
    """Its registrations stop for a day while its visits go on; which is no change of anybody else."""
    months = Months()
    months.registrations["large"][120] = months.ftd["large"][120] = 0

    found = told(months.found(first=105))

    assert ("registrations", "large", "silence", 120) in found
    assert not {row for row in found if row[1] in ("middle", "small")}
    assert not {row for row in found if row[0] == "daily_unique_visitors"}


def test_a_type_that_stops_everywhere_is_silence_of_all_together() -> None:
    """Also when each banner alone is too small to tell."""
    months = Months()
    for name in SIZES:
        months.visits[name][120] = 0

    assert ("daily_unique_visitors", None, "silence", 120) in told(months.found())


def test_a_burst_is_explained_by_its_banner() -> None:
    """Of all together: who has the largest part of the difference, and how much."""
    months = Months()
    months.visits["middle"][120] += 2_000

    found = months.found().filter(pl.col("is_total") & (pl.col("measure") == "daily_unique_visitors"))

    assert told(found) == {("daily_unique_visitors", None, "rise", 120)}
    assert found["explained_by"].item() == "middle"
    assert 1_900 < found["explained_change"].item() < 2_100
    assert found["lower"].item() < found["expected"].item() < found["upper"].item() < found["value"].item()


def test_a_lower_share_that_stays_is_a_fall_of_the_rate_alone() -> None:
    """From some day on half as many of those who enter register; as many enter as before."""
    months = Months()
    months.converted["large"][110:] = months.rng.binomial(months.entered["large"][110:], SHARES["large"] / 2)

    found = told(months.found(first=105))

    days = {
        day for measure, name, kind, day in found if (measure, name, kind) == ("registration_rate", "large", "fall")
    }
    assert min(days) <= 117
    assert not {row for row in found if row[0] in COUNTS}


def test_a_quiet_year_gives_few_false_alarms() -> None:
    """At most one a month, with the runs of days in a row counted once."""
    alarms = months = 0
    for seed in range(4):
        found = Months(days=84 + 360, seed=seed).found(first=84)
        alarms += runs(found, "banner_tag").height
        months += 12

    assert alarms / months <= 1


def test_days_in_a_row_are_one_run() -> None:
    """With the least likely of them."""
    months = Months()
    for day in (120, 121, 122):
        months.registrations["large"][day] = 3
    months.registrations["large"][121] = 0

    found = runs(months.found(), "banner_tag").filter(
        pl.col("banner_tag") == "large", pl.col("measure") == "registrations"
    )

    assert found.select("kind", "start", "end", "days", "event_date").rows() == [
        ("silence", months.days[120], months.days[122], 3, months.days[121])
    ]
    assert runs(Months().found().clear(), "banner_tag").height == 0


def test_what_comes_later_changes_nothing() -> None:
    """A day has the same verdict when it is looked at again."""
    months = Months()
    months.visits["large"][100] = 20

    early, late = months.found(last=105, everything=True), months.found(everything=True)

    day = pl.col("event_date") == months.days[100]
    assert early.filter(day).equals(late.filter(day))


def test_a_banner_needs_fourteen_days_of_its_own() -> None:
    """A launch is no anomaly of the banner, which nobody knew; of all together it is."""
    months = Months()
    for counts in (months.visits, months.registrations, months.ftd, months.entered, months.converted):
        counts["large"][:110] = 0

    found = months.found(everything=True).filter(
        pl.col("banner_tag") == "large", pl.col("measure") == "daily_unique_visitors"
    )

    judged = found.filter(pl.col("expected").is_not_null())
    assert found["event_date"].min() == months.days[110]
    assert judged["event_date"].min() == months.days[124]
    assert ("daily_unique_visitors", None, "rise", 110) in told(months.found())


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Forty days of thirty visitors over one banner, and none on the 35th; the 40th goes on."""
    sample = SampleWarehouse(tmp_path_factory.mktemp("home"))
    events: list[Event] = []
    for day in range(40):
        on = FIRST + timedelta(days=day)
        for person in range(0 if day == 34 else 30):
            events.append(visit(f"p{day}-{person}", "a", f"{on}T00:30"))
            if person < 10:
                events.append(registration(f"p{day}-{person}", "a", f"{on}T00:40"))
    sample.publish(*events, complete_until=at(f"{FIRST + timedelta(days=39)}T01:00"))
    with pixels.open(sample.home) as warehouse:
        yield warehouse


def test_a_warehouse_tells_of_a_day_without_events(wh: Warehouse) -> None:
    """By banner and of all together, with what was expected; the day that goes on is never told of."""
    found = wh.anomalies(FIRST, FIRST + timedelta(days=39))

    silent = found.filter(pl.col("measure") == "daily_unique_visitors")
    assert silent.select("event_date", "is_total", "banner_tag", "value", "expected", "kind").rows() == [
        (FIRST + timedelta(days=34), True, None, 0.0, pytest.approx(30, abs=1), "silence"),
        (FIRST + timedelta(days=34), False, "a", 0.0, pytest.approx(30, abs=1), "silence"),
    ]
    assert FIRST + timedelta(days=39) not in found["event_date"].to_list()
    everything = wh.anomalies(FIRST, FIRST + timedelta(days=39), everything=True)
    assert everything["event_date"].max() == FIRST + timedelta(days=38)
    assert everything.filter(pl.col("measure") == "registration_rate")["event_date"].max() == FIRST + timedelta(days=31)
    assert set(everything["measure"]) == {"daily_unique_visitors", "registrations", "registration_rate", "deposit_rate"}
    assert everything.filter("is_anomaly").equals(found)


def test_days_asked_for_decide_only_what_is_shown(wh: Warehouse) -> None:
    """One day of a range has what it has alone."""
    day = FIRST + timedelta(days=34)

    alone = wh.anomalies(day, day, everything=True)

    whole = wh.anomalies(FIRST, FIRST + timedelta(days=39), everything=True)
    assert alone.equals(whole.filter(pl.col("event_date") == day))
    assert wh.anomalies(FIRST + timedelta(days=39), FIRST + timedelta(days=60), everything=True).height == 0
    assert timedelta(days=60) < HISTORY


def test_an_empty_warehouse_has_no_anomalies(pixels_home: object, tmp_path_factory: pytest.TempPathFactory) -> None:
    """With the columns it would have."""
    sample = SampleWarehouse(tmp_path_factory.mktemp("home"))
    sample.publish(complete_until=at("2026-06-30T00:00"))

    with pixels.open(sample.home) as empty:
        found = empty.anomalies("2026-06-01", "2026-06-30", everything=True)

    assert found.height == 0
    assert {"event_date", "measure", "is_total", "banner_tag", "kind"} <= set(found.columns)


@pytest.mark.parametrize("rate", [0, -1, 0.6, True, "0.1", float("nan")])
def test_a_wrong_rate_is_told(wh: Warehouse, rate: object) -> None:
    """It is a share."""
    with pytest.raises(BadParameter, match="false_discoveries"):
        wh.anomalies(FIRST, FIRST, false_discoveries=rate)  # type: ignore[arg-type] # what is tested
