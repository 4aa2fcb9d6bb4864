"""A deposit's money is checked as it comes in: what is wrong is refused there, where the sender can still mend it."""

from __future__ import annotations

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.contract import Event, Facts, InvalidEvent, Sender, read_contract
from collector.money import with_sound_money
from tests.unit.collector.asgi import NOW, ListLog, ask
from tests.unit.collector.schemas import EVENT_SCHEMA

CONTRACT = read_contract()
FACTS = Facts(event_type="deposit", sender=Sender(None, None), received_at=NOW)


def deposit(**metadata: str) -> Event:
    return Event(
        id="1", event_type="deposit", player_id="p", banner_tag="b", metadata=metadata, source_ip=None,
        user_agent=None, created_at="2026-11-22T16:00:00.123Z",
    )  # fmt: skip


def reason(**metadata: str) -> str | None:
    try:
        kept = with_sound_money(deposit(**metadata), FACTS, contract=CONTRACT)
    except InvalidEvent as refused:
        return refused.reason
    assert kept.metadata == metadata
    return None


@pytest.mark.parametrize("amount", ["0", "0.00", "25", "25.00", "007", "99999999999999.9999", "0.0001"])
def test_a_plain_decimal_is_an_amount(amount: str) -> None:
    """Up to 14 digits before the point and 4 after it, kept as sent."""
    assert reason(amount=amount, currency="EUR") is None


@pytest.mark.parametrize(
    "amount",
    ["", " ", "25,00", "1,000.00", "-5", "+5", "1e3", ".5", "5.", "5.00001", "123456789012345", "NaN", "inf", "0x10", " 5", "5 ", "5\n", "٢٥",
     "1_000", "5.0.0", "€5", "5 EUR", "{amount}", "null", "½", "²"],
)  # fmt: skip
def test_anything_else_is_no_amount(amount: str) -> None:
    """Digits of other scripts are none, and a comma could mean two things."""
    assert reason(amount=amount, currency="EUR") == "bad_amount"


@pytest.mark.parametrize("currency", ["EUR", "JPY", "XAU", "CHE", "ZWG", "XCG"])
def test_a_code_of_iso_4217_is_a_currency(currency: str) -> None:
    """Currencies, precious metals and funds, the newest too."""
    assert reason(amount="1", currency=currency) is None


@pytest.mark.parametrize(
    "currency",
    ["", "eur", "Eur", " EUR", "EUR ", "EURO", "€", "BTC", "DEM", "HRK", "ZWL", "ANG", "978", "null", "\u0415UR"],
)
def test_anything_else_is_no_currency(currency: str) -> None:
    """Neither withdrawn codes nor look-alikes in another script."""
    assert reason(amount="1", currency=currency) == "bad_currency"


def test_amount_and_currency_come_together() -> None:
    """Half a sum is not one."""
    assert reason() is None
    assert reason(amount="1") == "bad_currency"
    assert reason(currency="EUR") == "bad_amount"


@pytest.mark.parametrize("txid", ["1", "t-4711", "x" * 128, "取引 7", "a b", "nullable", "{x}y"])
def test_a_printable_text_is_a_transaction(txid: str) -> None:
    """Alone as well: a sender may know the transaction and not tell the sum."""
    assert reason(txid=txid) is None


@pytest.mark.parametrize(
    "txid",
    [
        "",
        "  ",
        "x" * 129,
        "a\nb",
        "a\tb",
        "a\u200bb",
        "a\u202eb",
        "\u2028",
        "null",
        "UNDEFINED",
        "{txid}",
        "[txid]",
        "%%txid%%",
        " none ",
    ],
)
def test_a_placeholder_or_an_invisible_character_is_no_transaction(txid: str) -> None:
    """Deposits with one `txid` are one transaction, so a constant would swallow all but the first."""
    assert reason(txid=txid) == "bad_txid"


@given(metadata=st.dictionaries(st.sampled_from(["amount", "currency", "txid"]), st.text(max_size=20)))
def test_what_is_taken_is_what_the_schema_says(metadata: dict[str, str]) -> None:
    """The pattern in the schema is what readers of the topic rely on."""
    if reason(**metadata) is None:
        for name, value in metadata.items():
            jsonschema.validate(value, EVENT_SCHEMA["$defs"][name])


async def test_only_a_deposit_has_money() -> None:
    """A visit may carry an `amount` of its own meaning."""
    log = ListLog()
    wrong = b"playerId=1&bannerTag=a&amount=lots"

    visit = await ask(log, "/visit", wrong)
    refused = await ask(log, "/deposit", wrong)

    assert (visit.status, refused.status) == (200, 400)
    assert refused.headers["x-pixels-rejected"] == "bad_amount"


async def test_money_is_kept_as_it_was_sent() -> None:
    """25.00 stays 25.00; nothing is rounded or turned into a float."""
    log = ListLog()

    await ask(log, "/deposit", b"playerId=1&bannerTag=a&amount=25.00&currency=EUR&txid=t-1")

    assert log.events()[0]["metadata"] == {"amount": "25.00", "currency": "EUR", "txid": "t-1"}


def test_the_list_of_currencies_is_sorted_and_without_doubles() -> None:
    """So that a later edition of the standard shows as a short difference."""
    codes = EVENT_SCHEMA["$defs"]["currency"]["enum"]

    assert codes == sorted(set(codes))
    assert {len(code) for code in codes} == {3}
