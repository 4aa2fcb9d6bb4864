"""Which snapshots are published and when, what they say of themselves, and which are kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

import pixels
from aggregator.run import PassResult, run_pass
from aggregator.snapshots import snapshot_files
from aggregator.writing import writing
from pixels.config import load_settings
from pixels.reports.pinned import pin_newest
from tests.local_log import append
from tests.sample_records import event

LATER_THAN_ALL = 1_830_000_000_000
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def a_pass(home: Path, number: int, *, now: datetime = NOON, **settings: Any) -> PassResult:
    """A pass at `now` over one more event."""
    append(home, [event(number)], at_ms=LATER_THAN_ALL)
    return run_pass(load_settings(**settings), now=lambda: now)


def pointer(home: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((home / "published" / "current.json").read_text())
    return read


def point(home: Path, **changes: Any) -> None:
    (home / "published" / "current.json").write_text(json.dumps(pointer(home) | changes))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.duckdb"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_snapshot_says_of_itself_what_the_pointer_says(pixels_home: Path) -> None:
    """Number, as_of, complete_until, offsets and code version stand in the file too, so a copy of it is whole."""
    a_pass(pixels_home, 1, now=NOON - timedelta(hours=1))
    a_pass(pixels_home, 2)

    said = pointer(pixels_home)
    with pixels.open(pixels_home / "published" / said["file"]) as wh:
        facts = wh.status()
    assert (facts.snapshot, facts.as_of, facts.complete_until) == (2, NOON, NOON)
    assert facts.code_version == said["code_version"] == pixels.__version__
    assert (said["as_of"], said["complete_until"]) == ("2026-11-20T12:00:00.000Z",) * 2
    with duckdb.connect(str(pixels_home / "published" / said["file"]), read_only=True) as con:
        offsets = con.execute('SELECT source, "partition", next_offset FROM log_offsets').fetchall()
    assert offsets == [tuple(offset.values()) for offset in said["offsets"]]
    assert [next_offset for _, _, next_offset in offsets] == [3]


def test_the_last_snapshot_of_each_month_is_kept(pixels_home: Path) -> None:
    """It is a second name of a published file until a newer one of its month comes; the newest months stay."""
    dated = pixels_home / "published" / "dated"
    for number, day in enumerate(["2026-08-31", "2026-09-02", "2026-09-30", "2026-10-01", "2026-10-31", "2026-11-20"]):
        a_pass(pixels_home, number, now=at(f"{day}T12:00"), keep_months=3, keep_snapshots=1)

    assert names(dated) == ["2026-09-000003.duckdb", "2026-10-000005.duckdb", "2026-11-000006.duckdb"]
    assert (dated / "2026-11-000006.duckdb").samefile(pixels_home / "published" / "snapshot-000006.duckdb")
    with pixels.open(dated / "2026-09-000003.duckdb") as wh:
        assert wh.metrics("2026-11-17", "2026-11-17")["count"].to_list() == [3]

    run_pass(load_settings(keep_months=0), now=lambda: NOON)
    assert names(dated) == []


def test_a_month_is_one_of_the_warehouses_time_zone(pixels_home: Path) -> None:
    """What was published on 1 November in Berlin, still October in London, is no snapshot of October."""
    for number, instant in enumerate(["2026-10-31T22:30", "2026-10-31T23:30"]):
        a_pass(pixels_home, number, now=at(instant), timezone="Europe/Berlin")

    assert names(pixels_home / "published" / "dated") == ["2026-10-000001.duckdb", "2026-11-000002.duckdb"]


def test_an_empty_pass_dates_a_snapshot_that_was_published_and_not_dated(pixels_home: Path) -> None:
    """The setting was 0 before, or the pass was killed at it; what that one left goes."""
    dated = pixels_home / "published" / "dated"
    a_pass(pixels_home, 1, keep_months=0)
    dated.mkdir()
    (dated / ".2026-11-000001.duckdb.tmp").hardlink_to(pixels_home / "published" / "snapshot-000001.duckdb")

    run_pass(load_settings(), now=lambda: NOON)

    assert [path.name for path in dated.iterdir()] == ["2026-11-000001.duckdb"]


def test_snapshots_of_a_warehouse_that_is_no_more_go_first(pixels_home: Path) -> None:
    """A warehouse that was put back from a copy, or made anew, counts on from a lower number."""
    a_pass(pixels_home, 1)
    first = pixels_home / "published" / "snapshot-000001.duckdb"
    for number in (500, 501):
        (pixels_home / "published" / f"snapshot-{number:06d}.duckdb").write_bytes(first.read_bytes())
    for number in (2, 3):
        a_pass(pixels_home, number)

    assert names(pixels_home / "published") == [f"snapshot-{number:06d}.duckdb" for number in (1, 2, 3)]


def test_every_snapshot_that_is_kept_is_found(pixels_home: Path) -> None:
    """Published, dated or pinned by a report: whoever has to write them anew misses none."""
    settings = load_settings(keep_snapshots=1)
    a_pass(pixels_home, 1, now=at("2026-10-20T12:00"), keep_snapshots=1)
    pinned = pin_newest(settings)
    a_pass(pixels_home, 2, keep_snapshots=1)

    assert {str(path.relative_to(pixels_home)) for path in snapshot_files(settings)} == {
        "published/snapshot-000002.duckdb",
        "published/dated/2026-10-000001.duckdb",
        "published/dated/2026-11-000002.duckdb",
        f"reports/snapshots/{pinned.name}/snapshot-000001.duckdb",
    }


def test_every_snapshot_that_is_kept_finds_the_archive(pixels_home: Path) -> None:
    """`why` about an archived day has an answer in a dated and in a pinned snapshot too."""
    settings = load_settings(retention_days=1)
    a_pass(pixels_home, 1, retention_days=1)
    pin_newest(settings)

    files = snapshot_files(settings)
    assert len(files) == 3
    for file in files:
        with pixels.open(file) as wh:
            assert wh.why("2026-11-17", "visit")["id"].to_list() == ["e1"]


def test_publishing_takes_a_quarter_of_the_time_at_most(pixels_home: Path) -> None:
    """After a snapshot that took a minute there is none for three; until then the pointer says what is published, no more."""
    a_pass(pixels_home, 1)
    point(pixels_home, publish_seconds=60.0)
    before = pointer(pixels_home)

    waits = a_pass(pixels_home, 2, now=NOON + timedelta(seconds=179))
    after = pointer(pixels_home)

    assert (waits.published, waits.snapshot, waits.outcome.events_stored) == (False, 1, 1)
    assert after["last_pass_at"] == after["checked_at"] == "2026-11-20T12:02:59.000Z"
    assert {**after, "last_pass_at": 0, "checked_at": 0} == {**before, "last_pass_at": 0, "checked_at": 0}

    made_up_for = run_pass(load_settings(), now=lambda: NOON + timedelta(seconds=180))
    assert (made_up_for.published, made_up_for.snapshot) == (True, 2)
    assert pointer(pixels_home)["complete_until"] == "2026-11-20T12:03:00.000Z"
    assert (pointer(pixels_home)["published_at"], pointer(pixels_home)["publish_seconds"] < 60) == (
        "2026-11-20T12:03:00.000Z",
        True,
    )


def test_a_cheap_snapshot_follows_another_at_once_save_among_passes_in_a_row(pixels_home: Path) -> None:
    """Who runs a pass by hand sees its figures; passes seconds apart keep to the quarter exactly."""
    a_pass(pixels_home, 1)
    point(pixels_home, publish_seconds=4.0)
    append(pixels_home, [event(2)], at_ms=LATER_THAN_ALL)

    in_a_row = run_pass(load_settings(), now=lambda: NOON + timedelta(seconds=11), at_once_below=0)
    by_hand = run_pass(load_settings(), now=lambda: NOON + timedelta(seconds=11))

    assert (in_a_row.published, by_hand.published) == (False, True)


@pytest.mark.parametrize("why", ["missing file", "older tables", "clock set back", "published_at", "as_of"])
def test_a_snapshot_does_not_wait_when_readers_have_none_or_an_instant_is_wrong(pixels_home: Path, why: str) -> None:
    """What took long does not matter then."""
    a_pass(pixels_home, 1)
    point(pixels_home, publish_seconds=3600.0)
    if why == "missing file":
        (pixels_home / "published" / pointer(pixels_home)["file"]).unlink()
    elif why == "older tables":
        point(pixels_home, schema_version=1)
    elif why in ("published_at", "as_of"):
        point(pixels_home, **{why: "yesterday"})

    now = NOON - timedelta(days=1) if why == "clock set back" else NOON + timedelta(seconds=1)
    assert a_pass(pixels_home, 2, now=now).published


def test_what_a_person_asks_for_is_published_at_once(pixels_home: Path) -> None:
    """An import, unlike a pass, does not wait: whoever ran it wants to look at it."""
    a_pass(pixels_home, 1)
    point(pixels_home, publish_seconds=3600.0)
    a_pass(pixels_home, 2)
    assert pointer(pixels_home)["snapshot"] == 1

    with writing(load_settings(), "import", now=lambda: NOON) as session:
        pass

    assert (session.published, pointer(pixels_home)["snapshot"]) == (True, 2)
