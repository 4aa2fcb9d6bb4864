"""What part of the amounts that were sent is money, a bar a currency."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import holoviews as hv
import polars as pl

from pixels.plots.theme import (
    EVENT_COLORS,
    HEIGHT,
    WIDTH,
    boxes,
    by_value,
    check_limit,
    cut,
    dressed,
    load_backend,
    nothing_to_draw,
    short_labels,
    texts,
)
from pixels.words import counted

_FAINT = 0.35
_PER_CURRENCY = 50
_LONGEST_VALUE = 17
"""With its currency, it is what fits an axis."""


def money_bars(frame: pl.DataFrame, limit: int = 15, width: int | None = WIDTH, height: int = HEIGHT) -> Any:
    """Draw `wh.money(...)`: for each currency which part of the amount is signed, in full colour, and which is unverified.

    Amounts of different currencies cannot stand on one axis, so bars are shares, and the amounts are written above them. The
    title says how many transactions have no amount. By a dimension there is a bar for each value and currency, of the `limit`
    with the most transactions; the title says when there are more. `width` None fills the page; many bars make it higher.
    """
    check_limit(limit)
    has_amount = frame.filter(pl.col("currency").is_not_null())
    known, heading = _named(has_amount, limit)
    if known.is_empty():
        return nothing_to_draw(width, height, "No amounts in these days")
    load_backend()
    described = [_described(row) for row in known.iter_rows(named=True)]
    rows = pl.DataFrame(described, schema_overrides={"share": pl.Float64}).with_columns(
        place=pl.len() - 1 - pl.int_range(pl.len())
    )
    signed, unverified = _part(rows, "signed"), _part(rows, "unverified")
    amounts = texts(
        rows.select(x=pl.lit(0), y=pl.col("place") + 0.24, written="written"),
        "9pt",
        text_align="left",
        text_baseline="bottom",
    )
    without = int(frame.filter(pl.col("currency").is_null())["transactions"].sum())
    return dressed(
        hv.Overlay([signed, unverified, amounts]),
        width,
        max(height, _PER_CURRENCY * rows.height),
        title=_title(known.height, has_amount.height, without),
        xlabel="Part of the amount sent, %",
        ylabel=heading,
        xlim=(0, 100),
        ylim=(-0.6, rows.height - 0.3),
        yticks=list(rows.select("place", "label").iter_rows()),
        legend_position="top",
        legend_cols=2,
    )


def _named(frame: pl.DataFrame, limit: int) -> tuple[pl.DataFrame, str]:
    """Return the rows to draw, what they are of as `currency`, in short as `label`; and the heading for that."""
    if (dimension := frame.columns[0]) == "currency":
        return frame.with_columns(label="currency"), "Currency"
    named, heading = by_value(frame, dimension)
    largest = named.sort("transactions", "value", "currency", descending=[True, False, False]).head(limit)
    pairs = list(largest.select("value", "currency").iter_rows())
    labels = short_labels([_pair(cut(value, _LONGEST_VALUE), currency) for value, currency in pairs])
    names = [_pair(value, currency) for value, currency in pairs]
    both = (pl.Series("currency", names, pl.String), pl.Series("label", labels, pl.String))
    return largest.with_columns(both), f"{heading}, currency"


def _pair(value: str, currency: str) -> str:
    """Name a value and its currency; a value that turns the direction of reading leaves EUR as it is, and not as RUE."""
    return f"{value}, {currency}" if value.removesuffix("…").isascii() else f"\u2068{value}\u2069, {currency}"


def _title(drawn: int, number: int, without: int) -> str:
    parts = [f"The largest {drawn} of {number:,}"] if number > drawn else []
    parts += [f"{counted(without, 'more transaction')} without an amount"] if without else []
    return "; ".join(parts)


def _described(row: dict[str, Any]) -> dict[str, Any]:
    """Return a currency's share in percent, and its amounts as text: Bokeh would draw them as floats."""
    share = None if row["signed_share"] is None else row["signed_share"] * 100
    amounts = {name: written(row[f"{name}_amount"]) for name in ("signed", "unverified")}
    amount = written(row["amount"])
    return {
        "currency": row["currency"],
        "label": row["label"],
        "share": share,
        **amounts,
        "written": amount if share is None else f"{amounts['signed']} signed of {amount}",
        "signed_transactions": row["signed_transactions"],
        "unverified_transactions": row["unverified_transactions"],
    }


def _part(rows: pl.DataFrame, name: str) -> Any:
    """Return the bars of what is signed, from the left, or of the rest."""
    share, nothing, everything = pl.col("share"), pl.lit(0.0), pl.lit(100.0)
    left, right = (nothing, share) if name == "signed" else (share, everything)
    drawn = rows.filter(share.is_not_null()).with_columns(
        left=left, right=right, bottom=pl.col("place") - 0.24, top=pl.col("place") + 0.24
    )
    label = name.capitalize()
    shown = ["currency", name, f"{name}_transactions"]
    tooltips = [("Currency", "@currency"), (label, f"@{name}"), ("Transactions", f"@{name}_transactions{{0,0}}")]
    fill_alpha = 1 if name == "signed" else _FAINT
    return boxes(drawn, shown, tooltips, label, color=EVENT_COLORS["deposit"], fill_alpha=fill_alpha)


def written(amount: Decimal) -> str:
    """Write an amount exactly, with the decimals that it needs, at least two: 1,234.50."""
    whole, decimals = f"{amount:,.4f}".split(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"
