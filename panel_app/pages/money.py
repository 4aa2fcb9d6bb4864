"""Money: what deposits were worth by currency and banner, and every deposit behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import polars as pl

from panel_app.address import Address
from panel_app.blocks.banners import heading_of
from panel_app.blocks.exports import exports
from panel_app.blocks.layout import section, stack
from panel_app.blocks.markup import link, text
from panel_app.blocks.money import ALL, LISTED, OUTCOME_LABELS, Deposits, currencies_table, deposits_list, values_table
from panel_app.figures import TAG, filtered, with_dimensions
from panel_app.notebook import only_banners
from panel_app.page import Go, Page, Shown
from panel_app.screen import Screen
from panel_app.situation import Situation
from panel_app.source import Answers, Standing
from pixels import Warehouse
from pixels.errors import PixelsError
from pixels.period import Period

_SUMS = (
    "transactions",
    "amount",
    "signed_transactions",
    "signed_amount",
    "unverified_transactions",
    "unverified_amount",
)
_NEEDS = ("deposit",)


@dataclass(frozen=True)
class Money:
    """What the page shows: sums of `wh.money` by banner, of those that the filters leave."""

    now: pl.DataFrame
    """A row a banner and currency, with the other dimensions of the banner."""
    before: pl.DataFrame | None
    """The same of the days to compare with; None where nothing fair is there."""
    deposits: Deposits | None = None
    """What is listed, when that is asked for."""
    problem: str = ""
    """Why it cannot be."""
    every_deposit: Callable[[], pl.DataFrame] = pl.DataFrame
    """Reads `wh.transactions`."""

    def by(self, *keys: str) -> pl.DataFrame:
        """Return the sums by these columns: the currency with the most transactions first, in it the most money."""
        sums = self.now.group_by(*keys).agg(pl.col(_SUMS).sum())
        of_currency = pl.col("transactions").sum().over("currency")
        return sums.sort(
            pl.col("currency").is_null(), of_currency, "currency", "signed_amount", *(key for key in keys if key != "currency"),
            descending=[False, True, False, True, *[False] * (len(keys) - 1)], nulls_last=True,
        )  # fmt: skip


def read_money(answers: Answers, address: Address, where: Situation, standing: Standing) -> Iterator[Money]:
    """Ask the snapshot: first the sums, then the deposits if they are asked for."""
    earlier = where.fair_days(_NEEDS)
    now = filtered(answers.ask(_by_banner, where.period), address)
    before = None if earlier is None else filtered(answers.ask(_by_banner, earlier), address)
    tags = tuple(now[TAG].unique().sort()) if address.where else None
    money = Money(now, before, every_deposit=partial(_every_deposit, answers.warehouse, where.period, tags))
    yield money
    if outcome := address.option("deposits"):
        try:
            yield replace(money, deposits=answers.ask(_deposits, where.period, tags, outcome))
        except PixelsError as error:
            yield replace(money, problem=str(error))


def _by_banner(warehouse: Warehouse, period: Period) -> pl.DataFrame:
    return with_dimensions(warehouse, warehouse.money(period.start, period.end, by=TAG))


def _every_deposit(warehouse: Warehouse, period: Period, tags: tuple[str, ...] | None) -> pl.DataFrame:
    return warehouse.transactions(period.start, period.end, None if tags is None else list(tags))


def _deposits(warehouse: Warehouse, period: Period, tags: tuple[str, ...] | None, outcome: str) -> Deposits:
    every = _every_deposit(warehouse, period, tags)
    chosen = every if outcome == ALL else every.filter(pl.col("outcome") == outcome)
    newest = chosen.sort("created_at", "id", descending=True).head(LISTED)
    return Deposits(newest, dict(every["outcome"].value_counts().iter_rows()))


class MoneyView:
    """The widgets of one session."""

    def __init__(self, go: Go, moves_address: bool) -> None:
        self._sums, self._values, self._deposits = (Screen(on_go=go, moves_address=moves_address) for _ in range(3))
        self._is_served = moves_address
        self._by_value, self._list = section(self._values), section(self._deposits)
        self.layout = stack(section(self._sums), self._by_value, self._list)

    def show(self, shown: Shown) -> None:
        """Draw the sums, and the deposits for those who may see who made them."""
        money: Money = shown.answer
        address = shown.address
        self._by_value.visible = not money.now.is_empty()
        self._list.visible = shown.sees_people and not money.now.is_empty()
        if money.now.is_empty():
            self._sums.show(_nothing(address))
            return
        before = None if money.before is None else replace(money, now=money.before).by("currency")
        self._sums.show("<h2>By currency</h2>" + currencies_table(money.by("currency"), before))
        self._values.show(
            f"<h2>By {text(heading_of(address.by).lower())}</h2>{values_table(money.by(address.by, 'currency'), address)}"
            + self._ways(address, "money", notebook=True)
        )
        self._deposits.show(self._behind(money, shown) if shown.sees_people else "")

    def _behind(self, money: Money, shown: Shown) -> str:
        is_open = shown.address.option("deposits") and money.deposits is not None
        return _list(money, shown) + (self._ways(shown.address, "deposits") if is_open else "")

    def _ways(self, address: Address, table: str, *, notebook: bool = False) -> str:
        return exports(address, table, notebook=notebook) if self._is_served else ""


def _nothing(address: Address) -> str:
    way = link(replace(address, where=()), "Clear the filters", css="button") if address.where else ""
    return f'<div class="nothing"><h2>No deposit on these days{" with these filters" if address.where else ""}</h2><p>{way}</p></div>'


def _list(money: Money, shown: Shown) -> str:
    """Draw the way to the deposits, or the list of them."""
    address = shown.address
    is_open = bool(address.option("deposits"))
    way = link(
        address.with_options(deposits="" if is_open else ALL), "Hide them" if is_open else "List them", css="more"
    )
    head = f'<div class="line"><h2>The deposits behind it</h2>{way}</div>'
    if money.problem:
        return f'{head}<p class="nothing">{text(money.problem)}</p>'
    if not is_open:
        return f'{head}<p class="note">Every deposit of these days, and whether it stands for its transaction.</p>'
    if money.deposits is None:
        return f'{head}<p class="note">Reading the records.</p>'
    return head + deposits_list(money.deposits, shown)


def _cells(shown: Shown) -> list[str]:
    only = only_banners(shown.address)
    return [
        f"wh.money(start, end, by={shown.address.by!r}{only})",
        f"plots.money(wh.money(start, end{only}))",
        f"wh.transactions(start, end{only})",
    ]


MONEY = Page(
    slug="money",
    title="Money",
    read=read_money,
    view=MoneyView,
    tables={
        "money": lambda shown: shown.answer.by(shown.address.by, "currency"),
        "deposits": lambda shown: shown.answer.every_deposit(),
    },
    notebook=_cells,
    options={"deposits": (ALL, *OUTCOME_LABELS)},
    is_in_more=True,
    people_options=("deposits",),
    people_tables=("deposits",),
)
