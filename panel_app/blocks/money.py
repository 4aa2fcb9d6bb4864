"""Amounts by currency and by banner, and the deposits behind them. Nothing is converted, and no two currencies are added up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from panel_app import words
from panel_app.address import Address
from panel_app.blocks.banners import heading_of
from panel_app.blocks.changes import amount_change
from panel_app.blocks.markup import link, name, text
from panel_app.page import Shown
from pixels.transactions import OUTCOMES

OUTCOME_LABELS = {
    "counted": "Stands for its transaction",
    "same_transaction_again": "Same transaction again",
    "same_event_again": "Same event again",
}
WITHOUT_AMOUNT = "without an amount"
ALL = "all"
LISTED = 200
_ROWS = 100
Row = dict[str, Any]


@dataclass(frozen=True)
class Deposits:
    """The newest deposits of an outcome, and how many there are of each."""

    newest: pl.DataFrame
    counts: Mapping[str, int]


def currencies_table(now: pl.DataFrame, before: pl.DataFrame | None) -> str:
    """Draw a row a currency, the one with the most transactions first; `before` None: nothing fair is there to compare with."""
    earlier = {} if before is None else {row["currency"]: row["signed_amount"] for row in before.to_dicts()}
    rows = "".join(_currency(row, earlier, is_compared=before is not None) for row in now.to_dicts())
    change = "" if before is None else '<th scope="col">Change</th>'
    return (
        '<div class="sized"><div class="scrolls tall" tabindex="0"><table class="money"><thead><tr><th scope="col">Currency</th>'
        '<th scope="col">Money</th>'
        f"{change}{_headings()}</tr></thead><tbody>{rows}</tbody></table></div></div>"
        '<p class="note">Money is what signed deposits say, each transaction once. Unverified are those that anybody who knows the pixel '
        "could have sent.</p>"
    )


def _headings(unverified: str = "") -> str:
    """Draw the headings over the cells of `_rest`; `unverified` is a class of the number of unverified transactions."""
    return (
        '<th scope="col">Transactions</th><th scope="col" class="wide-only">On average</th>'
        f'<th scope="col" class="{unverified}">Unverified</th><th scope="col" class="wide-only">Amount unverified</th>'
    )


def _currency(row: Row, earlier: dict[str, Decimal], *, is_compared: bool) -> str:
    currency = row["currency"]
    change = ""
    if is_compared:
        now, before = row["signed_amount"], earlier.get(currency, Decimal())
        change = f'<td class="change">{words.NONE if currency is None else amount_change(now, before)}</td>'
    return (
        f'<tr><th scope="row">{text(currency or WITHOUT_AMOUNT)}</th><td class="money-{text(currency or "none")}">'
        f"{_amount(row, 'signed_amount')}</td>{change}{_rest(row)}</tr>"
    )


def _rest(row: Row, unverified: str = "") -> str:
    return (
        f'<td>{words.number(row["signed_transactions"])}</td><td class="wide-only">{_average(row)}</td>'
        f'<td class="{unverified}">{words.number(row["unverified_transactions"])}</td>'
        f'<td class="wide-only">{_amount(row, "unverified_amount")}</td>'
    )


def _amount(row: Row, column: str) -> str:
    return words.NONE if row["currency"] is None else text(words.price(row[column]))


def _average(row: Row) -> str:
    number = row["signed_transactions"]
    return text(words.price(row["signed_amount"] / number)) if number and row["currency"] else words.NONE


def values_table(rows: pl.DataFrame, address: Address) -> str:
    """Draw a row a value of the dimension and currency, with the most money first in each; a click on a name filters."""
    by = address.by
    most = {
        row["currency"]: row["signed_amount"]
        for row in rows.group_by("currency").agg(pl.col("signed_amount").max()).to_dicts()
    }
    body = "".join(_value(row, address, most) for row in rows.head(_ROWS).to_dicts())
    more = (
        f'<p class="note">The first {words.number(_ROWS)} of {words.number(rows.height)}.</p>'
        if rows.height > _ROWS
        else ""
    )
    return (
        f'<div class="sized"><table class="banners"><thead><tr><th scope="col">{text(heading_of(by))}</th><th scope="col">Money</th>'
        f"{_headings('wide-only')}</tr></thead><tbody>{body}</tbody></table></div>{more}"
    )


def _value(row: Row, address: Address, most: dict[str | None, Decimal]) -> str:
    currency, value = row["currency"], row[address.by]
    css, bar, amount = "banner-money", "", text(WITHOUT_AMOUNT)
    if currency is not None:
        amount = f"{_amount(row, 'signed_amount')} {text(currency)}"
        share = float(row["signed_amount"] / most[currency]) if most[currency] else 0.0
        css, bar = f"barred {css}", f' style="--share:{share * 100:.1f}%"'
    return (
        f'<tr><td role="rowheader" class="banner">{link(address.only(address.by, value), name(value), css="filter")}</td>'
        f'<td class="{css}"{bar}>{amount}</td>{_rest(row, "wide-only")}</tr>'
    )


def deposits_list(deposits: Deposits, shown: Shown) -> str:
    """Draw how many deposits became what, a click lists those alone, and the newest of them."""
    address = shown.address
    chosen = address.option("deposits")
    counts = deposits.counts
    ways = "".join(
        link(
            address.with_options(deposits=ALL if outcome == chosen else outcome),
            f"{text(OUTCOME_LABELS[outcome])} <b>{words.number(counts[outcome])}</b>",
            css="chip",
            current=outcome == chosen,
        )
        for outcome in OUTCOMES
        if outcome in counts
    )
    zone, some_do_not_count = shown.situation.time_zone, bool(deposits.newest["kept_id"].count())
    rows = "".join(_deposit(row, zone, with_kept=some_do_not_count) for row in deposits.newest.iter_rows(named=True))
    columns = ["Time", "Became", "Amount", "Player", "Banner", "Transaction"]
    columns += ["What stands in its place"] if some_do_not_count else []
    number = sum(counts.values()) if chosen == ALL else counts.get(chosen, 0)
    headings = "".join(f'<th scope="col">{one}</th>' for one in columns)
    note = f'<p class="note">The newest {words.number(LISTED)} are listed.</p>' if number > LISTED else ""
    return (
        f'<div class="chips">{ways}</div><div class="scrolls tall" tabindex="0"><table class="records"><thead><tr>{headings}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{note}"
    )


def _deposit(row: Row, zone: str, *, with_kept: bool) -> str:
    amount = words.NONE
    if row["currency"] is not None:
        unverified = "" if row["is_verified"] else ' <span class="muted">unverified</span>'
        amount = f"{text(words.price(row['amount']))} {text(row['currency'])}{unverified}"
    because = ""
    if row["kept_id"] is not None:
        because = f"{name(row['kept_banner_tag'])}, {text(words.instant_to_the_second(row['kept_created_at'], zone))}"
    who = link(Address("players").with_options(player=row["player_id"]), name(row["player_id"]))
    transaction = words.NONE if row["txid"] is None else name(row["txid"])
    return (
        f'<tr><th scope="row">{text(words.instant_to_the_second(row["created_at"], zone))}</th>'
        f"<td>{text(OUTCOME_LABELS[row['outcome']])}</td><td>{amount}</td><td>{who}</td><td>{name(row['banner_tag'])}</td>"
        f"<td class='id'>{transaction}</td>{f'<td>{because}</td>' if with_kept else ''}</tr>"
    )
