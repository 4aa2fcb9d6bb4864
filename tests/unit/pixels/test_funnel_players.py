"""Who is behind the counts of the funnel."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import pixels
from pixels.errors import BadParameter
from tests.sample_warehouse import SampleWarehouse, at, deposit, registration, visit
from tests.unit.pixels import funnel_oracle
from tests.unit.pixels.sample_events import History, histories

MONTH = ("2026-11-01", "2026-11-30")
STEPS = ("visit", "registration", "deposit")


def publish_three_people(home: Path) -> None:
    """Publish a depositor of two visitor keys, a visitor who dropped out, and one whose window is not over."""
    SampleWarehouse(home).publish(
        visit("v-2", "A", "2026-11-01T10:00", s="v-2"),
        visit("v-1", "A", "2026-11-02T10:00", s="v-1"),
        registration("p1", "B", "2026-11-02T11:00", s="v-2"),
        registration("p1", "B", "2026-11-03T11:00", s="v-1"),
        deposit("p1", "B", "2026-11-04T10:00"),
        visit("v-9", "<b>", "2026-11-01T10:00"),
        visit("recent", "A", "2026-11-25T10:00"),
        complete_until=at("2026-11-30T10:00"),
    )


def test_a_person_is_listed_with_entry_step_and_visitor_keys(tmp_path: Path) -> None:
    """One row a player however many keys became the player, with the instants of the entry and of the step asked for."""
    publish_three_people(tmp_path)

    with pixels.open(tmp_path) as wh:
        assert wh.funnel_players(3, *MONTH).to_dicts() == [
            {
                "player_id": "p1",
                "banner_tag": "A",
                "entered_at": at("2026-11-01T10:00"),
                "step_at": at("2026-11-04T10:00"),
                "visitor_keys": ["v-1", "v-2"],
                "mature": True,
            }
        ]


def test_who_dropped_took_the_step_before_and_not_this_one(tmp_path: Path) -> None:
    """Two visited and did not register, nobody registered and did not deposit; whoever may still go on is not mature."""
    publish_three_people(tmp_path)

    with pixels.open(tmp_path) as wh:
        dropped = wh.funnel_players(2, *MONTH, dropped=True)
        assert dropped.select("player_id", "step_at", "visitor_keys", "mature").rows() == [
            ("v-9", None, [], True),
            ("recent", None, [], False),
        ]
        assert wh.funnel_players(3, *MONTH, dropped=True).is_empty()


def test_a_banner_is_asked_for_by_its_tag(tmp_path: Path) -> None:
    """Of one banner, whatever characters it has, and of one that nobody entered by."""
    publish_three_people(tmp_path)

    with pixels.open(tmp_path) as wh:
        assert wh.funnel_players(1, *MONTH, banner="<b>")["player_id"].to_list() == ["v-9"]
        assert wh.funnel_players(1, *MONTH, banner="A' OR 1=1 --").is_empty()


def test_nobody_gives_an_empty_list_of_the_same_types(tmp_path: Path) -> None:
    """Instants are UTC milliseconds and visitor keys a list of texts, also without anybody."""
    SampleWarehouse(tmp_path).publish()

    with pixels.open(tmp_path) as wh:
        nobody = wh.funnel_players(1, *MONTH)

    instant = pl.Datetime("ms", "UTC")
    assert nobody.is_empty()
    assert nobody.schema == {
        "player_id": pl.String(),
        "banner_tag": pl.String(),
        "entered_at": instant,
        "step_at": instant,
        "visitor_keys": pl.List(pl.String()),
        "mature": pl.Boolean(),
    }


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("step", 0), ("step", 4), ("step", "2"), ("step", True), ("step", None), ("banner", 7), ("banner", ["A"]),
        ("dropped", True), ("dropped", "yes"), ("window", "7"), ("order", "none"), ("steps", []), ("start", "soon"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_named(tmp_path: Path, parameter: str, value: object) -> None:
    """What cannot be asked raises BadParameter with the parameter's name; nobody drops out at the entry, step 1."""
    SampleWarehouse(tmp_path).publish()
    question: dict[str, object] = {"step": 1, "start": MONTH[0], "end": MONTH[1], parameter: value}

    with pixels.open(tmp_path) as wh, pytest.raises(BadParameter) as raised:
        wh.funnel_players(**question)  # type: ignore[arg-type]

    assert parameter == raised.value.parameter


@settings(phases=[Phase.explicit, Phase.generate], max_examples=15)
@given(
    history=histories(), order=st.sampled_from(["ordered", "strict", "any"]), entrants=st.sampled_from(["all", "new"])
)
def test_the_people_are_those_of_brute_force_and_as_many_as_every_count(
    history: History, order: str, entrants: str
) -> None:
    """For every step and banner, taken and dropped: the rows found by trying every way, as many as the funnel counts."""
    days, zone, window = (history.start, history.end), history.time_zone, timedelta(days=2)
    complete_until = max((e.created_at for e in history.events), default=at("2026-11-01")) + timedelta(hours=6)
    best = funnel_oracle.best_tries(history.events, zone, days, STEPS, [window] * 3, order, entrants)
    ask = {"start": days[0], "end": days[1], "window": "2d", "order": order, "entrants": entrants}
    with TemporaryDirectory() as folder:
        SampleWarehouse(Path(folder), zone).publish(*history.events, complete_until=complete_until)
        with pixels.open(folder) as wh:
            counts = wh.funnel(**ask)["players"].to_list()  # type: ignore[arg-type]
            by_banner = wh.funnel(by="banner_tag", **ask)  # type: ignore[arg-type]
            for step, dropped in [(1, False), (2, False), (2, True), (3, False), (3, True)]:
                found = wh.funnel_players(step, dropped=dropped, **ask)  # type: ignore[arg-type]
                assert found.height == (counts[step - 2] - counts[step - 1] if dropped else counts[step - 1])
                expected = funnel_oracle.players(best, history.events, step, window, complete_until, dropped=dropped)
                assert expected == found.to_dicts()
            for step, banner, players in by_banner.select("step", "banner_tag", "players").iter_rows():
                assert players == wh.funnel_players(step, banner=banner, **ask).height  # type: ignore[arg-type]
