"""`wh.player` and `wh.event` tell of every record what `wh.why` tells of it, in the order of time."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import pixels
from aggregator.run import run_pass
from pixels.config import Settings
from pixels.errors import BadParameter, NoSnapshot
from pixels.warehouse import Warehouse
from tests.colliding_records import APPENDED, records
from tests.local_log import append
from tests.oracle import Record, Row, Tables, instant, is_bot, local_day, tables, winners_and_losers
from tests.sample_records import event
from tests.sample_warehouse import SampleWarehouse

DAY = "2026-11-17"
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def a_pass(home: Path, *values: Record, **more: Any) -> None:
    """Append what is given, and run a pass on 20 November."""
    append(home, values, at_ms=APPENDED)
    run_pass(Settings(_env_file=None, home=home, **more), now=lambda: NOW)


def outcome(record: Record, expected: Tables, zone: ZoneInfo) -> str:
    """What became of a record that is the event of its day and id, crawlers not counting."""
    if is_bot(record):
        return "bot"
    key = local_day(record, zone), record["event_type"], record["player_id"]
    (banner, id_), *_ = (row[3:5] for row in expected.counted_events if row[:3] == key)
    if id_ == record["id"]:
        return "counted"
    return "same_player_again" if banner == record["banner_tag"] else "credited_to_another_banner"


def timelines(all_records: list[Record], time_zone: str) -> dict[str, list[Row]]:
    """Of each name that a record has or a registration links: person, then a row a record, by brute force."""
    expected, zone = tables(all_records, time_zone), ZoneInfo(time_zone)
    stripped = [{**r, "player_id": r["player_id"].strip()} for r in all_records]
    events, repeated = winners_and_losers(stripped, zone)
    told = [(r, outcome(r, expected, zone)) for r in events] + [(r, "same_event_again") for r in repeated]
    registered = {player for player, row in expected.players.items() if row[2]}
    person = {key: row[0] for key, row in expected.visitor_links.items() if key not in registered}
    names = {r["player_id"] for r in stripped} | set(person)
    found: dict[str, list[Row]] = {}
    for name in names:
        whose = person.get(name, name)
        found[name] = [
            (whose, instant(r["created_at"]), r["id"], r["player_id"], r["event_type"], r["banner_tag"], r.get("metadata", {}),
             key_of(r, {key for key, player in person.items() if player == whose}), became)
            for r, became in told if person.get(r["player_id"], r["player_id"]) == whose
        ]  # fmt: skip
    return found


def key_of(record: Record, linked: set[str]) -> str | None:
    """The linked visitor key that a record was sent under or carries."""
    names = record["player_id"], record.get("metadata", {}).get("s")
    return next((name for name in names if name in linked), None)


def as_rows(told: pl.DataFrame) -> list[Row]:
    """A timeline as rows that compare with those of `timelines`."""
    columns = [
        "person",
        "created_at",
        "id",
        "player_id",
        "event_type",
        "banner_tag",
        "metadata",
        "visitor_key",
        "outcome",
    ]
    return [(*row[:6], json.loads(row[6]), *row[7:]) for row in told.select(columns).iter_rows()]


def in_any_order(rows: list[Row]) -> list[str]:
    """The rows as texts, sorted: some are told apart by their metadata alone."""
    return sorted(repr((row[1].timestamp(), row[0], row[2:6], sorted(row[6].items()), row[7:])) for row in rows)


@settings(max_examples=12, phases=[Phase.explicit, Phase.generate])  # shrinking takes minutes
@given(
    passes=st.lists(st.lists(records, min_size=3, max_size=14), min_size=1, max_size=2),
    time_zone=st.sampled_from(["UTC", "Europe/Berlin"]),
    retention_days=st.sampled_from([90, 27]),
)
def test_every_timeline_and_event_is_that_of_the_records(
    passes: list[list[Record]], time_zone: str, retention_days: int
) -> None:
    """Linked and unlinked keys, repeats, crawlers, ids that two players share, live days and archived ones: as by brute force."""
    expected = timelines([record for batch in passes for record in batch], time_zone)
    with tempfile.TemporaryDirectory() as folder:
        for batch in passes:
            a_pass(Path(folder), *batch, timezone=time_zone, retention_days=retention_days)
        with pixels.open(folder) as wh:
            found = {name: wh.player(name) for name in expected}
            events = pl.concat(
                [wh.event(id_) for id_ in sorted({row[2] for rows in expected.values() for row in rows})]
            )
    for name, told in found.items():
        rows = as_rows(told)
        assert in_any_order(rows) == in_any_order(expected[name])
        assert [row[1:3] for row in rows] == sorted(row[1:3] for row in rows)
    of_everybody = pl.concat([told for name, told in found.items() if name == told["person"][0]])
    assert_frame_equal(events, of_everybody.select(events.columns), check_row_order=False)


@pytest.fixture
def home(pixels_home: Path) -> Path:
    """A visitor who becomes player 123 on the second day, and somebody else who used an id of that player before."""
    a_pass(
        pixels_home,
        event(1, player_id="v-1", metadata={"s": "v-1"}),
        event(2, player_id="v-1", banner_tag="c", created_at=f"{DAY}T11:00:00Z"),
        event(3, player_id="123", event_type="registration", metadata={"s": "v-1"}, created_at="2026-11-18T09:00:00Z"),
        event(4, player_id="123", event_type="registration", metadata={"s": "v-2"}, created_at="2026-11-18T10:00:00Z"),
        event(5, player_id="124", metadata={"s": "v-3"}, created_at="2026-11-18T10:00:01Z"),
        event(5, player_id="123", metadata={"s": "v-3"}, created_at="2026-11-18T10:00:02Z"),
    )
    return pixels_home


@pytest.fixture
def wh(home: Path) -> Iterator[Warehouse]:
    with pixels.open(home) as warehouse:
        yield warehouse


def test_a_timeline_joins_the_visitor_keys_that_became_the_player(wh: Warehouse) -> None:
    """In the order of time, each record under the id that it was sent with, and with the linked key of it."""
    assert wh.player("123").select("person", "player_id", "visitor_key", "id", "outcome").rows() == [
        ("123", "v-1", "v-1", "e1", "counted"),
        ("123", "v-1", "v-1", "e2", "credited_to_another_banner"),
        ("123", "123", "v-1", "e3", "counted"),
        ("123", "123", "v-2", "e4", "same_player_again"),
        ("123", "123", None, "e5", "same_event_again"),
    ]


def test_what_stands_in_the_place_of_a_record_is_told(wh: Warehouse) -> None:
    """The event that has the credit, and the record of somebody else that took the id first."""
    kept = wh.player("123").select("kept_id", "kept_player_id", "kept_event_type").rows()
    assert kept == [
        (None, None, None),
        ("e1", "v-1", "visit"),
        (None, None, None),
        ("e3", "123", "registration"),
        ("e5", "124", "visit"),
    ]


def test_asked_for_a_visitor_key_it_is_the_timeline_of_the_person(wh: Warehouse) -> None:
    """Also of a key under which nothing was ever sent; of a player without keys it is that player's."""
    for key in ("v-1", "v-2"):
        assert wh.player(key).equals(wh.player("123"))
    assert wh.player("124").select("person", "visitor_key", "outcome").rows() == [("124", None, "counted")]


def test_days_can_be_chosen(wh: Warehouse) -> None:
    """Both ends included; without one there is no end there."""
    assert wh.player("123", until="2026-11-17")["id"].to_list() == ["e1", "e2"]
    assert wh.player("123", since="2026-11-18", until="2026-11-18")["id"].to_list() == ["e3", "e4", "e5"]


def test_an_event_says_what_became_of_each_of_its_records(wh: Warehouse) -> None:
    """One that counts; one whose player counts already; an id that two players used, which is one event."""
    told = {id_: wh.event(id_).select("outcome", "player_id", "kept_id").rows() for id_ in ("e1", "e2", "e5")}
    assert told == {
        "e1": [("counted", "v-1", None)],
        "e2": [("credited_to_another_banner", "v-1", "e1")],
        "e5": [("counted", "124", None), ("same_event_again", "123", "e5")],
    }


@pytest.mark.parametrize("id_", ["e6", "", "' OR true --", "E1", " e1", 1, None])
def test_an_event_that_is_not_held_is_an_error(wh: Warehouse, id_: Any) -> None:
    """It says what may have become of it; ids are compared letter by letter."""
    with pytest.raises(BadParameter, match="id: "):
        wh.event(id_)
    with pytest.raises(BadParameter, match="never received"):
        wh.event("e1", since="2026-11-18")


@pytest.mark.parametrize("name", ["nobody", "", "' OR true --", "v-3", "V-1", " 123", 123, None])
def test_an_id_that_nobody_has_is_an_error(wh: Warehouse, name: Any) -> None:
    """An empty timeline would look like a player who did nothing."""
    with pytest.raises(BadParameter, match="id: "):
        wh.player(name)


def test_a_day_that_is_none_is_named(wh: Warehouse) -> None:
    """Also when the days end before they begin."""
    with pytest.raises(BadParameter, match="until: 2026-11-01 is before since 2026-11-02"):
        wh.player("123", since="2026-11-02", until="2026-11-01")


def test_an_older_snapshot_says_what_to_do(tmp_path: Path) -> None:
    """Before every record was kept, a timeline would be incomplete."""
    SampleWarehouse(tmp_path).publish_again(schema_version=2)
    with pixels.open(tmp_path) as older, pytest.raises(NoSnapshot, match="run `pixels aggregate`"):
        older.player("123")
