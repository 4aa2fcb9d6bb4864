"""Events as they come, and what was refused: to see that a new pixel works."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from panel_app import words
from panel_app.address import Address
from panel_app.blocks.layout import section, stack
from panel_app.blocks.markup import link, name, text
from panel_app.blocks.refused import refused_table
from panel_app.page import Go, Page, Shown
from panel_app.screen import Screen
from panel_app.situation import Situation
from panel_app.source import Answers, Standing
from pixels import Warehouse

NEWEST, REFUSED = 50, 20


@dataclass(frozen=True)
class Live:
    """What the page shows."""

    events: pl.DataFrame
    """`wh.newest_events`."""
    refused: pl.DataFrame
    """`wh.rejected`: the newest."""


def read_live(answers: Answers, address: Address, where: Situation, standing: Standing) -> Iterator[Live]:
    """Ask the snapshot."""
    yield Live(answers.ask(_events), answers.ask(_refused))


def _events(warehouse: Warehouse) -> pl.DataFrame:
    return warehouse.newest_events(NEWEST)


def _refused(warehouse: Warehouse) -> pl.DataFrame:
    return warehouse.rejected(limit=REFUSED)


class LiveView:
    """The widgets of one session."""

    def __init__(self, go: Go, moves_address: bool) -> None:
        self._events, self._refused = (Screen(on_go=go, moves_address=moves_address) for _ in range(2))
        self.layout = stack(section(self._events), section(self._refused))

    def show(self, shown: Shown) -> None:
        """Draw both lists."""
        live: Live = shown.answer
        zone = shown.situation.time_zone
        self._events.show(f"<h2>The newest events</h2>{_table(live.events, zone)}{_lag(shown)}")
        refused = (
            refused_table(live.refused, zone) if live.refused.height else '<p class="note">Nothing was refused.</p>'
        )
        self._refused.show(f"<h2>The newest refusals</h2>{refused}")


def _table(events: pl.DataFrame, zone: str) -> str:
    if events.is_empty():
        return '<p class="note">No event has been stored yet.</p>'
    rows = "".join(
        f'<tr><th scope="row">{text(words.instant_to_the_second(row["created_at"], zone))}</th><td>{text(row["event_type"])}</td>'
        f"<td>{name(row['banner_tag'])}</td>"
        f"<td>{link(Address('players').with_options(player=row['player_id']), name(row['player_id']))}</td>"
        f"<td>{'counted' if row['counted'] else 'did not count'}</td><td class='id'>{text(row['id'])}</td></tr>"
        for row in events.iter_rows(named=True)
    )
    headings = "".join(
        f'<th scope="col">{one}</th>' for one in ("Time", "Event", "Banner", "Player", "Became", "Record")
    )
    return (
        '<div class="scrolls tall" tabindex="0"><table class="records events"><thead><tr>'
        f"{headings}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _lag(shown: Shown) -> str:
    """Say how far behind the page is: it shows what the last pass stored."""
    through = text(words.instant_to_the_second(shown.standing.complete_until, shown.situation.time_zone))
    return f'<p class="note">All that was acknowledged before {through} is here; what came since comes with the next pass.</p>'


LIVE = Page(
    slug="live",
    title="Live",
    read=read_live,
    view=LiveView,
    tables={"events": lambda shown: shown.answer.events, "refused": lambda shown: shown.answer.refused},
    notebook=lambda shown: [f"wh.newest_events({NEWEST})", f"wh.rejected(limit={REFUSED})"],
    is_in_more=True,
    names_people=True,
    shows_before_events=True,
    filters=(),
)
