"""`wh.reconcile` explains what somebody else counts by the records: crawlers, refusals, click ids, archived days."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

import pixels
from aggregator.run import run_pass
from pixels import Warehouse
from pixels.cli import main
from pixels.config import Settings
from tests.colliding_records import APPENDED
from tests.local_log import append
from tests.sample_records import event

OLD, DAY = "2026-11-02", "2026-11-17"
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def refusal(reason: str, request: str) -> dict[str, object]:
    """A refusal as the collector keeps it."""
    return {
        "reason": reason,
        "payload": request,
        "received_at": f"{DAY}T10:00:00Z",
    }


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archived day and one that is not, with whatever can become of a visit."""
    home = tmp_path_factory.mktemp("home")
    records = [
        event(1, banner_tag="a", created_at=f"{OLD}T10:00:00Z", metadata={"b": "c1"}),
        event(2, banner_tag="z", created_at=f"{OLD}T11:00:00Z", metadata={"b": "c2"}),
        event(3, banner_tag="a", created_at=f"{DAY}T09:12:00Z", metadata={"b": "c3"}),
        event(4, player_id="p3", banner_tag="a", created_at=f"{DAY}T10:00:00Z", metadata={"b": "c4"}),
        event(5, banner_tag="a", created_at=f"{DAY}T10:00:00Z", metadata={"b": "c5", "_bot": "x"}),
        event(6, banner_tag="a", created_at=f"{DAY}T10:00:00Z"),
        event(7, player_id="p2", banner_tag="a", created_at=f"{OLD}T12:00:00Z", metadata={"b": "c7"}),
        event(8, banner_tag="a", created_at=f"{DAY}T10:00:00Z", metadata={"b": 'a"b,c'}),
    ]
    append(home, records, at_ms=APPENDED)
    request = "GET /visit?playerId=p9&bannerTag=a&b=c9"
    append(home, [refusal("bad_signature", request)], table="events_queue_rejected", at_ms=APPENDED)
    run_pass(Settings(_env_file=None, home=home, retention_days=10), now=lambda: NOW)
    return home


@pytest.fixture(scope="module")
def wh(home: Path) -> Iterator[Warehouse]:
    with pixels.open(home) as warehouse:
        assert warehouse.sql("SELECT count(*) FROM archive_files").item()
        yield warehouse


def explanations(wh: Warehouse, **columns: list[str]) -> list[tuple[str, str, str | None]]:
    found = wh.reconcile(pl.DataFrame(columns), "visit", OLD, DAY, banner="a")
    assert found.summary["theirs"].item() == len(columns["day"])
    return found.details.filter(pl.col("verdict") != "extra").select("verdict", "explanation", "because").rows()


def test_what_became_of_a_player_is_found_in_the_records(wh: Warehouse) -> None:
    """Counted twice by them, credited to another banner on an archived day, a crawler, refused, never seen."""
    players = ["p1", "p2", "p3", "p3", "p5", "p9", "p10"]
    found = explanations(wh, player=players, day=[OLD, OLD, DAY, DAY, DAY, DAY, DAY])
    assert found == [
        ("missing", "other_banner", f"we counted it for banner z at {OLD} 11:00:00 UTC"),
        ("missing", "counted_once", f"already counted at {DAY} 09:12:00 UTC for banner a"),
        ("missing", "crawler", f"a declared crawler's visit at {DAY} 10:00:00 UTC, which does not count"),
        ("missing", "refused", "refused: bad_signature"),
        ("missing", "never_received", "it was never received, or nothing that was received says that it is this one"),
    ]


def test_click_ids_are_compared_with_what_events_carry(wh: Warehouse) -> None:
    """On archived days too, whatever the id is made of; an event of the same player again is told with the one that counts."""
    clicks = ["c1", "c7", "c3", "c4", "c5", "c9", 'a"b,c', "c10"]
    found = explanations(wh, click_id=clicks, day=[OLD, OLD, DAY, DAY, DAY, DAY, DAY, DAY])
    assert [explanation for _, explanation, _ in found] == [
        "other_banner", "counted_once", "crawler", "refused", "never_received"
    ]  # fmt: skip
    assert found[0][2] == f"we counted it for banner z at {OLD} 11:00:00 UTC"


def test_events_without_a_click_id_are_extra_and_told_apart(wh: Warehouse) -> None:
    """They cannot be matched, which is no fault of theirs."""
    found = wh.reconcile(pl.DataFrame({"click_id": ["c1"], "day": [OLD]}), "visit", OLD, DAY, banner="a")
    assert dict(found.reasons.select("explanation", "count").iter_rows()) == {"no_click_id": 1, "not_in_their_log": 2}


def test_counts_are_explained_by_what_was_received(wh: Warehouse) -> None:
    """Four visits of theirs are two of ours, one of the same player again and a crawler's."""
    frame = pl.DataFrame({"day": [DAY, OLD], "banner": ["a", "a"], "count": [5, 9]})
    found = wh.reconcile(frame, "visit")
    assert found.details.select("count", "explanation", "received", "same_player_again", "bots").rows() == [
        (8, "partly_not_counted", 2, 0, 0),
        (2, "received_not_counted", 5, 1, 1),
    ]


@pytest.fixture
def command(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run the command on a file of theirs."""
    monkeypatch.setenv("PIXELS_HOME", str(home))
    file = tmp_path / "theirs.csv"
    file.write_text(f"Customer;Datum;note\np1;02.11.2026;x\n'=evil;17.11.2026;x\np9;17.11.2026;x\nq;{DAY};x\n")

    def run(*options: str) -> Result:
        return CliRunner().invoke(main, ["reconcile", str(file), "visit", *options], catch_exceptions=False)

    return run


OPTIONS = ("--column", "player=Customer", "--column", "day=Datum", "--date-format", "%d.%m.%Y", "--banner", "a")


def test_the_command_gives_both_sums_first(command: Callable[..., Result]) -> None:
    """Then what was read, the reasons, and the rows with what stands against each."""
    lines = command(*OPTIONS).stdout.splitlines()
    assert lines[:6] == [
        "visit, 2026-11-02 to 2026-11-17 (UTC), a",
        "4 of theirs = 1 matched + 3 missing here + 0 different",
        "4 of ours = 1 matched + 3 missing there + 0 different",
        "Read: player 'Customer', day 'Datum'",
        "Not read: 'note'",
        "",
    ]
    assert "  1 missing: refused: it was refused" in lines
    assert any(line.endswith("refused: bad_signature") for line in lines)


def test_the_command_writes_csv_and_json(command: Callable[..., Result]) -> None:
    """No cell of the CSV is a formula; JSON has the sums too."""
    assert "'=evil" in command(*OPTIONS, "--format", "csv").stdout
    told = json.loads(command(*OPTIONS, "--format", "json", "--limit", "1").stdout)
    assert (told["theirs"], told["missing"], len(told["details"])) == (4, 3, 1)


@pytest.mark.parametrize(
    "options", [(), ("--column", "player"), ("--column", "player=Nobody"), (*OPTIONS, "--by", "x")]
)
def test_the_command_explains_a_question_that_is_none(command: Callable[..., Result], options: tuple[str, ...]) -> None:
    """Exit code 64, and one line."""
    answer = command(*options)
    assert (answer.exit_code, len(answer.stderr.splitlines())) == (64, 1)
