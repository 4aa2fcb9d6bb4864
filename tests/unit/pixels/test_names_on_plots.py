"""What strangers and analysts named, as plots write it."""

from __future__ import annotations

from pathlib import Path

import pytest

import pixels
from pixels import plots
from tests.sample_warehouse import SampleWarehouse, visit
from tests.unit.pixels.test_plots import rendered

DAYS = ("2026-11-01", "2026-11-05")


@pytest.mark.parametrize("name", ["a{1}", "{label} b", "a{", "}{", "a{x.y}"])
def test_an_id_with_braces_is_in_the_title_as_it_is(tmp_path: Path, name: str) -> None:
    """HoloViews would take them for places to fill in."""
    SampleWarehouse(tmp_path).publish(visit(name, "brandA", "2026-11-01T10:00"))
    with pixels.open(tmp_path) as wh:
        figure = rendered(plots.player(wh.player(name)))

    assert figure.title.text == f"Person {name}"


def test_an_id_that_looks_like_a_formula_is_not_typeset_in_the_title(tmp_path: Path) -> None:
    """A mark that is not seen keeps the signs apart, as on an axis."""
    SampleWarehouse(tmp_path).publish(visit("$$x^2$$", "brandA", "2026-11-01T10:00"))
    with pixels.open(tmp_path) as wh:
        title = rendered(plots.player(wh.player("$$x^2$$"))).title.text

    assert "$$" not in title
    assert title.replace("\u200b", "") == "Person $$x^2$$"
