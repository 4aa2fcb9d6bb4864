"""Whether the figures can be proved: what became of all that was received, and what the last rebuild check found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from panel_app import words
from panel_app.address import Address
from panel_app.blocks.accounting import TYPES, accounting_table, days_table, types_choice
from panel_app.blocks.layout import section, stack
from panel_app.blocks.markup import link, text
from panel_app.blocks.rebuild_check import last_check_of, rebuild_check
from panel_app.figures import TAG, dimensions_of, filtered
from panel_app.notebook import only_banners
from panel_app.page import Go, Page, Shown
from panel_app.screen import Screen
from panel_app.situation import Situation
from panel_app.source import Answers, Standing
from pixels import Warehouse
from pixels.period import Period


@dataclass(frozen=True)
class Proof:
    """What the page shows."""

    accounts: pl.DataFrame
    """`wh.accounting` of the days, of the banners that the filters leave."""
    refused: pl.DataFrame
    """`wh.refused` of the days, of whatever banner: reason, count."""


def read_proof(answers: Answers, address: Address, where: Situation, standing: Standing) -> Iterator[Proof]:
    """Ask the snapshot."""
    accounts = answers.ask(_accounting, where.period)
    if address.where:
        kept = filtered(answers.ask(dimensions_of, where.period, None), address)[TAG]
        accounts = accounts.filter(pl.col(TAG).is_in(kept.implode()))
    yield Proof(accounts, answers.ask(_refused, where.period))


def _accounting(warehouse: Warehouse, period: Period) -> pl.DataFrame:
    return warehouse.accounting(period.start, period.end)


def _refused(warehouse: Warehouse, period: Period) -> pl.DataFrame:
    refused = warehouse.refused(period.start, period.end)
    return refused.group_by("reason").agg(pl.col("count").sum()).sort("count", "reason", descending=[True, False])


class ProofView:
    """The widgets of one session."""

    def __init__(self, go: Go, moves_address: bool) -> None:
        self._sums, self._days, self._check = (Screen(on_go=go, moves_address=moves_address) for _ in range(3))
        self.layout = stack(section(self._sums), section(self._check), section(self._days))

    def show(self, shown: Shown) -> None:
        """Draw the proof."""
        proof: Proof = shown.answer
        address = shown.address
        event_type = address.option("type", "visit")
        only = [value for dimension, value in address.where if dimension == TAG]
        banner = only[0] if len(only) == len(address.where) == 1 else None
        self._sums.show(
            f"<h2>What became of all that was received</h2>{accounting_table(proof.accounts)}{_refused_list(proof.refused)}"
        )
        check = rebuild_check(last_check_of(shown.standing), shown.situation.time_zone)
        anew = link(address.at("what-if", rule="per_day"), "Count these days anew", css="more")
        self._check.show(f'<div class="line"><h2>Rebuild check</h2>{anew}</div>{check}')
        self._days.show(
            f'<div class="line"><h2>By day</h2>{types_choice(address, event_type)}</div>'
            + days_table(proof.accounts, shown, event_type, banner)
        )


def _refused_list(refused: pl.DataFrame) -> str:
    if refused.is_empty():
        return '<p class="note">Nothing was refused on these days.</p>'
    lines = "".join(f"<li>{text(reason)}: <b>{words.number(count)}</b></li>" for reason, count in refused.iter_rows())
    return f"<h3>Besides these, refused</h3><ul class='reasons'>{lines}</ul>"


PROOF = Page(
    slug="proof",
    title="Proof",
    read=read_proof,
    view=ProofView,
    tables={"accounting": lambda shown: shown.answer.accounts},
    notebook=lambda shown: [f"wh.accounting(start, end{only_banners(shown.address)})", "wh.refused(start, end)"],
    options={"type": tuple(TYPES)},
    is_in_more=True,
    shows_before_events=True,
    filters=("days", "where"),
)
