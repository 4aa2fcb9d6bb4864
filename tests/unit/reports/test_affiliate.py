"""One affiliate's share of the numbers."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pytest

import pixels
from pixels import Warehouse
from pixels.errors import BadParameter
from pixels.period import Period, parse_period
from pixels.reports.affiliate import accounted, affiliates, difference, tags_of, whose
from tests.sample_warehouse import SampleWarehouse, at, registration, visit

NOVEMBER = parse_period("2026-11-01", "2026-11-30")


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Two banners of one affiliate, one of another, one of nobody; a person comes over two of them, and twice."""
    banners = {
        tag: (affiliate, None, None, None) for tag, affiliate in {"a": "Media", "b": "Media", "c": "Blog"}.items()
    }
    sample = SampleWarehouse(tmp_path_factory.mktemp("home"), banners=dict(banners))
    sample.publish(
        visit("p1", "a", "2026-11-02T10:00"),
        visit("p1", "a", "2026-11-02T11:00"),
        visit("p1", "b", "2026-11-02T12:00"),
        visit("p2", "b", "2026-11-02T12:00"),
        registration("p2", "b", "2026-11-02T13:00"),
        visit("p3", "c", "2026-11-03T12:00"),
        visit("p4", "nobodys", "2026-11-03T12:00"),
        complete_until=at("2026-12-01"),
    )
    with pixels.open(sample.home) as warehouse:
        yield warehouse


def test_an_affiliate_has_its_banners_and_no_other(wh: Warehouse) -> None:
    """Those with events in the days; by tag one is its own."""
    assert affiliates(wh, NOVEMBER) == ["Media", "Blog"]
    assert tags_of(wh, NOVEMBER, "Media") == ["a", "b"]
    assert tags_of(wh, parse_period("2026-11-03", "2026-11-30"), "Media") == []
    assert tags_of(wh, NOVEMBER, "nobodys", "banner_tag") == ["nobodys"]
    assert tags_of(wh, NOVEMBER, "") == []
    with pytest.raises(BadParameter, match="no_such"):
        tags_of(wh, NOVEMBER, "Media", "no_such")


def test_what_became_of_its_events_sums_to_what_was_received(wh: Warehouse) -> None:
    """In the order of the way from visit to deposit, with the reasons in words."""
    frame = accounted(wh, NOVEMBER, ["a", "b"])

    assert frame["event_type"].to_list() == ["visit", "registration"]
    assert frame.row(0, named=True) == {
        "event_type": "visit", "received": 4, "counted": 2, "same_player_again": 1,
        "credited_to_another_banner": 1, "same_event_again": 0, "bots": 0,
    }  # fmt: skip
    assert difference(frame) == (
        "Of 4 visits received, 2 (50.0 %) counted: 1 came from somebody who was counted already that day and "
        "1 came from somebody whose earlier event of the day belongs to another banner."
    )


@pytest.mark.parametrize(
    ("tags", "told"), [((), "Nothing was received"), (("c",), "Every event that was received counted")]
)
def test_without_a_difference_there_is_nothing_to_explain(wh: Warehouse, tags: tuple[str, ...], told: str) -> None:
    """No banner is not every banner."""
    assert difference(accounted(wh, NOVEMBER, tags)).startswith(told)


def test_whose_report_it_is_or_could_be_is_said() -> None:
    """With the names to choose from, or how names come about."""
    assert whose("Media", ["a"], []) == "“\u2068Media\u2069” has 1 banner with events in these days: “\u2068a\u2069”."
    assert whose("Meida", [], ["Media"]) == (
        "No banner of “\u2068Meida\u2069” has an event in these days. There is “\u2068Media\u2069”."
    )
    assert whose("", [], [], "site").endswith("`pixels banners import` says whose each banner is.")


def test_days_without_banners_have_no_affiliates(wh: Warehouse) -> None:
    """And nothing raises."""
    empty: Period = parse_period("2026-10-01", "2026-10-02")

    assert affiliates(wh, empty) == []
    assert accounted(wh, empty, ["a"]).equals(pl.DataFrame(schema=accounted(wh, empty, []).schema))
