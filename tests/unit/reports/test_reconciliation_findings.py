"""What is said of an affiliate's log: both sums, the main reason, and nothing of anybody else."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pytest

import pixels
from pixels import Warehouse
from pixels.reports import reconciliation_findings as findings
from pixels.reports.words import END_ISOLATE, ISOLATE
from tests.sample_warehouse import SampleWarehouse, at, deposit, registration

DAYS = ("2026-11-01", "2026-11-03")


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Two banners of an affiliate, and one of another."""
    sample = SampleWarehouse(
        tmp_path_factory.mktemp("home"), banners={"a": ("Anna", None, None, None), "b": ("Anna", None, None, None)}
    )
    sample.publish(
        registration("p1", "a", "2026-11-01T10:00"),
        registration("p2", "z", "2026-11-01T10:00"),
        registration("p3", "z", "2026-11-02T23:00"),
        registration("secret", "b", "2026-11-02T10:00"),
        deposit("p1", "a", "2026-11-01T10:00", txid="t1", amount="5", currency="EUR"),
        complete_until=at("2026-11-09T12:00"),
    )
    with pixels.open(sample.home) as warehouse:
        yield warehouse


def test_banners_are_those_of_the_affiliate_or_the_one_named(wh: Warehouse) -> None:
    """Without either there are none, and so no page."""
    assert findings.banners_of(wh, "Anna", "") == ["a", "b"]
    assert findings.banners_of(wh, "Anna", "z") == ["z"]
    assert findings.banners_of(wh, "", "") == []
    assert "needs “affiliate” or “banner”" in findings.nothing_to_compare("x.csv", "", [])
    assert "Give the log as the parameter “file”" in findings.nothing_to_compare("", "", ["a"])


def test_nothing_of_anybody_else_is_told(wh: Warehouse) -> None:
    """Neither the other banner nor when its event was, nor a player whom the file does not name."""
    frame = pl.DataFrame({"player": ["p1", "p2", "p3"], "day": ["2026-11-01", "2026-11-01", "2026-11-03"]})
    found = wh.reconcile(frame, "registration", *DAYS, banner=["a", "b"])
    rows = findings.their_rows(found)
    assert rows["why"].to_list() == [
        "we counted it for another banner, whose event came first",
        "we counted it on the day beside; the day of the file is another time zone's day",
    ]
    assert findings.extra_by_day(found).rows() == [("2026-11-02", "b", 1)]
    shown = f"{rows.rows()} {findings.extra_by_day(found).rows()} {findings.reasons(found).rows()}"
    assert "secret" not in shown
    assert "'z'" not in shown
    assert findings.sums(found) == (
        "Your file has 3 registrations of these days and banners, Pixels has 2. 1 agree; 2 of yours are not in Pixels "
        "and 1 of Pixels are not in your file. Compared by day and player."
    )
    assert findings.headings(rows) == {"their_row": "Row", "event_date": "Day", "player_id": "Player", "why": "Why"}


def test_amounts_of_their_own_transactions_are_told(wh: Warehouse) -> None:
    """Exactly, with the currency."""
    frame = pl.DataFrame({"txid": ["t1"], "amount": ["5.01"], "currency": ["EUR"]})
    found = wh.reconcile(frame, "deposit", *DAYS, banner="a")
    assert findings.their_rows(found)["why"].to_list() == ["ours is 5.0000 EUR"]
    assert findings.main_reason(found) == "Nothing of your file is missing."


def test_columns_that_nobody_read_are_named(wh: Warehouse) -> None:
    """Above all the one that would tell the events apart."""
    frame = pl.DataFrame({"Customer": ["p1"], "day": ["2026-11-01"], "=x": ["1"]})
    found = wh.reconcile(frame, "registration", *DAYS, banner="a")
    said = findings.sums(found).replace(ISOLATE, "").replace(END_ISOLATE, "")
    assert said.endswith(
        "Compared by day. Not read: “Customer” and “=x”; where one of them names the player, “columns” (player=...) says so."
    )
    known = wh.reconcile(frame, "registration", *DAYS, banner="a", columns={"player": "Customer"})
    assert findings.sums(known).replace(ISOLATE, "").replace(END_ISOLATE, "").endswith("Not read: “=x”.")


def test_counts_are_told_with_what_was_received(wh: Warehouse) -> None:
    """How many a row stands for has a column then."""
    found = wh.reconcile(pl.DataFrame({"day": ["2026-11-01"], "banner": ["a"], "count": [4]}), "registration", *DAYS)
    rows = findings.their_rows(found)
    assert findings.headings(rows)["count"] == "How many"
    assert rows["why"][0].startswith("we received 1: 1 counted, 0 same player again")
    assert findings.main_reason(found).startswith("Of 3 that Pixels lacks, 3: it was never received")
