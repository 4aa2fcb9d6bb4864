"""`wh.what_if` counts by every rule what plain Python counts from the records, wherever they lie and however they came."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import hypothesis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pixels
from aggregator.run import run_pass
from pixels.archive import NoArchive
from pixels.config import Settings
from pixels.what_if import RULES
from tests.colliding_records import APPENDED, deposits, records
from tests.local_log import append
from tests.oracle import Record, instant, is_bot, local_day, tables, winners_and_losers
from tests.sample_records import event

FIRST, LAST = "2026-03-01", "2026-11-30"
NOW = datetime(2026, 11, 20, tzinfo=UTC)
Counts = dict[tuple[date, str, str], int]


def passes_over(home: Path, passes: list[list[Record]], time_zone: str = "UTC", **settings: Any) -> None:
    """Append the records of each pass, and run it, on 20 November."""
    for batch in passes:
        append(home, batch, at_ms=APPENDED)
        run_pass(Settings(_env_file=None, home=home, timezone=time_zone, **settings), now=lambda: NOW)


def counted_by(
    rule: str, received: list[Record], time_zone: str, *, count_bots: bool
) -> Counter[tuple[date, str, str]]:
    """What counts by a rule, in plain Python over all records."""
    zone = ZoneInfo(time_zone)
    tidy = [{**r, "player_id": r["player_id"].strip(), "banner_tag": r["banner_tag"].strip()} for r in received]
    events, _ = winners_and_losers(tidy, zone)
    keys = {
        "per_event": lambda r: (local_day(r, zone), r["id"]),
        "per_day": lambda r: (local_day(r, zone), r["event_type"], r["player_id"]),
        "per_day_and_banner": lambda r: (local_day(r, zone), r["event_type"], r["player_id"], r["banner_tag"]),
        "first_ever": lambda r: (r["event_type"], r["player_id"]),
    }
    first: dict[object, Record] = {}
    for r in sorted(events, key=lambda r: (instant(r["created_at"]), r["id"])):
        if count_bots or not is_bot(r):
            first.setdefault(keys[rule](r), r)  # type: ignore[no-untyped-call]
    return Counter((local_day(r, zone), r["event_type"], r["banner_tag"]) for r in first.values())


@settings(max_examples=hypothesis.settings().max_examples // 2)  # each example is a pass or two
@given(
    passes=st.lists(st.lists(records | deposits, min_size=1, max_size=14), min_size=1, max_size=2),
    time_zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Beirut"]),
    count_bots=st.booleans(),
    retention_days=st.sampled_from([90, 27]),
)
def test_every_rule_is_worked_out_from_the_records(
    passes: list[list[Record]], time_zone: str, count_bots: bool, retention_days: int
) -> None:
    """Late records, repeats, replaced events, crawlers and archived days; by the rule as it is each figure as it is stored."""
    received = [record for batch in passes for record in batch]
    expected = {rule: counted_by(rule, received, time_zone, count_bots=count_bots) for rule in RULES}
    stored = tables(received, time_zone, count_bots=count_bots).event_summary
    days = sorted({day for day, *_ in stored}) or [NOW.date()]
    with tempfile.TemporaryDirectory() as folder:
        passes_over(Path(folder), passes, time_zone, count_bots=count_bots, retention_days=retention_days)
        with pixels.open(folder) as wh:
            for rule in RULES:
                found = wh.what_if(rule, FIRST, LAST, per="day")
                assert {row[:3]: row[4] for row in found.iter_rows() if row[4]} == expected[rule]
                assert {row[:3]: row[3] for row in found.iter_rows() if row[3]} == stored
                last_day = wh.what_if(rule, days[-1], days[-1], per="day")
                assert {row[:3]: row[4] for row in last_day.iter_rows() if row[4]} == {
                    key: number for key, number in expected[rule].items() if key[0] == days[-1]
                }
            assert set(wh.what_if("per_day", FIRST, LAST)["difference"]) <= {0}


@pytest.fixture
def home(pixels_home: Path) -> Path:
    """A player who came on an archived day by two banners, twice with the same id, and came again; a late first visit."""
    passes_over(
        pixels_home,
        [
            [
                event(1, player_id="p", banner_tag="a", created_at="2026-09-01T10:00:00Z"),
                event(1, player_id="p", banner_tag="z", created_at="2026-09-01T10:00:01Z"),
                event(2, player_id="p", banner_tag="b", created_at="2026-09-01T11:00:00Z"),
                event(3, player_id="p", banner_tag="b", created_at="2026-11-18T11:00:00Z"),
                event(4, player_id="q", metadata={"_bot": "crawler"}, created_at="2026-11-18T11:00:00Z"),
            ],
            [event(5, player_id="p", banner_tag="c", created_at="2026-08-31T11:00:00Z")],
        ],
        retention_days=30,
    )
    return pixels_home


@pytest.mark.parametrize(
    ("rule", "of_september", "of_november"),
    [
        ("per_day", {"a": (1, 1)}, {"b": (1, 1)}),
        ("per_event", {"a": (1, 1), "b": (0, 1)}, {"b": (1, 1)}),
        ("per_day_and_banner", {"a": (1, 1), "b": (0, 1)}, {"b": (1, 1)}),
        ("first_ever", {"a": (1, 0)}, {"b": (1, 0)}),
    ],
)
def test_archived_days_are_recounted_from_the_archive(
    home: Path, rule: str, of_september: dict[str, tuple[int, int]], of_november: dict[str, tuple[int, int]]
) -> None:
    """A retry is no event, a crawler does not count; a visit that arrived late, of a day before, is the first one ever."""
    with pixels.open(home) as wh:
        assert wh.sql("SELECT count(*) AS n FROM archive_files")["n"].item() > 0
        for days, expected in ((("2026-09-01", "2026-09-30"), of_september), (("2026-11-01", LAST), of_november)):
            found = wh.what_if(rule, *days)
            assert {tag: (count, asked) for _, tag, count, asked, _ in found.iter_rows()} == expected
        assert wh.what_if("first_ever", "2026-08-31", LAST).filter(what_if=1)["banner_tag"].to_list() == ["c"]


def test_without_the_archive_only_days_that_need_none_are_recounted(home: Path) -> None:
    """Of the others an error says what is missing; what a player did on archived days is known without it."""
    shutil.rmtree(home / "archive")
    with pixels.open(home) as wh:
        assert wh.what_if("first_ever", "2026-11-01", LAST).rows() == [("visit", "b", 1, 0, -1)]
        with pytest.raises(NoArchive, match="archive"):
            wh.what_if("per_day", FIRST, LAST)
