"""`wh.transactions` lists the deposits behind `wh.money`, whatever lies where: what it says counts adds up to the money."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import hypothesis
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pixels
from aggregator.run import run_pass
from pixels.config import Settings
from pixels.errors import BadParameter
from pixels.rules import INSTANT
from tests.colliding_records import APPENDED, deposits, records
from tests.local_log import append
from tests.oracle import ACCOUNTS, Record, tables
from tests.sample_records import event

NOW = datetime(2026, 11, 20, tzinfo=UTC)
YEAR = ("2026-01-01", "2026-12-31")


def a_pass(home: Path, *values: Record, **settings: Any) -> None:
    """Append what is given, and run a pass on 20 November."""
    append(home, values, at_ms=APPENDED)
    run_pass(Settings(_env_file=None, home=home, **{"timezone": "UTC", **settings}), now=lambda: NOW)


def deposit(number: int, when: str, **metadata: str) -> Record:
    """A deposit of player p1."""
    return event(number, event_type="deposit", player_id="p1", created_at=when, metadata=metadata)


@settings(max_examples=hypothesis.settings().max_examples // 2)  # each example is a pass or two
@given(
    passes=st.lists(st.lists(records | deposits, min_size=1, max_size=14), min_size=1, max_size=2),
    time_zone=st.sampled_from(["UTC", "Europe/Berlin"]),
    retention_days=st.sampled_from([90, 27]),
)
def test_what_counts_is_the_money_and_the_rest_names_what_stands_for_it(
    passes: list[list[Record]], time_zone: str, retention_days: int
) -> None:
    """Against the transactions and accounts of the plain rules, for live days and archived ones."""
    expected = tables([record for batch in passes for record in batch], time_zone=time_zone)
    with tempfile.TemporaryDirectory() as folder:
        for batch in passes:
            a_pass(Path(folder), *batch, timezone=time_zone, retention_days=retention_days)
        with pixels.open(folder) as wh:
            found = wh.transactions(*YEAR)
            of_a = wh.transactions(*YEAR, banner="a")
            money = wh.money(*YEAR)
    rows = found.to_dicts()
    held = {
        (row["player_id"], row["txid"], None if row["txid"] else row["id"]): (
            row["event_date"], row["banner_tag"], row["id"], row["created_at"], row["currency"], row["amount"], row["is_verified"],
        )
        for row in rows
        if row["outcome"] == "counted"
    }  # fmt: skip
    assert held == expected.counted_deposits
    received = Counter(row["event_date"] for row in rows)
    repeats = Counter(row["event_date"] for row in rows if row["outcome"] == "same_event_again")
    same_event = ACCOUNTS.index("same_event_again") + 1
    assert received == summed(expected.daily_accounting, 0)
    assert repeats == summed(expected.daily_accounting, same_event)
    for row in rows:
        check_what_stands_for_it(row, {(*key[:2], one[2], one[3]) for key, one in held.items()})
    assert of_a.equals(found.filter(pl.col("banner_tag") == "a"))
    sums = found.filter(pl.col("outcome") == "counted").group_by("currency").agg(pl.len(), pl.col("amount").sum())
    assert {(currency, number) for currency, number, _ in sums.iter_rows()} == set(
        money.select("currency", "transactions").rows()
    )


def summed(accounting: dict[tuple[date, str, str], Any], place: int) -> Counter[date]:
    """Add up a column of the accounts of deposits by day."""
    found: Counter[date] = Counter()
    for (day, event_type, _), row in accounting.items():
        if event_type == "deposit" and row[place]:
            found[day] += row[place]
    return found


def check_what_stands_for_it(row: dict[str, Any], held: set[tuple[Any, ...]]) -> None:
    """What does not count is worth nothing here, and names the deposit that does."""
    kept = (row["kept_player_id"], row["txid"], row["kept_id"], row["kept_created_at"])
    match row["outcome"]:
        case "counted":
            assert kept[0] is kept[2] is kept[3] is row["kept_banner_tag"] is None
        case "same_transaction_again":
            assert kept in held
            assert row["kept_player_id"] == row["player_id"]
            assert (row["amount"], row["is_verified"]) == (None, None)
        case "same_event_again":
            assert row["kept_id"] == row["id"]
            assert (row["amount"], row["is_verified"]) == (None, None)


def test_a_transaction_that_another_day_stands_for_says_which(pixels_home: Path) -> None:
    """Sent again the next day, or signed later: the signed one is the money, and the other names it."""
    a_pass(
        pixels_home,
        deposit(1, "2026-11-10T10:00:00Z", txid="t", amount="5", currency="EUR"),
        deposit(2, "2026-11-12T10:00:00Z", txid="t", amount="5.00", currency="EUR", _key="shop"),
        deposit(3, "2026-11-10T11:00:00Z", txid="null", amount="7", currency="EUR"),
        deposit(3, "2026-11-10T12:00:00Z", amount="7", currency="EUR"),
    )
    with pixels.open(pixels_home) as wh:
        first_day, later = wh.transactions("2026-11-10", "2026-11-10"), wh.transactions("2026-11-12", "2026-11-12")
    assert first_day.select("outcome", "id", "txid", "amount", "kept_id", "kept_created_at").rows() == [
        ("same_transaction_again", "e1", "t", None, "e2", datetime(2026, 11, 12, 10, tzinfo=UTC)),
        ("counted", "e3", None, Decimal(7), None, None),
        ("same_event_again", "e3", None, None, "e3", datetime(2026, 11, 10, 11, tzinfo=UTC)),
    ]
    assert later.select("outcome", "txid", "amount", "is_verified").rows() == [("counted", "t", Decimal(5), True)]


def test_an_empty_answer_has_the_types_of_any_other(pixels_home: Path) -> None:
    """Nothing was deposited, or nobody's banner was asked for."""
    a_pass(pixels_home, event(1), deposit(2, "2026-11-10T10:00:00Z"))
    with pixels.open(pixels_home) as wh:
        none, some = wh.transactions("2026-10-01", "2026-10-01"), wh.transactions(*YEAR)
        assert (none.height, some.height, none.schema) == (0, 1, some.schema)
        assert some.schema["created_at"] == some.schema["kept_created_at"] == INSTANT
        assert wh.transactions(*YEAR, banner=["' OR true --"]).is_empty()
        with pytest.raises(BadParameter):
            wh.transactions("2026-11-02", "2026-11-01")
        with pytest.raises(BadParameter):
            wh.transactions(*YEAR, banner=1)  # type: ignore[arg-type]
