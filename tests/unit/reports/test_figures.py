"""The figures of a period beside those of the days before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

import pixels
from pixels.period import Period
from pixels.reports.figures import figures, figures_before
from tests.sample_warehouse import SampleWarehouse, at, registration, visit


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pixels.Warehouse]:
    """Visits since 1 October, registrations since the 10th, no deposit; it is 22 November."""
    sample = SampleWarehouse(tmp_path_factory.mktemp("home"))
    sample.publish(
        *(visit("p", "a", f"2026-10-{day:02d}T10:00") for day in range(1, 31)),
        registration("p", "a", "2026-10-10T12:00"),
        registration("q", "b", "2026-10-12T12:00"),
        complete_until=at("2026-11-22T12:00"),
    )
    with pixels.open(sample.home) as opened:
        yield opened


def days(first: int, last: int) -> Period:
    return Period(date(2026, 10, first), date(2026, 10, last))


def test_the_days_before_are_those_of_wh_compare(wh: pixels.Warehouse) -> None:
    """A figure whose events were sent by then has a value, another is unknown."""
    before = figures_before(wh, days(14, 16))
    compared = wh.compare("2026-10-14", "2026-10-16")

    assert before is not None
    assert before.row(0, named=True) == {
        row["figure"]: row["before"] for row in compared.to_dicts() if row["figure"] in before.columns
    }
    assert before.select("daily_unique_visitors", "registrations", "ftd").row(0) == (3, 1, None)


def test_one_banner_has_the_sums_of_its_days_before(wh: pixels.Warehouse) -> None:
    """By the same rule: what was not sent yet is unknown."""
    before = figures_before(wh, days(14, 16), "b")

    assert before is not None
    assert before.columns == figures(wh, days(14, 16), "b").columns
    assert before.row(0) == (0, 1, None)


@pytest.mark.parametrize(
    "period",
    [
        pytest.param(days(2, 3), id="before the first data"),
        pytest.param(Period(date(2026, 11, 20), date(2026, 11, 22)), id="a day goes on"),
    ],
)
@pytest.mark.parametrize("banner", ["", "a"])
def test_a_change_is_measured_where_it_can_be(wh: pixels.Warehouse, period: Period, banner: str) -> None:
    """Else there is nothing to stand beside the figures."""
    assert figures_before(wh, period, banner) is None
