"""The records behind a figure, and those that did not count."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl

from panel_app import words
from panel_app.address import Address
from panel_app.blocks.accounting import OUTCOMES, TYPES
from panel_app.blocks.layout import section, stack
from panel_app.blocks.markup import link, name, text
from panel_app.page import Go, Page, Shown
from panel_app.screen import Screen
from panel_app.situation import Situation
from panel_app.source import Answers, Standing
from pixels import Warehouse
from pixels.errors import BadParameter
from pixels.period import parse_day

ROWS = 200
_OUTCOMES = {
    **{("bot" if name_ == "bots" else name_): label for name_, label in OUTCOMES.items()},
    "refused": "Refused",
    "refused_not_attributable": "Refused, of unknown type or banner",
}


@dataclass(frozen=True)
class Records:
    """The first rows of `wh.why`, and how many there are of each outcome."""

    rows: pl.DataFrame
    outcomes: pl.DataFrame
    """outcome, records"""
    problem: str = ""
    everything: Callable[[], pl.DataFrame] = pl.DataFrame
    """Reads all of them."""


def read_why(answers: Answers, address: Address, where: Situation, standing: Standing) -> Iterator[Records]:
    """Ask the snapshot for the records of a day, type and banner."""
    day, event_type = address.option("day"), address.option("type", "visit")
    try:
        parse_day("day", day)
        yield answers.ask(_why, day, event_type, address.option("banner") or None, address.option("outcome"))
    except BadParameter as error:
        yield Records(pl.DataFrame(), pl.DataFrame(), str(error))


def _why(warehouse: Warehouse, day: str, event_type: str, banner: str | None, outcome: str) -> Records:
    rows = warehouse.why(day, event_type, banner)
    outcomes = rows.group_by("outcome").agg(pl.col("records").sum())
    chosen = rows.filter(pl.col("outcome") == outcome) if outcome else rows
    return Records(chosen.head(ROWS), outcomes, everything=partial(warehouse.why, day, event_type, banner))


class WhyView:
    """The widgets of one session."""

    def __init__(self, go: Go, moves_address: bool) -> None:
        self._screen = Screen(on_go=go, moves_address=moves_address)
        self.layout = stack(section(self._screen))

    def show(self, shown: Shown) -> None:
        """Draw the records."""
        records: Records = shown.answer
        if records.problem:
            self._screen.show(f'<p class="nothing">{text(records.problem)}</p>')
            return
        address = shown.address
        day = words.day(parse_day("day", address.option("day")))
        banner = address.option("banner")
        subject = f"{TYPES[address.option('type', 'visit')]} on {day}"
        of = f" of {name(banner)}" if banner else ", all banners"
        total = int(records.outcomes["records"].sum()) if records.outcomes.height else 0
        self._screen.show(
            f'<div class="line"><h2>{text(subject)}{of}: {words.counted(total, "record")}</h2>{_back(address)}</div>'
            f"{_outcomes(records, address)}"
            f"{_table(records, shown)}"
        )


def _back(address: Address) -> str:
    """Lead to the sums that these records are a part of."""
    banner, event_type = address.option("banner"), address.option("type", "visit")
    kind = "" if event_type == "visit" else event_type
    if banner:
        return link(address.at("banner", tag=banner, type=kind), f"All days of {name(banner)}", css="more")
    return link(address.at("proof", type=kind), "All days", css="more")


def _outcomes(records: Records, address: Address) -> str:
    """Draw how many became what; a click lists those alone."""
    counts = dict(records.outcomes.iter_rows()) if records.outcomes.height else {}
    chosen = address.option("outcome")
    ways = "".join(
        link(
            address.with_options(outcome="" if outcome == chosen else outcome),
            f"{text(label)} <b>{words.number(counts[outcome])}</b>",
            css="chip",
            current=outcome == chosen,
        )
        for outcome, label in _OUTCOMES.items()
        if outcome in counts
    )
    return f'<div class="chips">{ways}</div>'


def _table(records: Records, shown: Shown) -> str:
    if records.rows.is_empty():
        return '<p class="nothing">No record of this kind was received.</p>'
    zone = shown.situation.time_zone
    rows = "".join(_row(row, zone, shown.address) for row in records.rows.iter_rows(named=True))
    total = int(records.outcomes["records"].sum())
    more = f'<p class="note">The first {words.number(ROWS)} are listed.</p>' if total > ROWS else ""
    headings = "".join(
        f'<th scope="col">{one}</th>'
        for one in ("Time", "Became", "Player", "Banner", "What stands in its place", "Record")
    )
    return f'<div class="scrolls tall" tabindex="0"><table class="records"><thead><tr>{headings}</tr></thead><tbody>{rows}</tbody></table></div>{more}'


def _row(row: dict[str, Any], zone: str, address: Address) -> str:
    at = row["created_at"]
    player = row["player_id"]
    who = link(Address("players").with_options(player=str(player)), name(str(player))) if player else words.NONE
    label = _OUTCOMES.get(str(row["outcome"]), str(row["outcome"]))
    return (
        f'<tr><th scope="row">{text(words.instant_to_the_second(at, zone)) if at else words.NONE}</th>'
        f"<td>{text(label)}</td><td>{who}</td><td>{name(_text(row['banner_tag']))}</td>"
        f"<td>{_because(row, zone)}</td><td class='id'>{text(_text(row['id']) or _text(row['refusal']) or words.NONE)}</td></tr>"
    )


def _because(row: dict[str, Any], zone: str) -> str:
    if row["reason"]:
        return f"{text(row['reason'])}: {text(row['detail'] or '')}"
    if row["kept_id"]:
        return (
            f"{name(_text(row['kept_banner_tag']))}, {text(words.instant_to_the_second(row['kept_created_at'], zone))}"
        )
    return ""


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _all_records(shown: Shown) -> pl.DataFrame:
    """Return every record of the question, not the first alone."""
    return pl.DataFrame() if shown.answer.problem else shown.answer.everything()


def _cells(shown: Shown) -> list[str]:
    address = shown.address
    banner = address.option("banner")
    asked = [repr(address.option("day")), repr(address.option("type", "visit")), *([repr(banner)] if banner else [])]
    return [f"wh.why({', '.join(asked)})"]


WHY = Page(
    slug="why",
    title="Why?",
    read=read_why,
    view=WhyView,
    tables={"records": _all_records},
    notebook=_cells,
    options={"day": None, "type": tuple(TYPES), "banner": None, "outcome": tuple(_OUTCOMES)},
    is_in_navigation=False,
    names_people=True,
    shows_before_events=True,
    filters=(),
)
