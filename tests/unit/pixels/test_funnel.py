"""What the funnel counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import pixels
from pixels.errors import BadParameter
from pixels.funnel import Window
from tests.sample_warehouse import Event, SampleWarehouse, at, deposit, registration, visit
from tests.unit.pixels import funnel_oracle
from tests.unit.pixels.sample_events import History, histories

MONTH = ("2026-11-01", "2026-11-30")
QUESTIONS = [
    (("visit", "registration", "deposit"), "12h"),
    (("visit", "registration", "deposit"), "2d"),
    (("visit", "deposit", "deposit"), "2d"),
    (("registration", "visit", "registration"), "1d"),
    (("deposit",), "30m"),
    (("visit", "registration", "deposit"), ("12h", "2d")),
    (("visit", "registration", "deposit"), {"registration": "2d", "deposit": "1d"}),
    (("visit", "deposit", "deposit"), ("2d", "12h")),
]
LENGTHS = {
    "30m": timedelta(minutes=30), "12h": timedelta(hours=12), "1d": timedelta(days=1), "2d": timedelta(days=2),
}  # fmt: skip


def windows_of(steps: Sequence[str], window: Window) -> list[timedelta]:
    """Return the window of every step, the first included."""
    if isinstance(window, str):
        return [LENGTHS[window] for _ in steps]
    by_step = [window[step] for step in steps[1:]] if isinstance(window, Mapping) else list(window)
    return [timedelta(0), *(LENGTHS[length] for length in by_step)]


def reached(home: Path, *events: Event, days: tuple[str, str] = MONTH, **question: object) -> list[int]:
    """Publish the events and return how many players took each step."""
    SampleWarehouse(home).publish(*events)
    with pixels.open(home) as wh:
        return wh.funnel(*days, **question)["players"].to_list()  # type: ignore[arg-type]


def test_a_visitor_who_signs_up_is_one_person(tmp_path: Path) -> None:
    """The visit under a visitor key and the registration under a player id that carries the key are one way."""
    assert reached(
        tmp_path,
        visit("v-1", "brandA", "2026-11-01T10:00", s="v-1"),
        registration("123", "brandA", "2026-11-01T10:05", s="v-1"),
        deposit("123", "brandA", "2026-11-01T11:00"),
    ) == [1, 1, 1]


def test_an_unlinked_visitor_stays_a_person_of_its_own(tmp_path: Path) -> None:
    """Without a registration that carries the key, visit and registration are two people."""
    assert reached(
        tmp_path,
        visit("v-1", "brandA", "2026-11-01T10:00", s="v-1"),
        registration("123", "brandA", "2026-11-01T10:05", s="v-2"),
    ) == [1, 0, 0]


def test_a_key_that_is_a_players_id_is_not_taken_from_that_player(tmp_path: Path) -> None:
    """Somebody who sends a registered player's id as visitor key does not take over that player's events."""
    assert reached(
        tmp_path,
        registration("123", "brandA", "2026-10-01T10:00"),
        visit("123", "brandA", "2026-11-01T10:00"),
        registration("thief", "brandA", "2026-11-02T10:00", s="123"),
    ) == [1, 0, 0]


@pytest.mark.parametrize(("when", "counts"), [("2026-11-08T10:00:00.000", 1), ("2026-11-08T10:00:00.001", 0)])
def test_a_step_counts_up_to_the_end_of_the_window(tmp_path: Path, when: str, counts: int) -> None:
    """The last instant of the window belongs to it, the next millisecond does not."""
    events = [visit("p", "brandA", "2026-11-01T10:00"), registration("p", "brandA", when)]

    assert [1, counts, 0] == reached(tmp_path, *events, window="7d")


@pytest.mark.parametrize("window", [["1d", "7d"], ("1d", "7d"), {"deposit": "7d", "registration": "1d"}])
def test_each_step_may_have_a_window_of_its_own(tmp_path: Path, window: Window) -> None:
    """Each is measured from the entry and inclusive; the entry is mature when the longest is over."""
    SampleWarehouse(tmp_path).publish(
        visit("p", "brandA", "2026-11-01T10:00"),
        registration("p", "brandA", "2026-11-02T10:00"),
        deposit("p", "brandA", "2026-11-08T10:00"),
        visit("too late", "brandA", "2026-11-01T10:00"),
        registration("too late", "brandA", "2026-11-02T10:00:00.001"),
        deposit("too late", "brandA", "2026-11-03T10:00"),
        visit("recent", "brandA", "2026-11-01T10:00:00.001"),
        complete_until=at("2026-11-08T10:00"),
    )

    with pixels.open(tmp_path) as wh:
        assert wh.funnel(*MONTH, window=window).select("players", "mature_players", "immature").rows() == [
            (3, 2, 1),
            (1, 1, 1),
            (1, 1, 1),
        ]
        assert wh.funnel_players(3, *MONTH, window=window)["player_id"].to_list() == ["p"]


def test_the_time_taken_is_told_by_its_quantiles(tmp_path: Path) -> None:
    """Of registrations after 1, 2, 3, 4 and 5 seconds: the middle one, and between two of them by the share of the way."""
    SampleWarehouse(tmp_path).publish(
        *(visit(f"p{n}", "brandA", "2026-11-01T10:00") for n in range(1, 6)),
        *(registration(f"p{n}", "brandA", f"2026-11-01T10:00:0{n}") for n in range(1, 6)),
    )

    with pixels.open(tmp_path) as wh:
        times = wh.funnel(*MONTH).select(pl.col("^.*_seconds_from_entry$"))

    assert times.columns == [f"{name}_seconds_from_entry" for name in ("p25", "median", "p75", "p90")]
    assert times.rows() == [(0.0, 0.0, 0.0, 0.0), (2.0, 3.0, 4.0, 4.6), (None, None, None, None)]


def test_steps_after_the_range_count(tmp_path: Path) -> None:
    """Only the entry has to fall into the range."""
    assert reached(
        tmp_path,
        visit("p", "brandA", "2026-11-30T23:00"),
        registration("p", "brandA", "2026-12-01T10:00"),
        deposit("p", "brandA", "2026-12-05T10:00"),
    ) == [1, 1, 1]


def test_a_visit_before_the_range_is_no_entry(tmp_path: Path) -> None:
    """Whoever took the first step only before the range has not entered, whatever follows."""
    assert reached(
        tmp_path, visit("p", "brandA", "2026-10-31T23:00"), registration("p", "brandA", "2026-11-01T10:00")
    ) == [0, 0, 0]


def test_a_step_before_the_entry_does_not_count(tmp_path: Path) -> None:
    """A registration before the visit is not what the visit led to, in no order."""
    events = [registration("p", "brandA", "2026-11-01T09:00"), visit("p", "brandA", "2026-11-01T10:00")]

    assert reached(tmp_path, *events) == [1, 0, 0]
    assert reached(tmp_path / "any", *events, order="any") == [1, 0, 0]


def test_new_entrants_leave_out_who_had_registered_before(tmp_path: Path) -> None:
    """A regular who comes back is no new entrant; who registers at the very instant of the visit still is."""
    sample = SampleWarehouse(tmp_path)
    sample.publish(
        registration("regular", "brandA", "2026-01-01T10:00"),
        visit("regular", "brandA", "2026-11-01T10:00"),
        visit("new", "brandA", "2026-11-01T10:00"),
        registration("new", "brandA", "2026-11-01T10:00"),
    )

    with pixels.open(tmp_path) as wh:
        assert wh.funnel(*MONTH)["players"].to_list() == [2, 1, 0]
        assert wh.funnel(*MONTH, entrants="new")["players"].to_list() == [1, 1, 0]


@pytest.mark.parametrize(("order", "players"), [("ordered", [1, 1, 1]), ("strict", [1, 0, 0]), ("any", [1, 1, 1])])
def test_strict_allows_no_other_step_between(tmp_path: Path, order: str, players: list[int]) -> None:
    """Visit, deposit, registration, deposit: in order with something between, but not strictly."""
    events = [
        visit("p", "brandA", "2026-11-01T10:00"),
        deposit("p", "brandA", "2026-11-01T11:00"),
        registration("p", "brandA", "2026-11-01T12:00"),
        deposit("p", "brandA", "2026-11-02T13:00"),
    ]

    assert players == reached(tmp_path, *events, order=order)


def test_any_order_takes_a_deposit_before_the_registration(tmp_path: Path) -> None:
    """With order "any" the later steps may come in any order after the entry."""
    events = [
        visit("p", "brandA", "2026-11-01T10:00"),
        deposit("p", "brandA", "2026-11-01T11:00"),
        registration("p", "brandA", "2026-11-01T12:00"),
    ]

    assert reached(tmp_path, *events, order="any") == [1, 1, 1]
    assert reached(tmp_path / "ordered", *events, order="ordered") == [1, 1, 0]


def test_any_order_still_needs_every_step_before(tmp_path: Path) -> None:
    """Whoever deposits without a registration has not taken the third step."""
    events = [visit("p", "brandA", "2026-11-01T10:00"), deposit("p", "brandA", "2026-11-01T11:00")]

    assert reached(tmp_path, *events, order="any") == [1, 0, 0]


@pytest.mark.parametrize("order", ["ordered", "strict", "any"])
def test_steps_of_one_instant_are_in_order(tmp_path: Path, order: str) -> None:
    """Equal timestamps never break a way, whatever the ids of the events."""
    instant = "2026-11-01T10:00"
    events = [deposit("p", "brandA", instant), registration("p", "brandA", instant), visit("p", "brandA", instant)]

    assert reached(tmp_path, *events, order=order) == [1, 1, 1]


def test_a_step_taken_twice_in_one_instant_is_in_order(tmp_path: Path) -> None:
    """Two browsers of one player at the same instant, and the registration between them: visit, registration, visit."""
    instant = "2026-11-01T10:00"
    events = [
        visit("v-1", "brandA", instant),
        visit("p", "brandA", instant),
        registration("p", "brandA", instant, s="v-1"),
    ]

    assert reached(tmp_path, *events, steps=("visit", "registration", "visit")) == [1, 1, 1]


def test_a_step_taken_again_has_to_follow_the_step_before_it(tmp_path: Path) -> None:
    """Visit, visit, registration: the second visit does not come after the registration."""
    events = [
        visit("p", "brandA", "2026-11-01T10:00"),
        visit("p", "brandA", "2026-11-02T10:00"),
        registration("p", "brandA", "2026-11-03T10:00"),
    ]

    assert reached(tmp_path, *events, steps=("visit", "registration", "visit")) == [1, 1, 0]


def test_a_step_after_midnight_counts_in_a_window_of_hours(tmp_path: Path) -> None:
    """The window is a length of time, whatever day it ends on."""
    events = [visit("p", "brandA", "2026-11-30T23:00"), registration("p", "brandA", "2026-12-01T01:00")]

    assert reached(tmp_path, *events, window="12h") == [1, 1, 0]


def test_a_later_step_may_have_an_earlier_day(tmp_path: Path) -> None:
    """Where clocks went back from 00:01 to 23:01, an instant later belonged to the day before."""
    SampleWarehouse(tmp_path, "America/St_Johns").publish(
        visit("p", "brandA", "2010-11-07T02:30:30"), registration("p", "brandA", "2010-11-07T02:31:30")
    )

    with pixels.open(tmp_path) as wh:
        assert wh.metrics("2010-11-06", "2010-11-06")["event_type"].to_list() == ["registration"]
        assert wh.funnel("2010-11-07", "2010-11-07")["players"].to_list() == [1, 1, 0]


def test_one_event_fills_one_step(tmp_path: Path) -> None:
    """A second deposit takes a second deposit event."""
    steps = ("visit", "deposit", "deposit")
    events = [visit("p", "brandA", "2026-11-01T10:00"), deposit("p", "brandA", "2026-11-01T11:00")]

    assert reached(tmp_path, *events, steps=steps) == [1, 1, 0]
    assert reached(tmp_path / "two", *events, deposit("p", "brandA", "2026-11-02T11:00"), steps=steps) == [1, 1, 1]


def test_the_credit_is_the_banner_of_the_try_that_gets_furthest(tmp_path: Path) -> None:
    """The first visit leads nowhere in time, so the person is under the banner of the second; nobody is counted twice."""
    SampleWarehouse(tmp_path).publish(
        visit("p", "first", "2026-11-01T10:00"),
        visit("p", "second", "2026-11-10T10:00"),
        registration("p", "other", "2026-11-10T11:00"),
    )

    with pixels.open(tmp_path) as wh:
        by_banner = wh.funnel(*MONTH, window="1d", by="banner_tag")

    assert {"second"} == set(by_banner["banner_tag"])
    assert by_banner["players"].to_list() == [1, 1, 0]


def test_of_equal_tries_the_earliest_counts(tmp_path: Path) -> None:
    """Two visits that lead to the same registration: the first one has the credit."""
    SampleWarehouse(tmp_path).publish(
        visit("p", "first", "2026-11-01T10:00"),
        visit("p", "second", "2026-11-02T10:00"),
        registration("p", "other", "2026-11-02T11:00"),
    )

    with pixels.open(tmp_path) as wh:
        assert wh.funnel(*MONTH, by="banner_tag")["banner_tag"].unique().to_list() == ["first"]


def test_of_tries_of_one_instant_that_of_the_smaller_id_counts(tmp_path: Path) -> None:
    """Two browsers of one player at the same instant: the order in which the events are stored decides nothing."""
    same_instant = [
        Event("visit", key, f"banner {number}", at("2026-11-01T10:00"), id=f"id {number}")
        for key, number in (("v-2", 2), ("v-3", 3), ("p", 1), ("v-4", 4))
    ]
    links = [registration("p", "other", f"2026-11-02T10:0{n}", s=f"v-{n}") for n in (2, 3, 4)]

    for events in (same_instant, same_instant[::-1]):
        home = tmp_path / events[0].player_id
        SampleWarehouse(home).publish(*events, *links)
        with pixels.open(home) as wh:
            assert wh.funnel(*MONTH, by="banner_tag")["banner_tag"].unique().to_list() == ["banner 1"]


def test_entries_whose_window_is_not_over_are_counted_apart(tmp_path: Path) -> None:
    """A recent entry is immature, not a loss: the mature rate leaves it out."""
    SampleWarehouse(tmp_path).publish(
        visit("old", "brandA", "2026-11-01T10:00"),
        registration("old", "brandA", "2026-11-01T11:00"),
        visit("just over", "brandA", "2026-11-13T10:00"),
        visit("recent", "brandA", "2026-11-13T10:00:00.001"),
        complete_until=at("2026-11-20T10:00"),
    )

    with pixels.open(tmp_path) as wh:
        registered = wh.funnel(*MONTH, window="7d").row(1, named=True)

    assert (registered["players"], registered["entered"], registered["rate"]) == (1, 3, 1 / 3)
    assert (registered["mature_players"], registered["mature_entered"], registered["mature_rate"]) == (1, 2, 0.5)
    assert registered["immature"] == 1


def test_nobody_entered_gives_zeros_and_no_rate(tmp_path: Path) -> None:
    """An empty funnel has its rows, zeros, and null where a division has no meaning; by banner it has none."""
    SampleWarehouse(tmp_path).publish()

    with pixels.open(tmp_path) as wh:
        empty = wh.funnel(*MONTH)
        assert wh.funnel(*MONTH, by="banner_tag").is_empty()

    assert (empty.select("step", "event_type", "players", "entered", "rate").rows()) == [
        (1, "visit", 0, 0, None),
        (2, "registration", 0, 0, None),
        (3, "deposit", 0, 0, None),
    ]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("window", "7"), ("window", "0d"), ("window", "-1d"), ("window", "1w"), ("window", "\u0667d"), ("window", 7),
        ("window", "7d\n"), ("window", "100000d"), ("window", []), ("window", ["7d"]), ("window", ["1d", "2d", "3d"]),
        ("window", ["1d", "soon"]), ("window", b"7d"), ("window", {"registration": "1d"}),
        ("window", {"registration": "1d", "deposit": 7}), ("window", {"registration": "1d", "deposit": "1d", "visit": "1d"}),
        ("order", "random"), ("order", None), ("entrants", "old"), ("entrants", ["all"]), ("by", "player_id"), ("by", ["banner_tag"]),
        ("steps", []), ("steps", "visit"), ("steps", ["click"]), ("steps", [["visit"]]), ("steps", None),
        ("start", "2026-13-01"), ("end", "2026-10-31"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_named(tmp_path: Path, parameter: str, value: object) -> None:
    """What a funnel cannot use raises BadParameter with the parameter's name."""
    SampleWarehouse(tmp_path).publish()
    question: dict[str, object] = {"start": MONTH[0], "end": MONTH[1], parameter: value}

    with pixels.open(tmp_path) as wh, pytest.raises(BadParameter) as raised:
        wh.funnel(**question)  # type: ignore[arg-type]

    assert parameter == raised.value.parameter


def test_the_longest_window_and_the_widest_range_are_answered(tmp_path: Path) -> None:
    """No date overflows at the ends of the calendar."""
    events = [visit("p", "brandA", "2026-11-01T10:00"), registration("p", "brandA", "2036-11-01T10:00")]

    assert reached(tmp_path, *events, days=("0001-01-01", "9999-12-31"), window="99999d") == [1, 1, 0]


@settings(phases=[Phase.explicit, Phase.generate])  # shrinking would take minutes; the histories are small as they come
@given(history=histories(), question=st.sampled_from(QUESTIONS), entrants=st.sampled_from(["all", "new"]))
def test_every_funnel_equals_the_one_by_brute_force(
    history: History, question: tuple[tuple[str, ...], Window], entrants: str
) -> None:
    """Ties, repeats, links, wrong order, window edges, changes of the clock: the same rows as trying every way."""
    steps, window = question
    complete_until = max((e.created_at for e in history.events), default=at("2026-11-01")) + timedelta(hours=6)
    with TemporaryDirectory() as folder:
        sample = SampleWarehouse(Path(folder), history.time_zone)
        sample.publish(*history.events, complete_until=complete_until)
        with pixels.open(folder) as wh:
            for order in ("ordered", "strict", "any"):
                ask = {"window": window, "order": order, "entrants": entrants, "steps": steps}
                expected = funnel_oracle.funnel(
                    history.events,
                    history.time_zone,
                    (history.start, history.end),
                    steps,
                    windows_of(steps, window),
                    order,
                    entrants,
                    complete_until,
                )
                assert expected[None] == wh.funnel(history.start, history.end, **ask).to_dicts()  # type: ignore[arg-type]
                by_banner = wh.funnel(history.start, history.end, by="banner_tag", **ask)  # type: ignore[arg-type]
                found = {
                    str(tag): rows.drop("banner_tag").to_dicts()
                    for (tag,), rows in by_banner.partition_by("banner_tag", as_dict=True).items()
                }
                del expected[None]
                assert expected == found


def test_frames_have_plain_types(tmp_path: Path) -> None:
    """Whole numbers are Int64, rates and medians Float64, names String: what plots and JSON can take."""
    SampleWarehouse(tmp_path).publish(visit("p", "brandA", "2026-11-01T10:00"))

    with pixels.open(tmp_path) as wh:
        schema = wh.funnel(*MONTH, by="banner_tag").schema

    assert {pl.Int64(), pl.Float64(), pl.String()} == set(schema.values())
