"""What conversions count."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import pixels
from pixels.errors import BadParameter
from tests.sample_warehouse import SampleWarehouse, at, deposit, registration, visit
from tests.unit.pixels import funnel_oracle
from tests.unit.pixels.sample_events import History, histories

MONTH = ("2026-11-01", "2026-11-30")


def publish_two_banners(home: Path) -> None:
    """Publish a player who visits by A, registers under B and deposits, one of A alone, one who had registered before."""
    SampleWarehouse(home).publish(
        visit("v-1", "A", "2026-11-01T10:00", s="v-1"),
        registration("p1", "B", "2026-11-02T10:00", s="v-1"),
        deposit("p1", "A", "2026-11-08T10:00"),
        visit("p2", "A", "2026-11-03T10:00"),
        registration("p2", "A", "2026-11-03T10:05"),
        visit("p3", "A", "2026-11-03T10:00"),
        registration("regular", "A", "2026-10-01T10:00"),
        visit("regular", "A", "2026-11-03T10:00"),
        deposit("regular", "A", "2026-11-03T11:00"),
        visit("recent", "C", "2026-11-25T10:00"),
        registration("recent", "D", "2026-11-25T11:00"),
        complete_until=at("2026-11-30T10:00"),
    )


def test_new_people_with_mature_entries_are_followed_for_seven_days(tmp_path: Path) -> None:
    """Of three new visitors whose 7 days are over two registered, and one of the two deposited at the last instant."""
    publish_two_banners(tmp_path)

    with pixels.open(tmp_path) as wh:
        assert wh.conversions(*MONTH).to_dicts() == [
            {
                "visitors": 3,
                "registrations": 2,
                "registration_rate": 2 / 3,
                "credited_registrations": 2,
                "deposits": 1,
                "deposit_rate": 0.5,
                "immature": 1,
            }
        ]


@pytest.mark.parametrize(
    ("credit", "rows"),
    [
        ("event", [("A", 3, 2, 2, 1, 0.5, 0), ("C", 0, 0, 0, 0, None, 1)]),
        ("registration", [("A", 3, 2, 1, 0, 0.0, 0), ("B", 0, 0, 1, 1, 1.0, 0), ("C", 0, 0, 0, 0, None, 1)]),
    ],
)
def test_the_credit_for_deposits_is_the_entrys_or_the_registrations(
    tmp_path: Path, credit: str, rows: list[tuple[object, ...]]
) -> None:
    """With credit "registration" depositors and their denominator stand under the registration's banner, nothing else moves."""
    publish_two_banners(tmp_path)

    with pixels.open(tmp_path) as wh:
        found = wh.conversions(*MONTH, by="banner_tag", credit=credit).drop("registration_rate").rows()

    assert rows == found


def test_nobody_gives_zeros_and_no_rate(tmp_path: Path) -> None:
    """An empty warehouse has one row of zeros and nulls, and by banner no row, with the same types."""
    SampleWarehouse(tmp_path).publish()

    with pixels.open(tmp_path) as wh:
        assert wh.conversions(*MONTH).rows() == [(0, 0, None, 0, 0, None, 0)]
        by_banner = wh.conversions(*MONTH, by="banner_tag")
        assert by_banner.is_empty()
        assert by_banner.schema == {"banner_tag": pl.String(), **wh.conversions(*MONTH).schema}


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("credit", "deposit"), ("credit", None), ("by", "player_id"), ("start", "soon"), ("end", "2026-10-31")],
)
def test_a_wrong_parameter_is_named(tmp_path: Path, parameter: str, value: object) -> None:
    """What conversions cannot use raises BadParameter with the parameter's name."""
    SampleWarehouse(tmp_path).publish()
    question: dict[str, object] = {"start": MONTH[0], "end": MONTH[1], parameter: value}

    with pixels.open(tmp_path) as wh, pytest.raises(BadParameter) as raised:
        wh.conversions(**question)  # type: ignore[arg-type]

    assert parameter == raised.value.parameter


@settings(phases=[Phase.explicit, Phase.generate], max_examples=20)
@given(history=histories(), days_later=st.integers(4, 9))
def test_conversions_equal_those_by_brute_force_and_the_funnels(history: History, days_later: int) -> None:
    """All and by banner, with both credits: as by trying every way, and the mature columns of the funnel."""
    complete_until = min((e.created_at for e in history.events), default=at("2026-11-01")) + timedelta(days=days_later)
    days = (history.start, history.end)
    with TemporaryDirectory() as folder:
        SampleWarehouse(Path(folder), history.time_zone).publish(*history.events, complete_until=complete_until)
        with pixels.open(folder) as wh:
            for credit in ("event", "registration"):
                expected = funnel_oracle.conversions(history.events, history.time_zone, days, credit, complete_until)
                assert [expected.pop(None)] == wh.conversions(*days, credit=credit).to_dicts()
                by_banner = wh.conversions(*days, by="banner_tag", credit=credit)
                assert expected == {row.pop("banner_tag"): row for row in by_banner.to_dicts()}
            steps = wh.funnel(*days, window="7d", entrants="new")["mature_players"].to_list()
            assert tuple(steps) == wh.conversions(*days).select("visitors", "registrations", "deposits").row(0)
