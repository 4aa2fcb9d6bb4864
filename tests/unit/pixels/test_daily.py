"""Figures and conversions day by day: they add up to those of the range."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import pixels
from pixels.daily import FIGURES
from pixels.errors import BadParameter
from tests.sample_warehouse import Event, SampleWarehouse, at, counted, deposit, registration, visit
from tests.unit.pixels.sample_events import History, histories

MONTH = ("2026-11-01", "2026-11-30")
DIMENSIONS = (None, "banner_tag", "affiliate", "site", "metadata.s")


def test_each_day_has_its_own_figures(tmp_path: Path) -> None:
    """A first registration and a first deposit stand on their local days; what is no first one is in deposit days alone."""
    SampleWarehouse(tmp_path, "Europe/Berlin").publish(
        visit("p", "a", "2026-11-01T10:00"),
        registration("p", "a", "2026-11-01T23:30"),  # in Berlin the 2nd
        deposit("p", "b", "2026-11-03T10:00"),
        deposit("p", "b", "2026-11-04T10:00"),
        deposit("unknown", "b", "2026-11-04T10:00"),
    )

    with pixels.open(tmp_path) as wh:
        found = wh.daily(*MONTH)
        by_banner = wh.daily(*MONTH, by="banner_tag", credit="registration")

    assert found.columns == ["event_date", *FIGURES]
    assert found.rows() == [
        (date(2026, 11, 1), 1, 0, 0, 0, 0),
        (date(2026, 11, 2), 0, 1, 0, 0, 0),
        (date(2026, 11, 3), 0, 0, 1, 0, 1),
        (date(2026, 11, 4), 0, 0, 0, 1, 2),
    ]
    assert by_banner.filter(event_date=date(2026, 11, 3)).select("banner_tag", "ftd", "deposit_days").rows() == [
        ("a", 1, 0),
        ("b", 0, 1),
    ]


def test_an_empty_warehouse_has_no_day(tmp_path: Path) -> None:
    """No row, with the columns and types of any other."""
    SampleWarehouse(tmp_path).publish()

    with pixels.open(tmp_path) as wh:
        assert wh.daily(*MONTH).schema == {"event_date": pl.Date(), **dict.fromkeys(FIGURES, pl.Int64())}
        assert wh.daily(*MONTH, by="affiliate").is_empty()
        by_day = wh.conversions(*MONTH, per="day")
        assert by_day.is_empty()
        assert by_day.schema == {"entry_date": pl.Date(), **wh.conversions(*MONTH).schema}


@pytest.mark.parametrize("per", ["week", "", 1])
def test_conversions_are_told_by_day_alone(tmp_path: Path, per: object) -> None:
    """Anything else raises BadParameter."""
    SampleWarehouse(tmp_path).publish()

    with pixels.open(tmp_path) as wh, pytest.raises(BadParameter, match="is not one of day"):
        wh.conversions(*MONTH, per=per)  # type: ignore[arg-type]


@settings(phases=[Phase.explicit, Phase.generate], max_examples=20)
@given(history=histories(), credit=st.sampled_from(["event", "registration"]), later=st.integers(4, 9))
def test_days_add_up_to_the_range(history: History, credit: str, later: int) -> None:
    """By every kind of dimension: the sums over days are the figures and the conversions of the range."""
    until = min((e.created_at for e in history.events), default=at("2026-11-01")) + timedelta(days=later)
    days = (history.start, history.end)
    with TemporaryDirectory() as folder:
        sample = SampleWarehouse(Path(folder), history.time_zone)
        sample.banners = {"brandA": ("partner", None, None, Decimal(5))}
        sample.publish(*history.events, complete_until=until)
        with pixels.open(folder) as wh:
            for by in DIMENSIONS:
                key = [] if by is None else [by]
                figures = wh.kpis(*days, by=by, credit=credit) if by else wh.kpis(*days)
                added = summed(wh.daily(*days, by=by, credit=credit), key, FIGURES)
                assert nonzero(figures, key, FIGURES) == nonzero(added, key, FIGURES)
                whole = wh.conversions(*days, by=by, credit=credit)
                counts = [name for name in whole.columns if not name.endswith("rate") and name != by]
                added = summed(wh.conversions(*days, by=by, credit=credit, per="day"), key, counts)
                assert nonzero(whole, key, counts) == nonzero(added, key, counts)


@given(history=histories())
def test_days_are_those_of_the_clock(history: History) -> None:
    """Counted with loops: visits and deposits of each local day, and the days of first registrations and deposits."""
    with TemporaryDirectory() as folder:
        SampleWarehouse(Path(folder), history.time_zone).publish(*history.events)
        with pixels.open(folder) as wh:
            found = {row["event_date"]: row for row in wh.daily(history.start, history.end).to_dicts()}

    expected = by_brute_force(history)
    for day in {*found, *(day for day, _ in expected)}:
        assert {name: found.get(day, dict.fromkeys(FIGURES, 0))[name] for name in FIGURES} == {
            name: expected[day, name] for name in FIGURES
        }


def by_brute_force(history: History) -> Counter[tuple[date, str]]:
    """Count (day, figure)."""
    zone, expected = history.time_zone, Counter[tuple[date, str]]()
    for event in counted(history.events, zone):
        if event.event_type != "registration":
            name = "daily_unique_visitors" if event.event_type == "visit" else "deposit_days"
            expected[event.day(zone), name] += 1
    for player in {event.player_id for event in history.events}:
        registered, paid = (first(history.events, player, kind) for kind in ("registration", "deposit"))
        if registered:
            expected[registered.day(zone), "registrations"] += 1
        if paid:
            is_ftd = registered is not None and registered.created_at <= paid.created_at
            expected[paid.day(zone), "ftd" if is_ftd else "first_deposits_without_registration"] += 1
    return Counter({key: n for key, n in expected.items() if history.start <= key[0] <= history.end})


def first(events: list[Event], player: str, event_type: str) -> Event | None:
    """The earliest of its kind."""
    own = [event for event in events if (event.player_id, event.event_type) == (player, event_type)]
    return min(own, key=lambda event: event.order, default=None)


def summed(frame: pl.DataFrame, key: list[str], columns: tuple[str, ...] | list[str]) -> pl.DataFrame:
    """Sum over days."""
    sums = [pl.col(name).sum() for name in columns]
    return frame.group_by(key).agg(sums) if key else frame.select(sums)


def nonzero(
    frame: pl.DataFrame, key: list[str], columns: tuple[str, ...] | list[str]
) -> dict[tuple[object, ...], object]:
    """The rows that count anything, by their value."""
    return {
        tuple(row[name] for name in key): [row[name] for name in columns]
        for row in frame.to_dicts()
        if any(row[name] for name in columns)
    }
