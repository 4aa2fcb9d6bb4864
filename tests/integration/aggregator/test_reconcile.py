"""`wh.reconcile` explains what somebody else counts by the records: crawlers, refusals, click ids, archived days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import polars as pl
import pytest

import pixels
from aggregator.run import run_pass
from pixels import Warehouse
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
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
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
