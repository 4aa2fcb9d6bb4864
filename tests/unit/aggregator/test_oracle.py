"""The plain-Python rules, by examples small enough to be counted on fingers: what everything else is compared with."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.oracle import Refusal, money, tables, transaction
from tests.sample_records import event

DAY = date(2026, 11, 17)
NINE, TEN, ELEVEN = (f"2026-11-17T{hour}:00:00.000Z" for hour in ("09", "10", "11"))


def deposit(number: int, at: str = TEN, **metadata: str) -> dict[str, Any]:
    return event(number, event_type="deposit", player_id="p", created_at=at, metadata=metadata)


def test_every_record_has_one_account_and_received_is_their_sum() -> None:
    """Counted, the player again for the same banner or another's, the event again, a crawler: each once."""
    visits = [
        event(1, player_id="p", banner_tag="a", created_at=NINE),
        event(2, player_id="p", banner_tag="a"),
        event(3, player_id="p", banner_tag="b"),
        event(1, player_id="p", banner_tag="b", created_at=TEN),
        event(4, banner_tag="b", metadata={"_bot": "crawler"}),
    ]

    assert tables([*visits, visits[0]], "UTC").daily_accounting == {
        (DAY, "visit", "a"): (2, 1, 1, 0, 0, 0),
        (DAY, "visit", "b"): (3, 0, 0, 1, 1, 1),
    }
    assert tables(visits, "UTC", count_bots=True).daily_accounting[DAY, "visit", "b"] == (3, 1, 0, 1, 1, 0)


def test_of_one_transaction_a_verified_deposit_counts_then_the_earliest() -> None:
    """An unsigned deposit that claims the transaction earlier takes nothing from the signed one."""
    sent = [
        deposit(1, NINE, txid="t", amount="1", currency="EUR"),
        deposit(2, ELEVEN, txid="t", amount="3.00", currency="EUR", _key="shop"),
        deposit(3, TEN, txid="t", amount="2.50", currency="EUR", _key="shop"),
    ]

    at = datetime(2026, 11, 17, 10, tzinfo=UTC)
    assert tables(sent, "UTC").counted_deposits == {("p", "t", None): (DAY, "b", "e3", at, "EUR", Decimal("2.5"), True)}


def test_a_deposit_without_a_usable_transaction_is_one_by_its_id() -> None:
    """Senders that fill in "null" everywhere do not have all their deposits taken for one."""
    found = tables([deposit(1), deposit(2, txid="null"), deposit(3, txid="{txid}")], "UTC").counted_deposits

    assert set(found) == {("p", None, "e1"), ("p", None, "e2"), ("p", None, "e3")}


@pytest.mark.parametrize(
    ("sent", "is_meant"),
    [
        ({"amount": "25.00", "currency": "EUR"}, ("EUR", Decimal(25))),
        ({"amount": "25.00"}, (None, None)),
        ({"amount": "25.00", "currency": "eur"}, (None, None)),
        ({"amount": "25.00\n", "currency": "EUR"}, (None, None)),
        ({"amount": "-1", "currency": "EUR"}, (None, None)),
        ({"amount": "1.00001", "currency": "EUR"}, (None, None)),
        ({"amount": "99999999999999.9999", "currency": "JPY"}, ("JPY", Decimal("99999999999999.9999"))),
        ({"amount": "\u0661", "currency": "EUR"}, (None, None)),
    ],
)
def test_money_is_an_amount_and_a_currency_or_nothing(
    sent: dict[str, str], is_meant: tuple[str | None, Decimal | None]
) -> None:
    """One without the other, or one that the contract refuses, leaves both out."""
    assert money(sent) == is_meant


@pytest.mark.parametrize(
    ("txid", "names"),
    [("t-1", True), (" t ", True), ("", False), (" ", False), ("NULL", False), ("%%TX%%", False), ("a\x85", False)]
    + [("x" * 128, True), ("x" * 129, False), ("<tx>", False), ("<1>", True), ("t\n", False)],
)
def test_a_transaction_is_what_the_contract_lets_through(txid: str, names: bool) -> None:
    """Placeholders, macros, control characters and what is too long name none."""
    assert transaction({"txid": txid}) == (txid if names else None)


def test_refusals_add_up_by_the_local_day_they_were_received() -> None:
    """A refusal can stand for many; the day is that of the time zone."""
    late = datetime(2026, 11, 17, 23, 30, tzinfo=UTC)
    refused = [Refusal(late, "not_json"), Refusal(late, "not_json", 3), Refusal(late, "bad_id")]

    assert tables([], "Europe/Berlin", refusals=refused).daily_refusals == {
        (date(2026, 11, 18), "not_json"): 4,
        (date(2026, 11, 18), "bad_id"): 1,
    }
