"""Rates are what their two numbers are when they are divided."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import pixels
from pixels import Warehouse
from tests.sample_warehouse import SampleWarehouse, deposit, registration, visit


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Ten people: five registered in November, three of whom deposited in December."""
    home = tmp_path_factory.mktemp("home")
    SampleWarehouse(home).publish(
        *(visit(f"p{n}", "a", "2026-11-01T10:00") for n in range(10)),
        *(registration(f"p{n}", "a", "2026-11-01T11:00") for n in range(5)),
        *(deposit(f"p{n}", "a", "2026-12-02T11:00") for n in range(3)),
    )
    with pixels.open(home) as warehouse:
        yield warehouse


def test_shares_of_everybody_are_exact(wh: Warehouse) -> None:
    """3 of 10 are 0.3, as with a calculator, and not 0.30000000000000004."""
    shares = wh.segments("2026-12-31").select("people", "everybody", "share").rows()

    assert shares == [(5, 10, 5 / 10), (2, 10, 2 / 10), (3, 10, 3 / 10), (0, 10, 0.0)]


def test_rates_of_a_single_cohort_are_exact(wh: Warehouse) -> None:
    """Its players are the same number in every row."""
    rates = wh.cohorts("2026-11-01", "2026-11-30", by="month", periods=2).select(
        "first_depositors", "players", "first_deposit_rate", "active_rate"
    )

    assert rates.rows() == [(0, 5, 0.0, 0.0), (3, 5, 3 / 5, 3 / 5)]


def test_rates_of_a_funnel_are_exact(wh: Warehouse) -> None:
    """Also by a dimension, and of those whose window is over."""
    for by in (None, "banner_tag"):
        rates = wh.funnel("2026-11-01", "2026-11-30", window="60d", by=by)
        assert rates["players"].to_list() == [10, 5, 3]
        assert rates["rate"].to_list() == rates["mature_rate"].to_list() == [1.0, 5 / 10, 3 / 10]
