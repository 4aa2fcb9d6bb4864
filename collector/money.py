"""The money of a deposit: amount, currency and transaction in its metadata, as sent, or not at all."""

from __future__ import annotations

from collector.contract import Contract, Event, Facts, InvalidEvent
from collector.parameters import shown


def with_sound_money(event: Event, facts: Facts, *, contract: Contract) -> Event:
    """Return the deposit unchanged; refuse one whose `amount`, `currency` or `txid` cannot be what its name says.

    Raises `InvalidEvent`: `bad_amount` or `bad_currency`, also when one is there without the other, and `bad_txid`.
    """
    metadata = event.metadata
    amount, currency, txid = metadata.get("amount"), metadata.get("currency"), metadata.get("txid")
    if amount is not None or currency is not None:
        _check_sum(amount, currency, contract)
    if txid is not None:
        _check_transaction(txid, contract)
    return event


def _check_sum(amount: str | None, currency: str | None, contract: Contract) -> None:
    if amount is None:
        raise InvalidEvent("bad_amount", "currency comes without amount")
    if not contract.amount.fullmatch(amount):
        raise InvalidEvent("bad_amount", f"{shown(amount)} is not a plain decimal such as 25.00")
    if currency is None:
        raise InvalidEvent("bad_currency", "amount comes without currency")
    if currency not in contract.currencies:
        raise InvalidEvent("bad_currency", f"{shown(currency)} is not a currency of ISO 4217 such as EUR")


def _check_transaction(txid: str, contract: Contract) -> None:
    if len(txid) > contract.txid_length or not txid.isprintable():
        raise InvalidEvent("bad_txid", f"{shown(txid)} is not 1 to {contract.txid_length} printable characters")
    if contract.is_placeholder(txid.strip()):
        raise InvalidEvent("bad_txid", f"{shown(txid)} is a placeholder")
