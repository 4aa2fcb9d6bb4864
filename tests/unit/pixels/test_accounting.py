"""What became of everything that was received, in sums; that they agree with the records, tests/integration/aggregator/test_why.py holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import holoviews as hv
import polars as pl
import pytest
from hypothesis import given

import pixels
from pixels import Warehouse, plots
from pixels.accounting import ACCOUNTS
from pixels.errors import BadParameter, NoSnapshot
from tests.sample_warehouse import SampleWarehouse, deposit, visit
from tests.unit.pixels.sample_events import History, histories

DAY, NEXT_DAY = date(2026, 11, 1), date(2026, 11, 2)
HOSTILE = "' OR true --"
KEY = ["event_date", "event_type", "banner_tag"]


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A player who comes three times through two banners, one who deposits, and refusals of two days."""
    sample = SampleWarehouse(tmp_path_factory.mktemp("home"), "Europe/Berlin")
    sample.refused.update({(DAY, "placeholder_value"): 7, (DAY, "bad_id"): 1, (NEXT_DAY, "bad_id"): 2})
    sample.publish(
        visit("p1", "brandA", "2026-10-31T23:00"),
        visit("p1", "brandA", "2026-11-01T10:00"),
        visit("p1", HOSTILE, "2026-11-01T22:59:59.999"),
        deposit("p1", "brandA", "2026-11-01T23:00"),
    )
    with pixels.open(sample.home) as warehouse:
        yield warehouse


def test_each_row_says_what_its_number_received_is_the_sum_of(wh: Warehouse) -> None:
    """One visit counts, one is the same player again, one is credited to the banner of the first."""
    assert wh.accounting(DAY, NEXT_DAY).rows() == [
        (DAY, "visit", HOSTILE, 1, 0, 0, 1, 0, 0),
        (DAY, "visit", "brandA", 2, 1, 1, 0, 0, 0),
        (NEXT_DAY, "deposit", "brandA", 1, 1, 0, 0, 0, 0),
    ]


def test_a_single_day_needs_no_end(wh: Warehouse) -> None:
    """The second day is the local one's, from 23:00 UTC on."""
    assert wh.accounting("2026-11-02")["event_type"].to_list() == ["deposit"]
    assert wh.refused("2026-11-02").rows() == [(NEXT_DAY, "bad_id", 2)]


def test_types_and_banners_are_chosen_by_name(wh: Warehouse) -> None:
    """A hostile name is a name; a list takes several, an empty one none."""
    assert wh.accounting(DAY, NEXT_DAY, type="deposit")["event_date"].to_list() == [NEXT_DAY]
    assert wh.accounting(DAY, NEXT_DAY, banner=HOSTILE)["credited_to_another_banner"].to_list() == [1]
    assert wh.accounting(DAY, NEXT_DAY, type="visit", banner=["brandA", HOSTILE])["received"].sum() == 3
    assert wh.accounting(DAY, NEXT_DAY, banner=[]).is_empty()


def test_refusals_stand_apart_by_reason(wh: Warehouse) -> None:
    """They are no part of what was received, and sum to what `rejected_by_reason` says."""
    assert wh.refused(DAY, NEXT_DAY).rows() == [
        (DAY, "bad_id", 1),
        (DAY, "placeholder_value", 7),
        (NEXT_DAY, "bad_id", 2),
    ]
    assert wh.rejected_by_reason(DAY, NEXT_DAY).rows() == [("placeholder_value", 7), ("bad_id", 3)]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("type", "click"), ("type", ["visit"]), ("type", ""), ("banner", 1), ("start", "today"), ("end", "2026-10-31")],
)
def test_a_wrong_parameter_is_named(wh: Warehouse, parameter: str, value: object) -> None:
    """No wrong question is answered with zero."""
    question: dict[str, object] = {"start": DAY, parameter: value}
    with pytest.raises(BadParameter) as raised:
        wh.accounting(**question)  # type: ignore[arg-type]
    assert raised.value.parameter == parameter


def test_a_plot_stacks_the_parts_of_each_day(wh: Warehouse) -> None:
    """Each part stands on those before it, so that the top is what was received; an empty part has no bar."""
    figure = hv.render(plots.accounting(wh.accounting(DAY, NEXT_DAY)), backend="bokeh")
    bars = [dict(renderer.data_source.data) for renderer in figure.renderers]
    assert [(list(b["day"]), list(b["bottom"]), list(b["top"])) for b in bars] == [
        (["2026-11-01", "2026-11-02"], [0, 0], [1, 1]),
        (["2026-11-01"], [1], [2]),
        (["2026-11-01"], [2], [3]),
    ]
    assert [item.label.value for item in figure.legend[0].items] == [
        "Counted", "Same player again", "Credited to another banner",
    ]  # fmt: skip
    assert hv.render(plots.accounting(wh.accounting("2020-01-01")), backend="bokeh").renderers


def test_an_empty_warehouse_has_the_same_columns(tmp_path: Path, wh: Warehouse) -> None:
    """Counts are Int64 with rows and without."""
    SampleWarehouse(tmp_path).publish()
    with pixels.open(tmp_path) as empty:
        for ask in ("accounting", "refused"):
            nothing, something = getattr(empty, ask)(DAY), getattr(wh, ask)(DAY)
            assert nothing.is_empty()
            assert nothing.schema == something.schema
    assert set(wh.accounting(DAY).drop(KEY).dtypes) == {pl.Int64()}


def test_an_older_snapshot_says_what_to_do(tmp_path: Path) -> None:
    """Before every record was kept there were no accounts; an empty answer would look like nothing received."""
    SampleWarehouse(tmp_path).publish_again(schema_version=2)
    with pixels.open(tmp_path) as older:
        for ask in (older.accounting, older.refused):
            with pytest.raises(NoSnapshot, match="run `pixels aggregate`"):
                ask(DAY)


@given(history=histories())
def test_every_row_sums_and_counts_what_the_summary_counts(history: History) -> None:
    """Whatever happens: received is the sum of the accounts, and counted is the figure of `summary`."""
    with TemporaryDirectory() as folder:
        SampleWarehouse(Path(folder), history.time_zone).publish(*history.events)
        with pixels.open(folder) as warehouse:
            found = warehouse.accounting(history.start, history.end)
            summary = warehouse.summary(history.start, history.end)
    of_range = [e for e in history.events if history.start <= e.day(history.time_zone) <= history.end]
    assert found["received"].sum() == len(of_range)
    assert found.filter(pl.col("received") != pl.sum_horizontal(ACCOUNTS)).is_empty()
    assert found.filter(pl.col("counted") > 0).select(*KEY, count="counted").rows() == summary.rows()
