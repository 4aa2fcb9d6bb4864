"""What strangers and analysts named, as plots write it."""

from __future__ import annotations

from pathlib import Path

import pytest

import pixels
from pixels import plots
from tests.sample_warehouse import Event, SampleWarehouse, at, deposit, visit
from tests.unit.pixels.test_plots import columns, rendered

DAYS = ("2026-11-01", "2026-11-05")


@pytest.mark.parametrize("name", ["a{1}", "{label} b", "a{", "}{", "a{x.y}"])
def test_an_id_with_braces_is_in_the_title_as_it_is(tmp_path: Path, name: str) -> None:
    """HoloViews would take them for places to fill in."""
    SampleWarehouse(tmp_path).publish(visit(name, "brandA", "2026-11-01T10:00"))
    with pixels.open(tmp_path) as wh:
        figure = rendered(plots.player(wh.player(name)))

    assert figure.title.text == f"Person {name}"


def test_a_long_id_is_cut_so_that_one_sees_it(tmp_path: Path) -> None:
    """Its beginning alone could be another person's id."""
    SampleWarehouse(tmp_path).publish(visit("p" * 256, "brandA", "2026-11-01T10:00"))
    with pixels.open(tmp_path) as wh:
        figure = rendered(plots.player(wh.player("p" * 256)))

    assert figure.title.text == f"Person {'p' * 49}…"


def test_an_id_that_looks_like_a_formula_is_not_typeset_in_the_title(tmp_path: Path) -> None:
    """A mark that is not seen keeps the signs apart, as on an axis."""
    SampleWarehouse(tmp_path).publish(visit("$$x^2$$", "brandA", "2026-11-01T10:00"))
    with pixels.open(tmp_path) as wh:
        title = rendered(plots.player(wh.player("$$x^2$$"))).title.text

    assert "$$" not in title
    assert title.replace("\u200b", "") == "Person $$x^2$$"


def test_a_funnel_by_the_names_of_banners_shows_these(tmp_path: Path) -> None:
    """The steps have names as well, and those stand in the legend."""
    sample = SampleWarehouse(tmp_path, banners={"a": (None, None, "Summer", None), "b": (None, None, "Winter", None)})
    sample.publish(visit("p1", "a", "2026-11-01T10:00"), visit("p2", "b", "2026-11-01T10:00"))
    with pixels.open(tmp_path) as wh:
        figure = rendered(plots.funnel(wh.funnel(*DAYS, by="name")))

    assert list(figure.xaxis[0].major_label_overrides.values()) == ["Summer", "Winter"]
    assert [item.label.value for item in figure.legend[0].items] == ["1. Visit", "2. Registration", "3. Deposit"]


@pytest.mark.parametrize(
    ("key", "heading"),
    [("clickId", "ClickId"), ("b", "B"), ("x" * 60, f"X{'x' * 34}…"), ("$$a$$", "$\u200b$a$\u200b$")],
)
def test_an_axis_is_headed_with_the_key_as_it_is_written(tmp_path: Path, key: str, heading: str) -> None:
    """clickId and clickid are two keys; one that is longer than the axis is cut."""
    SampleWarehouse(tmp_path).publish(Event("visit", "p1", "a", at("2026-11-01T10:00"), metadata={key: "1"}))
    with pixels.open(tmp_path) as wh:
        figure = rendered(plots.banners(wh.banners(*DAYS, by=f"metadata.{key}")))

    assert figure.yaxis[0].axis_label == heading


@pytest.mark.parametrize("part", ["place", "name_", "value", "share", "left", "label"])
def test_a_part_of_the_tag_can_be_named_as_what_only_a_plot_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """Plots give bars a place, a share, a label; the values stand apart from these."""
    SampleWarehouse(tmp_path).publish(visit("p1", "a-x", "2026-11-01T10:00"), visit("p2", "b-x", "2026-11-01T10:00"))
    monkeypatch.setenv("PIXELS_TAG_PATTERN", f"^(?P<{part}>[a-z]+)-")
    with pixels.open(tmp_path) as wh:
        drawn = [getattr(plots, name)(getattr(wh, name)(*DAYS, by=part)) for name in ("funnel", "conversions")]
        bars = rendered(plots.banners(wh.banners(*DAYS, by=part)))

    for figure in map(rendered, drawn):
        assert list(figure.xaxis[0].major_label_overrides.values()) == ["a", "b"]
    assert [sorted(data["value"]) for data in columns(bars, "value", "visits")] == [["a", "b"]]


def test_a_long_value_leaves_its_currency_on_the_axis(tmp_path: Path) -> None:
    """Else nobody could tell one bar of a banner from the other; the title says that there are more."""
    money = {"amount": "1.5", "_key": "k"}
    SampleWarehouse(tmp_path).publish(
        *(
            deposit(f"p{number}", tag, "2026-11-01T10:00", currency=currency, **money)
            for number, (tag, currency) in enumerate((("x" * 40, "EUR"), ("x" * 40, "JPY"), ("z", "EUR")))
        )
    )
    with pixels.open(tmp_path) as wh:
        figure = rendered(plots.money(wh.money(*DAYS, by="banner_tag"), limit=2))

    assert sorted(figure.yaxis[0].major_label_overrides.values()) == [f"{'x' * 16}…, {code}" for code in ("EUR", "JPY")]
    assert figure.title.text == "The largest 2 of 3"


def test_a_value_that_turns_the_direction_of_reading_leaves_its_currency_as_it_is(tmp_path: Path) -> None:
    """It stands between the two marks that keep its direction to itself (Unicode, isolates)."""
    turned = "a\u202ebc"
    SampleWarehouse(tmp_path).publish(deposit("p1", turned, "2026-11-01T10:00", currency="EUR", amount="1"))
    with pixels.open(tmp_path) as wh:
        figure = rendered(plots.money(wh.money(*DAYS, by="banner_tag")))

    assert list(figure.yaxis[0].major_label_overrides.values()) == [f"\u2068{turned}\u2069, EUR"]


def test_a_value_that_is_called_none_is_not_taken_for_no_value(tmp_path: Path) -> None:
    """They are two rows of the frame, and two bars and lines of a plot."""
    SampleWarehouse(tmp_path).publish(
        *(Event("visit", f"with{n}", "a", at("2026-11-01T10:00"), metadata={"x": "(none)"}) for n in range(2)),
        visit("without", "a", "2026-11-01T10:00"),
    )
    with pixels.open(tmp_path) as wh:
        funnel = rendered(plots.funnel(wh.funnel(*DAYS, by="metadata.x")))
        trend = rendered(plots.summary(wh.summary(*DAYS, by="metadata.x")))

    entered = columns(funnel, "value", "players")[0]
    assert dict(zip(entered["value"], entered["players"], strict=True)) == {"(none)": 2, "((none))": 1}
    points = columns(trend, "series", "count")
    assert [(data["series"], data["count"]) for data in points] == [(["(none)"], [2]), (["((none))"], [1])]


def test_a_banner_that_is_called_as_the_rest_has_a_line_of_its_own_in_the_legend(tmp_path: Path) -> None:
    """Two lines of one name would be one entry of the legend."""
    SampleWarehouse(tmp_path).publish(
        *(visit(f"p{n}", "Other banners", "2026-11-01T10:00") for n in range(2)), visit("p9", "b", "2026-11-01T10:00")
    )
    with pixels.open(tmp_path) as wh:
        figure = rendered(plots.summary(wh.summary(*DAYS), limit=1))

    assert [item.label.value for item in figure.legend[0].items] == ["Other banners", "Other banners (2)"]
