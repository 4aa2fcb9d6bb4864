"""The table of banners. Banner tags come from strangers: they are text, whatever they look like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from panel_app import words
from panel_app.address import Address
from panel_app.blocks.changes import changed
from panel_app.blocks.markup import link, name, skeleton, text
from panel_app.figures import TAG, Figures
from panel_app.measures import ENOUGH, FTD
from panel_app.page import Shown
from panel_app.situation import Situation

Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """A column of the table: what it is sorted by, and its heading."""

    slug: str
    label: str
    short: str = ""
    wide_only: bool = True


COLUMNS = (
    Column("visitors", "Daily unique visitors", "Visitors", wide_only=False),
    Column("registrations", "Registrations", "Reg.", wide_only=False),
    Column("ftd", "FTD", "FTD", wide_only=False),
    Column("visit_to_registration", "Visit to registration"),
    Column("registration_to_ftd", "Registration to FTD"),
    Column("change", "FTD, change"),
    Column("cost_per_ftd", "Cost per FTD"),
)
SORTS = tuple(column.slug for column in COLUMNS)
_CLASSES = {"visitors": "visits"}
_RATES = {"visit_to_registration": "entered_visitors", "registration_to_ftd": "entered_credited_registrations"}


def heading_of(dimension: str) -> str:
    """Return a dimension as a heading."""
    return "Banner" if dimension == TAG else dimension.replace("_", " ").capitalize()


def banner_rows(figures: Figures, where: Situation, by: str) -> pl.DataFrame:
    """Return a row a value of the dimension `by`: its sums, both rates, the change of FTD, cost per FTD.

    [by], visitors, registrations, ftd, ftd_before and change (null where a comparison would mislead),
    entered_visitors, entered_registrations, entered_credited_registrations, entered_deposits (0 while not known),
    visit_to_registration, registration_to_ftd, cost, cost_per_ftd (of a banner alone: a cost is of the whole banner).
    """
    key = figures.dimensions.select(pl.col(TAG), pl.col(by).alias("_value"))

    def split(frame: pl.DataFrame | None, sums: dict[str, str]) -> pl.DataFrame:
        frame = pl.DataFrame(schema={TAG: pl.String, **dict.fromkeys(sums, pl.Int64)}) if frame is None else frame
        totals = [pl.col(column).sum().alias(name) for column, name in sums.items()]
        return frame.join(key, on=TAG, how="left").group_by("_value").agg(totals)

    now = split(figures.now.activity, _ACTIVITY)
    entered = split(figures.now.entries, _ENTERED)
    is_fair = where.fair_days(FTD.needs) is not None and figures.before is not None
    before = split(figures.before.activity if is_fair and figures.before else None, {"ftd": "ftd_before"})
    costs = figures.costs.rename({TAG: "_value"}) if by == TAG else figures.costs.clear().rename({TAG: "_value"})
    rows = now
    for other in (entered, before):
        rows = rows.join(other, on="_value", how="full", coalesce=True, nulls_equal=True)
    rows = rows.join(costs, on="_value", how="left")
    counts = pl.col(*_ACTIVITY.values(), *_ENTERED.values()).fill_null(0)
    before_or_none = pl.col("ftd_before").fill_null(0) if is_fair else pl.lit(None, pl.Int64).alias("ftd_before")
    return _with_quotients(rows.with_columns(counts, before_or_none).rename({"_value": by}))


_ACTIVITY = {"daily_unique_visitors": "visitors", "registrations": "registrations", "ftd": "ftd"}
_ENTERED = {name: f"entered_{name}" for name in ("visitors", "registrations", "credited_registrations", "deposits")}


def _with_quotients(rows: pl.DataFrame) -> pl.DataFrame:
    def rate(part: str, whole: str) -> pl.Expr:
        return pl.when(pl.col(whole) > 0).then(pl.col(part) / pl.col(whole))

    return rows.with_columns(
        visit_to_registration=rate("entered_registrations", "entered_visitors"),
        registration_to_ftd=rate("entered_deposits", "entered_credited_registrations"),
        change=pl.col("ftd") - pl.col("ftd_before"),
        cost_per_ftd=pl.when(pl.col("ftd") > 0).then(pl.col("cost").cast(pl.Float64) / pl.col("ftd")),
    )


def sorted_rows(rows: pl.DataFrame, by: str, sort: str, *, upwards: bool = False) -> pl.DataFrame:
    """Sort by a column, then by FTD, registrations, visitors, name. Rates of few people come last, whichever way."""
    order = [sort, *(name for name in ("ftd", "registrations", "visitors") if name != sort)]
    chance = pl.col(_RATES[sort]) < ENOUGH if sort in _RATES else pl.lit(value=False)
    return (
        rows.with_columns(_chance=chance)
        .sort(
            "_chance", *order, by, descending=[False, not upwards, *[True] * (len(order) - 1), False], nulls_last=True
        )
        .drop("_chance")
    )


def banners_table(shown: Shown, rows: pl.DataFrame, sort: str, *, upwards: bool = False, bars: bool = False) -> str:
    """Draw the rows. A click on a heading sorts, one on a name filters; `bars` draws the counts as bars too."""
    figures: Figures = shown.answer
    address = shown.address
    drawn = [column for column in COLUMNS if column.slug != "cost_per_ftd" or not figures.costs.is_empty()]
    headings = "".join(_heading(column, address, sort, upwards=upwards) for column in drawn)
    most = {column: rows[column].max() for column in ("visitors", "registrations", "ftd")} if bars else {}
    is_known = figures.now.entries is not None
    body = "".join(_row(row, drawn, address, most, is_known=is_known) for row in rows.iter_rows(named=True))
    return (
        f'<div class="sized"><table class="banners"><thead><tr><th scope="col">{text(heading_of(address.by))}</th>'
        f'{headings}<td class="own"></td></tr></thead><tbody>{body}</tbody></table></div>'
    )


def _heading(column: Column, address: Address, sort: str, *, upwards: bool) -> str:
    is_sorted = column.slug == sort
    turned = "up" if is_sorted and not upwards else ""
    arrow = (" ▴" if upwards else " ▾") if is_sorted else ""
    to = address.with_options(sort=column.slug, order=turned)
    short = f'<span class="long">{text(column.label)}</span><span class="short">{text(column.short)}</span>'
    inside = f"{short if column.short else text(column.label)}{arrow}"
    aria = f' aria-sort="{"ascending" if upwards else "descending"}"' if is_sorted else ""
    css = f"{'wide-only ' if column.wide_only else ''}{'sorted' if is_sorted else ''}".strip()
    return f'<th scope="col" class="{css}"{aria}>{link(to, inside)}</th>'


def _row(row: Row, columns: list[Column], address: Address, most: dict[str, Any], *, is_known: bool) -> str:
    value: str | None = row[address.by]
    cells = "".join(_cell(column, row, most, is_known=is_known) for column in columns)
    to = address.only(address.by, value)
    own = ""
    if address.by == TAG and value is not None:
        page = Address("banner", address.days, address.against).with_options(tag=value)
        own = link(page, "&rsaquo;", label=f"The page of {value}")
    return f'<tr><td role="rowheader" class="banner">{link(to, name(value), css="filter")}</td>{cells}<td class="own">{own}</td></tr>'


def _cell(column: Column, row: Row, most: dict[str, Any], *, is_known: bool) -> str:
    css = [f"banner-{_CLASSES.get(column.slug, column.slug)}", *(["wide-only"] if column.wide_only else [])]
    value, bar = row[column.slug], ""
    if column.slug in _RATES:
        shown = text(words.percent(value)) if is_known else skeleton("4ch")
        css += ["chance"] if is_known and row[_RATES[column.slug]] < ENOUGH else []
    elif column.slug == "change":
        shown = _change(row)
    elif column.slug == "cost_per_ftd":
        shown = words.NONE if value is None else words.price(value)
    else:
        shown = words.number(value)
        if most.get(column.slug):
            bar = f' style="--share:{value / most[column.slug] * 100:.1f}%"'
            css.append("barred")
    return f'<td class="{" ".join(css)}"{bar}>{shown}</td>'


def _change(row: Row) -> str:
    if row["change"] is None:
        return words.NONE
    change = row["change"]
    if change == 0:
        return changed("level", "0")
    return changed("up" if change > 0 else "down", words.number(abs(change)))
