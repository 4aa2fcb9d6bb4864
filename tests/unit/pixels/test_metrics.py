"""Activity and the key figures: what they count, by the plainest reading of the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given

import pixels
from pixels import Warehouse
from pixels.errors import BadParameter
from tests.sample_warehouse import Event, SampleWarehouse, counted, deposit, registration, visit
from tests.unit.pixels.sample_events import TYPES, History, histories

NOVEMBER = ("2026-11-01", "2026-11-30")


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Two banners, three days, one quiet day."""
    home = tmp_path_factory.mktemp("home")
    SampleWarehouse(home, "Europe/Berlin").publish(
        visit("v-1", "brandB", "2026-11-01T22:30"),
        visit("v-1", "brandA", "2026-11-01T22:45"),
        visit("v-1", "brandA", "2026-11-01T23:30"),
        visit("v-2", "brandA", "2026-11-02T10:00"),
        registration("p1", "brandA", "2026-11-02T11:00", s="v-1"),
        deposit("p1", "brandB", "2026-11-04T10:00"),
    )
    with pixels.open(home) as warehouse:
        yield warehouse


def test_metrics_are_the_daily_counts_in_order(wh: Warehouse) -> None:
    """Days are the time zone's; a day without an event has no row; a player counts once a day."""
    assert wh.metrics(*NOVEMBER).rows() == [
        (date(2026, 11, 1), "visit", 1),
        (date(2026, 11, 2), "registration", 1),
        (date(2026, 11, 2), "visit", 2),
        (date(2026, 11, 4), "deposit", 1),
    ]
    assert wh.metrics(*NOVEMBER).schema == {"event_date": pl.Date, "event_type": pl.String, "count": pl.Int64}


def test_days_are_inclusive_at_both_ends(wh: Warehouse) -> None:
    """The first and the last day of a range belong to it."""
    assert wh.metrics("2026-11-01", "2026-11-04")["count"].sum() == 5
    assert wh.metrics("2026-11-02", date(2026, 11, 2))["count"].sum() == 3
    assert wh.metrics("2026-11-03", "2026-11-03").is_empty()


def test_a_summary_names_the_banner_of_the_earliest_event(wh: Warehouse) -> None:
    """The first of two visits of a day has the credit; one banner, several or all can be asked for."""
    first_day = wh.summary("2026-11-01", "2026-11-01")

    assert first_day.rows() == [(date(2026, 11, 1), "visit", "brandB", 1)]
    assert wh.summary(*NOVEMBER, banner="brandB")["banner_tag"].to_list() == ["brandB", "brandB"]
    assert wh.summary(*NOVEMBER, banner=["brandA", "brandB"]).equals(wh.summary(*NOVEMBER))
    assert wh.summary(*NOVEMBER, banner=[]).is_empty()
    assert wh.summary(*NOVEMBER, banner="' OR true --").is_empty()


@pytest.mark.parametrize("banner", [1, [1], [None], b"brandA", b"", {"brandA"}])
def test_a_banner_is_named_by_text(wh: Warehouse, banner: object) -> None:
    """Anything else raises BadParameter, not an answer to another question."""
    with pytest.raises(BadParameter) as raised:
        wh.summary(*NOVEMBER, banner=banner)  # type: ignore[arg-type]

    assert raised.value.parameter == "banner"


def test_banners_are_ranked_by_deposits_then_registrations_then_visits(wh: Warehouse) -> None:
    """One row a banner with the sums of its daily counts; the names decide what is still equal."""
    banners = wh.banners(*NOVEMBER)

    assert banners.columns == ["banner_tag", "visits", "registrations", "deposits"]
    assert banners.rows() == [("brandB", 1, 0, 1), ("brandA", 2, 1, 0)]


def test_unique_visitors_are_distinct_in_the_range(wh: Warehouse) -> None:
    """Who comes on two days counts twice as a daily unique visitor and once as a unique visitor."""
    kpis = wh.kpis(*NOVEMBER).row(0, named=True)

    assert (kpis["daily_unique_visitors"], kpis["unique_visitors"]) == (3, 2)


def test_every_question_refuses_a_range_that_ends_before_it_starts(wh: Warehouse) -> None:
    """No function answers it with zero."""
    for ask in (wh.metrics, wh.summary, wh.banners, wh.kpis):
        with pytest.raises(BadParameter, match="end"):
            ask("2026-11-02", "2026-11-01")


def test_the_widest_range_is_answered(wh: Warehouse) -> None:
    """The ends of the calendar are days like others."""
    everything = ("0001-01-01", "9999-12-31")

    assert wh.metrics(*everything).height == 4
    assert wh.kpis(*everything).row(0) == wh.kpis(*NOVEMBER).row(0)


def kpis(home: Path, *events: Event, days: tuple[str, str] = NOVEMBER, time_zone: str = "UTC") -> dict[str, int]:
    """Publish the events and return the key figures."""
    SampleWarehouse(home, time_zone).publish(*events)
    with pixels.open(home) as wh:
        return wh.kpis(*days).row(0, named=True)


def test_a_first_deposit_in_the_range_is_an_ftd_whenever_the_player_registered(tmp_path: Path) -> None:
    """Registered long ago, deposited now: a first-time deposit of this range, and no registration of it."""
    figures = kpis(tmp_path, registration("p", "x", "2025-01-01T10:00"), deposit("p", "x", "2026-11-05T10:00"))

    assert (figures["ftd"], figures["registrations"], figures["first_deposits_without_registration"]) == (1, 0, 0)


def test_a_second_deposit_is_no_ftd(tmp_path: Path) -> None:
    """Only the first deposit of a player ever is one; both days are deposit days."""
    events = [
        registration("p", "x", "2026-10-01T10:00"),
        deposit("p", "x", "2026-10-31T10:00"),
        deposit("p", "x", "2026-11-01T10:00"),
    ]

    assert kpis(tmp_path, *events)["ftd"] == 0
    assert kpis(tmp_path / "october", *events, days=("2026-10-01", "2026-11-30"))["deposit_days"] == 2


@pytest.mark.parametrize(
    ("registered_at", "ftd"), [("2026-11-05T10:00:00.000", 1), ("2026-11-05T10:00:00.001", 0), (None, 0)]
)
def test_a_first_deposit_without_a_registration_before_it_is_shown_apart(
    tmp_path: Path, registered_at: str | None, ftd: int
) -> None:
    """At the instant of the registration it is an FTD; before it, or without one, it is not, and not lost either."""
    events = [deposit("p", "x", "2026-11-05T10:00")]
    events += [registration("p", "x", registered_at)] if registered_at else []

    figures = kpis(tmp_path, *events)

    assert (figures["ftd"], figures["first_deposits_without_registration"]) == (ftd, 1 - ftd)


def test_who_registered_before_the_range_is_no_new_depositing_customer_of_it(tmp_path: Path) -> None:
    """The first deposit is an FTD of the range; NDC asks for the first registration to be in the range as well."""
    events = [
        registration("p", "x", "2026-10-31T10:00"),
        registration("p", "x", "2026-11-01T10:00"),
        deposit("p", "x", "2026-11-05T10:00"),
    ]

    november = kpis(tmp_path, *events)
    both_months = kpis(tmp_path / "october", *events, days=("2026-10-01", "2026-11-30"))

    assert (november["ftd"], november["ndc"]) == (1, 0)
    assert (both_months["ftd"], both_months["ndc"]) == (1, 1)


def test_a_registration_counts_once_however_often_it_is_sent(tmp_path: Path) -> None:
    """The player registered on the first day it was sent, not on every day."""
    events = [registration("p", "x", "2026-10-31T10:00"), registration("p", "x", "2026-11-01T10:00")]

    assert kpis(tmp_path, *events)["registrations"] == 0
    assert kpis(tmp_path / "october", *events, days=("2026-10-01", "2026-11-30"))["registrations"] == 1


@pytest.mark.parametrize(
    ("time_zone", "registered_at", "day"),
    [
        ("Asia/Beirut", "2022-03-26T21:59:59.999", "2022-03-26"),
        ("Asia/Beirut", "2022-03-26T22:00", "2022-03-27"),
        ("America/Sao_Paulo", "2018-11-04T02:59:59.999", "2018-11-03"),
        ("America/Sao_Paulo", "2018-11-04T03:00", "2018-11-04"),
        ("America/St_Johns", "2010-11-07T02:30:30", "2010-11-07"),
        ("America/St_Johns", "2010-11-07T02:31:30", "2010-11-06"),
        ("Pacific/Kiritimati", "2026-11-01T10:00", "2026-11-02"),
        ("Pacific/Pago_Pago", "2026-11-01T10:59", "2026-10-31"),
    ],
)
def test_a_milestone_falls_on_its_local_day(tmp_path: Path, time_zone: str, registered_at: str, day: str) -> None:
    """Also where midnight does not exist, comes twice, or lies 14 hours away."""
    assert (
        kpis(tmp_path, registration("p", "x", registered_at), days=(day, day), time_zone=time_zone)["registrations"]
        == 1
    )


@given(history=histories())
def test_all_figures_equal_those_counted_in_plain_python(history: History) -> None:
    """Metrics, summary, banners and key figures of a range, against loops over the events."""
    days = (history.start, history.end)
    with TemporaryDirectory() as folder:
        SampleWarehouse(Path(folder), history.time_zone).publish(*history.events)
        with pixels.open(folder) as wh:
            found = wh.metrics(*days), wh.summary(*days), wh.banners(*days), wh.kpis(*days).row(0, named=True)

    in_range = [e for e in counted(history.events, history.time_zone) if days[0] <= e.day(history.time_zone) <= days[1]]
    metrics = Counter((e.day(history.time_zone), e.event_type) for e in in_range)
    summary = Counter((e.day(history.time_zone), e.event_type, e.banner_tag) for e in in_range)
    banners = Counter((e.banner_tag, e.event_type) for e in in_range)
    assert found[0].rows() == [(*key, number) for key, number in sorted(metrics.items())]
    assert found[1].rows() == [(*key, number) for key, number in sorted(summary.items())]
    assert sorted(found[2].rows()) == sorted(
        (tag, *(banners[tag, event_type] for event_type in TYPES)) for tag in {tag for tag, _ in banners}
    )
    assert found[3] == expected_kpis(history, in_range)


def expected_kpis(history: History, in_range: list[Event]) -> dict[str, int]:
    """Count the key figures of the history's range."""
    first: dict[tuple[str, str], Event] = {}
    for event in sorted(history.events, key=lambda event: event.order):
        first.setdefault((event.player_id, event.event_type), event)

    def in_days(event: Event) -> bool:
        return history.start <= event.day(history.time_zone) <= history.end

    first_deposits = [event for (_, kind), event in first.items() if kind == "deposit" and in_days(event)]
    ftd = [
        event
        for event in first_deposits
        if (registered := first.get((event.player_id, "registration"))) and registered.created_at <= event.created_at
    ]
    return {
        "daily_unique_visitors": sum(event.event_type == "visit" for event in in_range),
        "unique_visitors": len({event.player_id for event in in_range if event.event_type == "visit"}),
        "registrations": sum(kind == "registration" and in_days(event) for (_, kind), event in first.items()),
        "ftd": len(ftd),
        "ndc": sum(in_days(first[event.player_id, "registration"]) for event in ftd),
        "first_deposits_without_registration": len(first_deposits) - len(ftd),
        "deposit_days": sum(event.event_type == "deposit" for event in in_range),
        "deposit_transactions": sum(event.event_type == "deposit" and in_days(event) for event in history.events),
    }
