"""What `plots.conversions` draws, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

import pixels
from pixels import plots
from tests.sample_warehouse import SampleWarehouse, registration, visit
from tests.unit.pixels.test_plots import columns, rendered

DAYS = ("2026-11-01", "2026-11-05")


@pytest.mark.parametrize(("by", "values"), [(None, ["All banners"]), ("banner_tag", ["brandA", "brandB"])])
def test_conversions_by_day_are_drawn_summed_over_the_days(tmp_path: Path, by: str | None, values: list[str]) -> None:
    """Days in the place of banners would be the first few of them, called the largest."""
    SampleWarehouse(tmp_path).publish(
        visit("p1", "brandA", "2026-11-01T10:00"),
        registration("p1", "brandA", "2026-11-01T11:00"),
        visit("p2", "brandA", "2026-11-03T10:00"),
        visit("p3", "brandA", "2026-11-04T10:00"),
        visit("p4", "brandB", "2026-11-02T10:00"),
    )
    with pixels.open(tmp_path) as wh:
        whole, by_day = (rendered(plots.conversions(wh.conversions(*DAYS, by=by, per=per))) for per in (None, "day"))

    shown = ("value", "name", "percent", "part", "whole", "immature", "top")
    assert columns(by_day, *shown) == columns(whole, *shown)
    assert list(by_day.xaxis[0].major_label_overrides.values()) == values
