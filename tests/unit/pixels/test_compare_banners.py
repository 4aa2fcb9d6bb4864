"""Which banner is better, of a warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import pixels
from pixels import Warehouse
from pixels.compared_banners import MEASURES
from pixels.errors import BadParameter
from tests.sample_warehouse import Event, SampleWarehouse, at, deposit, registration, visit
from tests.unit.pixels import comparison_oracle, funnel_oracle
from tests.unit.pixels.sample_events import History, histories

MONTH = ("2026-11-01", "2026-11-30")
HOSTILE = "<img src=x onerror=alert(1)>"
SCHEMA = {
    "banner_tag": pl.String(), "entries": pl.Int64(), "converted": pl.Int64(), "rate": pl.Float64(), "rate_lower": pl.Float64(),
    "rate_upper": pl.Float64(), "expected_rate": pl.Float64(), "expected_lower": pl.Float64(), "expected_upper": pl.Float64(),
    "shrinkage": pl.Float64(), "probability_best": pl.Float64(), "expected_loss": pl.Float64(), "few": pl.Boolean(),
    "immature": pl.Int64(),
}  # fmt: skip


def came(
    banner: str, visitors: int, registered: int, deposited: int = 0, when: str = "2026-11-02T10:00"
) -> list[Event]:
    """People of one banner, some of whom registered, and some of those deposited."""
    people = [f"{banner}-{number}" for number in range(visitors)]
    events = [visit(person, banner, when) for person in people]
    later = at(when) + timedelta(hours=1)
    events += [registration(person, banner, later.isoformat()) for person in people[:registered]]
    return events + [deposit(person, banner, later.isoformat()) for person in people[:deposited]]


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Two banners of one affiliate, one of nobody, and one whose visitors came yesterday."""
    home = tmp_path_factory.mktemp("home")
    anna = ("Anna", None, None, None)
    SampleWarehouse(home, banners={"good": anna, "bad": anna, "new": ("Zoe", None, None, None)}).publish(
        *came("good", 120, 60, 12),
        *came("bad", 150, 15, 9),
        *came(HOSTILE, 8, 1),
        *came("new", 5, 2, 1, when="2026-11-29T10:00"),
        complete_until=at("2026-11-30T10:00"),
    )
    with pixels.open(home) as warehouse:
        yield warehouse


def test_the_most_probable_is_the_first_and_the_counts_are_those_of_conversions(wh: Warehouse) -> None:
    """Who came yesterday is in no rate, and told of apart."""
    frame = wh.compare_banners(*MONTH)

    assert frame.schema == SCHEMA
    assert frame.select("banner_tag", "entries", "converted", "rate", "few", "immature").rows() == [
        ("good", 120, 60, 0.5, False, 0),
        (HOSTILE, 8, 1, 0.125, True, 0),
        ("bad", 150, 15, 0.1, False, 0),
        ("new", 0, 0, None, True, 5),
    ]
    assert frame["probability_best"][0] > 0.95
    assert frame["probability_best"].sum() == pytest.approx(1)
    assert frame.row(3)[4:12] == (None,) * 8


def test_deposits_are_compared_of_those_who_registered(wh: Warehouse) -> None:
    """The other rate, with its own denominator; by it another banner leads. One person of another is drawn to the whole."""
    frame = wh.compare_banners(*MONTH, measure="deposit_rate")

    assert frame.select("banner_tag", "entries", "converted").rows()[:2] == [("bad", 15, 9), (HOSTILE, 1, 0)]


def test_events_without_a_value_are_no_choice(wh: Warehouse) -> None:
    """They have a rate and its interval, and no probability; of one affiliate alone there is nothing to compare."""
    rows = wh.compare_banners(*MONTH, by="affiliate").to_dicts()

    assert [(row["affiliate"], row["entries"], row["probability_best"]) for row in rows] == [
        ("Anna", 270, 1.0),
        (None, 8, None),
        ("Zoe", 0, None),
    ]
    assert rows[1]["rate_lower"] < rows[1]["rate"] < rows[1]["rate_upper"]


def test_the_same_snapshot_gives_the_same_numbers(wh: Warehouse) -> None:
    """To the last digit: nothing is drawn at random."""
    assert wh.compare_banners(*MONTH).equals(wh.compare_banners(*MONTH))


@pytest.mark.parametrize("days", [MONTH, ("2026-11-05", "2026-11-05"), ("0001-01-01", "9999-12-31")])
def test_an_empty_warehouse_compares_nothing(tmp_path: Path, days: tuple[str, str]) -> None:
    """The frame has its columns and types."""
    SampleWarehouse(tmp_path).publish()
    with pixels.open(tmp_path) as empty:
        frame = empty.compare_banners(*days)

    assert (frame.height, frame.schema) == (0, SCHEMA)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("measure", "rate"), ("measure", None), ("measure", ["deposit_rate"]), ("by", None), ("by", "nothing"), ("by", 5),
     ("credit", "visit"), ("start", "2026-02-30"), ("end", "2026-10-01")],
)  # fmt: skip
def test_a_wrong_parameter_is_named(wh: Warehouse, parameter: str, value: object) -> None:
    """It raises BadParameter with the name."""
    question: dict[str, object] = {"start": MONTH[0], "end": MONTH[1], parameter: value}
    with pytest.raises(BadParameter) as raised:
        wh.compare_banners(**question)  # type: ignore[arg-type]
    assert raised.value.parameter == parameter


@given(history=histories(), days_later=st.integers(4, 9))
@settings(max_examples=20, phases=[Phase.explicit, Phase.generate])
def test_every_history_is_counted_as_trying_every_way_counts_it(history: History, days_later: int) -> None:
    """Rows, counts and intervals by the plain reading, whichever rate it is."""
    complete_until = min((e.created_at for e in history.events), default=at("2026-11-01")) + timedelta(days=days_later)
    days = (history.start, history.end)
    expected = funnel_oracle.conversions(history.events, history.time_zone, days, "registration", complete_until)
    expected.pop(None)
    with TemporaryDirectory() as folder:
        SampleWarehouse(Path(folder), history.time_zone).publish(*history.events, complete_until=complete_until)
        with pixels.open(folder) as wh:
            for measure, (part, whole) in MEASURES.items():
                frame = wh.compare_banners(*days, measure=measure, credit="registration")
                found = {
                    row["banner_tag"]: (row["entries"], row["converted"], row["immature"]) for row in frame.to_dicts()
                }
                assert found == {tag: (row[whole], row[part], row["immature"]) for tag, row in expected.items()}
                for row in frame.filter(pl.col("entries") > 0).to_dicts():
                    ends = comparison_oracle.wilson(row["converted"], row["entries"])
                    assert (row["rate_lower"], row["rate_upper"]) == pytest.approx(ends, abs=1e-9)
