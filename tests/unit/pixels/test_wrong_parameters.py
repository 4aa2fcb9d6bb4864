"""What no question can be asked with is named, and is never an error of a library below."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl
import pytest

import pixels
from pixels import Warehouse
from pixels.errors import BadParameter
from pixels.rejected import checked_reasons
from tests.sample_warehouse import SampleWarehouse, visit


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """One banner of one affiliate."""
    home = tmp_path_factory.mktemp("home")
    SampleWarehouse(home, banners={"brandA": ("Anna", None, None, None)}).publish(
        visit("p1", "brandA", "2026-11-01T10:00")
    )
    with pixels.open(home) as warehouse:
        yield warehouse


@pytest.mark.parametrize(
    ("parameter", "ask"),
    [
        ("id", lambda wh: wh.refusal(5)),
        ("id", lambda wh: wh.refusal(None)),
        ("reasons", lambda wh: wh.rejected(reasons=5)),
        ("reasons", lambda wh: wh.rejected(reasons=b"")),
        ("reasons", lambda wh: wh.rejected(reasons=["not_json", 5])),
        ("reasons", lambda wh: wh.rejected_by_reason(reasons=5)),
        ("limit", lambda wh: wh.rejected(limit=-1)),
        ("limit", lambda wh: wh.rejected(limit="10")),
        ("frame", lambda wh: wh.add_dimension("brandA", "affiliate")),
        ("frame", lambda wh: wh.add_dimension(pl.LazyFrame({"banner_tag": ["brandA"]}), "affiliate")),
        ("frame", lambda wh: wh.add_dimension(pl.DataFrame({"tag": ["brandA"]}), "affiliate")),
        ("frame", lambda wh: wh.add_dimension(pl.DataFrame({"banner_tag": [5]}), "site")),
        ("frame", lambda wh: wh.add_dimension(wh.known_banners(), "affiliate")),
    ],
)
def test_a_wrong_parameter_is_named(wh: Warehouse, parameter: str, ask: Callable[[Warehouse], object]) -> None:
    """BadParameter says which it is."""
    with pytest.raises(BadParameter) as refused:
        ask(wh)

    assert refused.value.parameter == parameter


@pytest.mark.parametrize("window", [[], {}])
def test_the_first_step_alone_needs_no_window(wh: Warehouse, window: list[str] | dict[str, str]) -> None:
    """There is one for each later step, of which there is none: nothing has to be waited for."""
    row = wh.funnel("2026-11-01", "2026-11-01", window=window, steps=["visit"]).row(0, named=True)

    assert (row["players"], row["mature_players"], row["immature"]) == (1, 1, 0)
    with pytest.raises(BadParameter, match="window"):
        wh.funnel("2026-11-01", "2026-11-01", window=window)


def test_one_reason_is_a_reason() -> None:
    """And not as many as it has letters."""
    assert checked_reasons("not_json") == checked_reasons(("not_json",)) == ["not_json"]


@pytest.mark.parametrize("tags", [[], [None], ["brandA", None]])
def test_rows_without_a_banner_have_no_value(wh: Warehouse, tags: list[str | None]) -> None:
    """Also where there is no tag from which the type of the column could be told."""
    for dimension, value in (("affiliate", "Anna"), ("site", None)):
        valued = wh.add_dimension(pl.DataFrame({"banner_tag": tags}), dimension)
        assert valued.rows() == [(tag, value if tag else None) for tag in tags]
