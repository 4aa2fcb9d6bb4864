"""`wh.why` accounts for every record as the tables do, whatever lies where, and says what stands in a record's place."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import hypothesis
import polars as pl
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

import pixels
from aggregator.run import run_pass
from pixels.archive import NoArchive
from pixels.cli import main
from pixels.config import Settings
from pixels.errors import BadParameter
from pixels.warehouse import Warehouse
from tests.colliding_records import (
    APPENDED,
    bad_records,
    collectors_refusals,
    deposits,
    records,
    refusal_of,
    refusal_record,
)
from tests.local_log import append
from tests.oracle import ACCOUNTS, Record, Refusal, Row, tables
from tests.sample_records import event

TYPES = ("visit", "registration", "deposit")
DAY = "2026-11-17"
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def settings_for(home: Path, time_zone: str = "UTC", **more: Any) -> Settings:
    return Settings(_env_file=None, home=home, timezone=time_zone, **more)


def a_pass(home: Path, *values: Record | bytes, refusals: tuple[Record, ...] = (), **settings: Any) -> None:
    """Append what is given, and run a pass on 20 November."""
    append(home, values, at_ms=APPENDED)
    append(home, refusals, table="events_queue_rejected", at_ms=APPENDED)
    run_pass(settings_for(home, **settings), now=lambda: NOW)


Told = dict[tuple[date, str], pl.DataFrame]
"""What `why` tells of each day and type, without a banner asked for."""


def accounts(told: Told) -> dict[tuple[date, str, str], Row]:
    """The rows of `daily_accounting` as `why` tells them."""
    found: dict[tuple[date, str, str], Counter[str]] = {}
    for (day, event_type), records_told in told.items():
        read = records_told.filter(~pl.col("outcome").str.starts_with("refused"))
        for outcome, banner in read.select("outcome", "banner_tag").iter_rows():
            found.setdefault((day, event_type, banner), Counter())[outcome.replace("bot", "bots")] += 1
    return {key: (row.total(), *(row[account] for account in ACCOUNTS)) for key, row in found.items()}


def refusals_told(told: Told) -> dict[tuple[date, str], int]:
    """The rows of `daily_refusals` as `why` tells them: by type, and what belongs to no type once."""
    found: Counter[tuple[date, str]] = Counter()
    for (day, event_type), records_told in told.items():
        chosen = ["refused", "refused_not_attributable"] if event_type == TYPES[0] else ["refused"]
        refused = records_told.filter(pl.col("outcome").is_in(chosen))
        for reason, number in refused.select("reason", "records").iter_rows():
            found[day, reason] += number
    return dict(found)


def check_what_stands_in_place(found: pl.DataFrame) -> None:
    """Each record that did not count names one that did, or the record that is the event instead of it."""
    rows = found.to_dicts()
    counted = {(r["player_id"], r["id"], r["banner_tag"], r["created_at"]) for r in rows if r["outcome"] == "counted"}
    for row in rows:
        kept = (row["kept_player_id"], row["kept_id"], row["kept_banner_tag"], row["kept_created_at"])
        same_banner = row["kept_banner_tag"] == row["banner_tag"]
        match row["outcome"]:
            case "same_player_again" | "credited_to_another_banner":
                assert kept in counted
                assert row["kept_player_id"] == row["player_id"]
                assert same_banner == (row["outcome"] == "same_player_again")
                assert (row["kept_created_at"], row["kept_id"]) < (row["created_at"], row["id"])
            case "same_event_again":
                assert row["kept_id"] == row["id"]
                assert (row["kept_created_at"], row["kept_banner_tag"]) <= (row["created_at"], row["banner_tag"])
            case _:
                assert set(kept) == {None}


@settings(max_examples=hypothesis.settings().max_examples // 2)  # each example is a pass or two
@given(
    passes=st.lists(st.lists(records | deposits, min_size=1, max_size=12), min_size=1, max_size=2),
    bad=st.lists(bad_records, max_size=3),
    refused=st.lists(collectors_refusals, max_size=3),
    time_zone=st.sampled_from(["UTC", "Europe/Berlin", "Asia/Beirut"]),
    count_bots=st.booleans(),
    retention_days=st.sampled_from([90, 27]),
)
def test_what_why_tells_sums_to_the_accounts_of_each_day(
    passes: list[list[Record]],
    bad: list[bytes],
    refused: list[Refusal],
    time_zone: str,
    count_bots: bool,
    retention_days: int,
) -> None:
    """Every row of `accounting` and `refused` is the sum of what is listed, for live days and archived ones."""
    rules: dict[str, Any] = {"time_zone": time_zone, "count_bots": count_bots}
    expected = tables(
        [record for batch in passes for record in batch], refusals=[*map(refusal_of, bad), *refused], **rules
    )
    days = {day for day, *_ in expected.daily_accounting} | {day for day, _ in expected.daily_refusals}
    with tempfile.TemporaryDirectory() as folder:
        append(Path(folder), [*bad], at_ms=APPENDED)
        append(Path(folder), map(refusal_record, refused), table="events_queue_rejected", at_ms=APPENDED)
        for batch in passes:
            a_pass(Path(folder), *batch, **rules, retention_days=retention_days)
        with pixels.open(folder) as wh:
            told: Told = {(day, event_type): wh.why(day, event_type) for day in days for event_type in TYPES}
            summed = {row[:3]: row[3:] for row in wh.accounting(min(days), max(days)).iter_rows()}
            refused_by_day = {row[:2]: row[2] for row in wh.refused(min(days), max(days)).iter_rows()}
    assert accounts(told) == summed == expected.daily_accounting
    assert refusals_told(told) == refused_by_day == expected.daily_refusals
    for records_told in told.values():
        check_what_stands_in_place(records_told)


def outcomes(wh: Warehouse, *question: str) -> list[tuple[str, str | None]]:
    """Outcome and id of each row."""
    return wh.why(*question).select("outcome", "id").rows()


@pytest.fixture
def home(pixels_home: Path) -> Path:
    """A day with one record of each outcome, and what was refused on the day after."""
    a_pass(
        pixels_home,
        event(1),
        event(2, player_id="p1", created_at=f"{DAY}T10:00:01Z"),
        event(3, player_id="p1", banner_tag="c", created_at=f"{DAY}T10:00:02Z"),
        event(1, banner_tag="c", created_at=f"{DAY}T10:00:03Z"),
        event(5, metadata={"_bot": "crawler"}, created_at=f"{DAY}T10:00:04Z"),
        event(6, banner_tag="undefined"),
        event(7, event_type="deposit", banner_tag="[subid]"),
        b"garbage",
        refusals=(
            refusal("placeholder_value", "GET /visit?playerId=p9&bannerTag=undefined"),
            refusal("missing_banner_tag", "GET /visit?playerId=p9"),
            {**refusal("rate_limited", ""), "count": 7},
        ),
    )
    return pixels_home


def refusal(reason: str, payload: str) -> Record:
    return {"reason": reason, "received_at": f"{DAY}T12:00:00Z", "payload": payload}


@pytest.fixture
def wh(home: Path) -> Iterator[Warehouse]:
    with pixels.open(home) as warehouse:
        yield warehouse


def test_each_record_is_told_with_its_outcome(wh: Warehouse) -> None:
    """All records of a day and type in the order of time, then the refusals that belong to no type, by reason."""
    assert outcomes(wh, DAY, "visit") == [
        ("counted", "e1"),
        ("same_player_again", "e2"),
        ("credited_to_another_banner", "e3"),
        ("same_event_again", "e1"),
        ("bot", "e5"),
        ("refused", None),
        ("refused", None),
        ("refused_not_attributable", None),
    ]


def test_with_a_banner_only_its_records_are_told(wh: Warehouse) -> None:
    """The event that counts instead may be another banner's; a refusal without a banner can be anybody's."""
    found = wh.why(DAY, "visit", "c")
    assert found.select("outcome", "kept_banner_tag", "records").rows() == [
        ("credited_to_another_banner", "b", 1),
        ("same_event_again", "b", 1),
        ("refused_not_attributable", None, 1),
        ("refused_not_attributable", None, 7),
    ]


def test_a_refusal_is_told_on_the_day_of_its_receipt_with_what_it_says_of_itself(wh: Warehouse) -> None:
    """Records of the log are refused when the log took them, for the type that their payload names."""
    (refused,) = wh.why("2026-11-18", "deposit").filter(pl.col("outcome") == "refused").to_dicts()
    assert (refused["reason"], refused["player_id"], refused["banner_tag"]) == ("placeholder_value", "p7", "[subid]")
    assert "[subid]" in wh.refusal(refused["refusal"])["payload"].item().decode()
    assert wh.why("2026-11-18", "registration").select("outcome", "reason", "records").rows() == [
        ("refused_not_attributable", "not_json", 1)
    ]


@pytest.mark.parametrize("question", [("2026-02-30", "visit"), ("today", "visit"), (DAY, "click"), (DAY, "visit", 7)])
def test_a_question_that_is_none_is_refused(wh: Warehouse, question: tuple[Any, ...]) -> None:
    """A day of the calendar, a type that there is, and a banner tag if any."""
    with pytest.raises(BadParameter):
        wh.why(*question)


def test_without_its_archive_a_snapshot_says_where_it_belongs(home: Path, tmp_path: Path) -> None:
    """Copied elsewhere, it still tells of live days; of archived ones it names the file that is missing."""
    a_pass(home, event(9, created_at="2026-11-01T10:00:00Z"), retention_days=10)
    published = tmp_path / "elsewhere" / "published"
    shutil.copytree(home / "published", published)
    with pixels.open(home) as beside:
        assert outcomes(beside, "2026-11-01", "visit") == [("counted", "e9")]
    with pixels.open(published) as alone:
        assert outcomes(alone, DAY, "visit")[0] == ("counted", "e1")
        with pytest.raises(NoArchive, match=r"archive/2026-11-01/records-.*is not there.*daily_accounting"):
            alone.why("2026-11-01", "visit")


def test_a_late_record_of_an_archived_day_is_weighed_against_the_archive(home: Path) -> None:
    """The earlier one comes last and is the event; the archived one has become the same event again."""
    late, later = "2026-11-01T10:00:00Z", "2026-11-01T11:00:00Z"
    a_pass(home, event(9, created_at=later), retention_days=10)
    a_pass(home, event(9, created_at=late), retention_days=10)
    with pixels.open(home) as wh:
        assert wh.why("2026-11-01", "visit").select("outcome", pl.col("created_at").dt.hour()).rows() == [
            ("counted", 10),
            ("same_event_again", 11),
        ]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_at_the_ends_of_the_calendar_nothing_was_received(wh: Warehouse, day: str) -> None:
    """They are days like any other."""
    assert wh.why(day, "visit").is_empty()


def test_records_with_impossible_times_stop_nothing(pixels_home: Path) -> None:
    """A log that claims the end of time, and refusals of the year 1 and 9999, have a day in every zone."""
    end_of_time = 253_402_300_799_999
    append(pixels_home, [event(1), event(2, created_at="9999-12-31T23:59:59Z")], at_ms=end_of_time)
    received = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")
    impossible = [{**refusal("bad_body", ""), "received_at": at} for at in received]
    append(pixels_home, impossible, table="events_queue_rejected", at_ms=end_of_time)
    a_pass(pixels_home, time_zone="Pacific/Kiritimati")
    with pixels.open(pixels_home) as wh:
        assert outcomes(wh, "2026-11-18", "visit") == [("counted", "e1")]
        assert sorted(wh.rejected_by_reason().rows()) == [("bad_body", 2), ("future_created_at", 1)]


def why(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["why", *arguments], catch_exceptions=False)


def test_the_command_gives_the_sum_first(home: Path) -> None:
    """received = counted + ..., then what was refused by reason, then the records, each with what stands against it."""
    lines = why(DAY, "visit").stdout.splitlines()
    assert lines[1] == (
        "5 received = 1 counted + 1 same player again + 1 credited to another banner + 1 same event again + "
        "1 crawlers, which do not count"
    )
    assert lines[2] == "Besides 2 refused: missing_banner_tag 1, placeholder_value 1"
    assert lines[3] == "Also refused that day, for whatever type or banner: 7: rate_limited 7"
    assert lines[6].split() == [f"{DAY}T10:00:00.000Z", "counted", "e1", "p1", "b"]
    assert lines[8].endswith(f"b e1 at {DAY}T10:00:00.000Z")
    assert len(lines) == 13


def test_the_command_shows_so_many_rows_as_it_is_told(home: Path) -> None:
    """The sums are those of all records whatever is shown, and it says how many are left."""
    shown = why(DAY, "visit", "--limit", "1").stdout
    assert shown.splitlines()[1].startswith("5 received")
    assert shown.endswith("\n\n6 more; `--limit 0` shows all.\n")
    assert len(why(DAY, "visit", "--limit", "0", "--format", "csv").stdout.splitlines()) == 1 + 7


def test_the_command_writes_json(home: Path) -> None:
    """One object: the sums, the refusals by reason, and the records as they are."""
    told = json.loads(why(DAY, "visit", "b", "--format", "json").stdout)
    assert (told["date"], told["type"], told["banner"], told["received"], told["bot"]) == (DAY, "visit", "b", 3, 1)
    assert told["refused_not_attributable_by_reason"] == {"rate_limited": 7, "missing_banner_tag": 1}
    assert [record["id"] for record in told["records"]] == ["e1", "e2", "e5"]


def test_a_banner_that_nobody_used_received_nothing(home: Path) -> None:
    """That is an answer, not an error."""
    answer = why(DAY, "registration", "nobody's")
    assert (answer.exit_code, answer.stdout.splitlines()[1]) == (0, "Nothing received.")


@pytest.mark.parametrize("arguments", [("2026-02-30", "visit"), (DAY, "visits")])
def test_the_command_explains_a_question_that_is_none(home: Path, arguments: tuple[str, ...]) -> None:
    """Exit code 64, and one line."""
    answer = why(*arguments)
    assert (answer.exit_code, len(answer.stderr.splitlines())) == (64, 1)


@pytest.mark.parametrize("output", ["table", "csv", "json"])
def test_what_strangers_wrote_reaches_no_terminal_and_no_spreadsheet_as_a_command(
    pixels_home: Path, output: str
) -> None:
    """Control characters and signs that turn the direction of reading stand as codes; a formula has an apostrophe before it."""
    a_pass(
        pixels_home,
        event(1, id="=1+1", player_id="@x", banner_tag="a\u202eb", metadata={"s": "\t\r\n"}),
        refusals=(refusal("bad_encoding", "GET /visit?playerId=%1b[2J&bannerTag=%0d=x"),),
    )
    written = why(DAY, "visit", "--format", output).stdout
    assert all(line.isprintable() for line in written.split("\n"))
    if output == "csv":
        assert "counted,1,'=1+1,'@x,a\\u202eb," in written
