"""The tables equal the rules computed in plain Python, whatever the order, repetition and split of the records."""

from __future__ import annotations

import tempfile
from itertools import permutations
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.run import run_pass
from pixels.config import Settings
from tests.colliding_records import (
    APPENDED,
    INSTANTS,
    bad_records,
    collectors_refusals,
    deposits,
    records,
    refusal_of,
    refusal_record,
)
from tests.local_log import append
from tests.oracle import Record, Refusal, Tables, differences, tables
from tests.stored_tables import read_tables

sent = st.one_of(records, deposits, bad_records, collectors_refusals)
passes = st.lists(st.lists(sent, min_size=1, max_size=12), min_size=1, max_size=4)


def settings_for(home: Path, time_zone: str = "Europe/Berlin", **more: Any) -> Settings:
    return Settings(_env_file=None, home=home, timezone=time_zone, **more)


@hypothesis.settings(
    max_examples=hypothesis.settings().max_examples // 2
)  # each is several passes, a fifth of a second each
@given(
    passes=passes,
    batch_size=st.integers(1, 30),
    time_zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Beirut"]),
    count_bots=st.booleans(),
)
def test_every_table_is_a_function_of_the_set_of_records(
    passes: list[list[Record | bytes | Refusal]], batch_size: int, time_zone: str, count_bots: bool
) -> None:
    """After every pass each table equals the rules over all records so far; replaying the events changes nothing."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        settings = settings_for(home, time_zone, batch_size=batch_size, count_bots=count_bots)
        seen: list[Record] = []
        refused: list[Refusal] = []

        def expected() -> Tables:
            return tables(seen, time_zone, count_bots=count_bots, refusals=refused)

        for number, batch in enumerate(passes):
            by_collector = [r for r in batch if isinstance(r, Refusal)]
            events = [r for r in batch if not isinstance(r, Refusal)]
            append(home, events, slot=number % 2, at_ms=APPENDED)
            append(home, map(refusal_record, by_collector), table="events_queue_rejected", at_ms=APPENDED)
            seen += [r for r in events if isinstance(r, dict)]
            refused += by_collector + [refusal_of(r) for r in events if isinstance(r, bytes)]
            run_pass(settings)
            assert differences(expected(), read_tables(settings.warehouse_path)) == {}

        append(home, reversed(seen), at_ms=APPENDED)
        replay = run_pass(settings)
        assert replay.outcome.records_read == replay.outcome.records_repeated == len(seen)
        assert not replay.published
        assert differences(expected(), read_tables(settings.warehouse_path)) == {}


# The same id and day: which record stays decides whether it is a crawler's. Rivals of the same player stand beside it.
MARKED, UNMARKED = {"_bot": "crawler"}, {"b": "click"}
SAME_EVENT: list[Record] = [
    {"id": "e1", "player_id": player, "banner_tag": banner, "metadata": metadata, "event_type": event_type, "created_at": at}
    for player, banner, metadata, event_type, at in [
        ("p1", "a", MARKED, "visit", "2026-03-29T10:00:03.000Z"),
        ("p1", "b", UNMARKED, "visit", "2026-03-29T10:00:02.000Z"),
        ("p1", "c", MARKED, "visit", "2026-03-29T10:00:01.000Z"),
        ("p2", "d", MARKED, "deposit", "2026-03-29T10:00:00.000Z"),
    ]
]  # fmt: skip
RIVALS: list[Record] = [
    {**SAME_EVENT[1], "id": "e2", "banner_tag": "r", "created_at": "2026-03-29T10:00:04.000Z"},
    {**SAME_EVENT[0], "id": "e3", "banner_tag": "s", "created_at": "2026-03-29T10:00:00.500Z"},
]


@pytest.mark.parametrize("count_bots", [False, True])
@pytest.mark.parametrize("with_rivals", [False, True])
def test_replacements_turn_a_visit_into_a_crawlers_and_back_in_every_order(
    with_rivals: bool, count_bots: bool, tmp_path: Path
) -> None:
    """Whatever order the records of one event come in, one a pass, all tables are those of the set after each pass."""
    settings = settings_for(tmp_path, "UTC", count_bots=count_bots)
    orders = [
        [{**r, "id": f"{r['id']}-{number}", "player_id": f"{r['player_id']}-{number}"} for r in order]
        for number, order in enumerate([*(RIVALS if with_rivals else ()), *order] for order in permutations(SAME_EVENT))
    ]
    seen: list[Record] = []
    for step in zip(*orders, strict=True):
        append(tmp_path, step, at_ms=APPENDED)
        seen += step
        run_pass(settings)
        assert differences(tables(seen, "UTC", count_bots=count_bots), read_tables(str(settings.warehouse_path))) == {}


def test_the_snapshot_equals_the_warehouse(tmp_path: Path) -> None:
    """What readers open holds the same tables as the writer's file."""
    event = {"id": "e1", "event_type": "visit", "player_id": "p", "banner_tag": "b", "created_at": INSTANTS[0]}
    append(tmp_path, [event], at_ms=APPENDED)

    result = run_pass(settings_for(tmp_path))

    snapshot = tmp_path / "published" / f"snapshot-{result.snapshot:06d}.duckdb"
    assert (
        read_tables(str(snapshot))
        == read_tables(str(tmp_path / "warehouse.duckdb"))
        == tables([event], "Europe/Berlin")
    )
