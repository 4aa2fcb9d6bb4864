"""What the plots of comparisons draw, without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

import pixels
from pixels import Warehouse, plots
from tests.sample_warehouse import SampleWarehouse, at, deposit, registration, visit
from tests.unit.pixels.test_plots import columns, rendered


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """All begins on the 13th; two visits on the 14th, three on the 15th and one on the 16th; on the 22nd two so far, and a registration less."""
    home = tmp_path_factory.mktemp("home")
    SampleWarehouse(home).publish(
        *(make("p0", "brandA", "2026-11-13T10:00") for make in (visit, registration, deposit)),
        *(visit(f"v-{number}", "brandA", "2026-11-14T10:00") for number in range(2)),
        *(visit(f"v-{number}", "brandA", "2026-11-15T10:00") for number in range(3)),
        registration("p", "brandA", "2026-11-15T10:00"),
        visit("v-1", "brandA", "2026-11-16T10:00"),
        *(visit(f"v-{number}", "brandA", "2026-11-22T10:00") for number in range(2)),
        complete_until=at("2026-11-22T11:00"),
    )
    with pixels.open(home) as warehouse:
        yield warehouse


def test_more_than_before_is_a_bar_to_the_right_and_less_one_to_the_left(wh: Warehouse) -> None:
    """Its length is the change in percent; what was nothing before has its numbers and no bar."""
    more, less = (rendered(plots.compare(wh.compare(day, day))) for day in ("2026-11-15", "2026-11-16"))

    assert (more.title.text, more.xaxis[0].axis_label) == ("15 Nov 2026 against 14 Nov 2026", "Change, %")
    (bars,), (numbers,) = columns(more, "name", "left", "right"), columns(more, "written")
    assert bars == {"name": ["Daily unique visitors", "Unique visitors"], "left": [0, 0], "right": [50, 50]}
    assert numbers["written"][:3] == ["3, before 2", "3, before 2", "1, before 0"]
    (bars,) = columns(less, "name", "left", "right")
    assert bars["name"] == ["Daily unique visitors", "Unique visitors", "Registrations"]
    assert bars["left"] == pytest.approx([-200 / 3, -200 / 3, -100])
    assert bars["right"] == [0, 0, 0]


def test_without_days_to_compare_with_there_are_the_numbers_alone(wh: Warehouse) -> None:
    """The title says why there is no bar."""
    figure = rendered(plots.compare(wh.compare("2026-11-14", "2026-11-14")))

    assert figure.title.text == "14 Nov 2026: nothing to compare with"
    assert columns(figure, "written")[0]["written"] == ["2", "2", *["0"] * 6]
    assert columns(figure, "left", "right") == [{"left": [], "right": []}]


def test_the_running_day_is_drawn_beside_the_same_part_of_the_other(wh: Warehouse) -> None:
    """In the order and the words of the screens; the title names both days."""
    figure = rendered(plots.today(wh.today()))

    (bars,), (numbers,) = columns(figure, "name", "left", "right"), columns(figure, "written")
    assert figure.title.text == "22 Nov 2026 against 15 Nov 2026, up to the same time of the day"
    assert numbers["written"] == ["2, before 3", "0, before 1", "0, before 0"]
    assert bars["name"] == ["Daily unique visitors", "Registrations"]
    assert bars["left"] == pytest.approx([-100 / 3, -100])


@pytest.mark.parametrize(("width", "now"), [(640, 1_234_567), (640, 123_456_789), (None, 1_234)])
@pytest.mark.parametrize("change", [0.02, -0.5, 3.0])
def test_the_numbers_have_the_room_that_they_need(wh: Warehouse, width: int | None, now: int, change: float) -> None:
    """What goes beyond the end of the axis is cut off, and 18, before 17 would be 18, before 1."""
    frame = wh.today().with_columns(count=pl.lit(now), before=pl.lit(now), change=pl.lit(change))
    figure = rendered(plots.today(frame, width=width))

    (numbers,) = columns(figure, "x", "written")
    start, end = figure.x_range.start, figure.x_range.end
    pixels_right_of_it = (end - max(numbers["x"])) / (end - start) * ((width or 390) - 205)
    assert pixels_right_of_it > 6 * len(numbers["written"][0])


def test_a_running_day_of_the_first_week_has_its_numbers_alone(tmp_path: Path) -> None:
    """A week earlier nothing was measured, which is not nothing."""
    SampleWarehouse(tmp_path).publish(visit("a", "x", "2026-11-22T10:00"), complete_until=at("2026-11-22T11:00"))
    with pixels.open(tmp_path) as first_week:
        figure = rendered(plots.today(first_week.today()))

    assert figure.title.text == "22 Nov 2026: nothing to compare with"
    assert columns(figure, "written") == [{"written": ["1", "0", "0"]}]
