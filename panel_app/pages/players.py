"""Players: where people stand, and the whole way of one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import panel as pn
import polars as pl

from panel_app.address import Address
from panel_app.blocks.exports import exports
from panel_app.blocks.layout import section, stack
from panel_app.blocks.markup import text
from panel_app.blocks.players import (
    DEFAULT_LAPSE,
    LAPSED_AFTER,
    LISTED,
    people_table,
    person_head,
    person_table,
    search_field,
    segment_cards,
)
from panel_app.page import Go, Page, Shown
from panel_app.screen import Screen
from panel_app.situation import Situation
from panel_app.source import Answers, Standing
from pixels import Warehouse
from pixels.errors import PixelsError
from pixels.plots.player import player_timeline
from pixels.segments import SEGMENTS

CHART_HEIGHT = 200


@dataclass(frozen=True)
class Players:
    """What the page shows."""

    segments: pl.DataFrame | None = None
    """`wh.segments` at the end of the last day with data; not asked for beside a person."""
    listed: pl.DataFrame | None = None
    """The first people of the segment that was chosen."""
    person: pl.DataFrame | None = None
    """`wh.player` of the one who was asked for."""
    unknown: str = ""
    """Why nobody is shown."""
    everybody: Callable[[], pl.DataFrame] = pl.DataFrame
    """Lists the whole segment."""


def read_players(answers: Answers, address: Address, where: Situation, standing: Standing) -> Iterator[Players]:
    """Ask the snapshot."""
    lapse = int(address.option("lapsed", DEFAULT_LAPSE))
    player, segment = address.option("player"), address.option("segment")
    if player:
        try:
            yield Players(person=answers.ask(_player, player))
        except PixelsError as error:
            yield Players(answers.ask(_segments, lapse), unknown=str(error))
        return
    segments = answers.ask(_segments, lapse)
    yield Players(segments)
    if segment:
        everybody = partial(_people, answers.warehouse, segment, lapse)
        yield Players(segments, answers.ask(_first_people, segment, lapse), everybody=everybody)


def _segments(warehouse: Warehouse, lapse: int) -> pl.DataFrame:
    return warehouse.segments(lapsed_after=lapse)


def _people(warehouse: Warehouse, segment: str, lapse: int, limit: int = 0) -> pl.DataFrame:
    return warehouse.segment_players(segment, lapsed_after=lapse, limit=limit)


def _first_people(warehouse: Warehouse, segment: str, lapse: int) -> pl.DataFrame:
    return _people(warehouse, segment, lapse, LISTED)


def _player(warehouse: Warehouse, player: str) -> pl.DataFrame:
    return warehouse.player(player)


class PlayersView:
    """The widgets of one session."""

    def __init__(self, go: Go, moves_address: bool) -> None:
        self._top, self._head, self._below = (Screen(on_go=go, moves_address=moves_address) for _ in range(3))
        self._is_served = moves_address
        self._chart = pn.pane.HoloViews(None, height=CHART_HEIGHT, sizing_mode="stretch_width", margin=0)
        self._drawn: pl.DataFrame | None = None
        self._card = section(self._head, self._chart, self._below)
        self.layout = stack(self._top, self._card)

    def show(self, shown: Shown) -> None:
        """Draw the person that was asked for, or segments and the list of one."""
        players: Players = shown.answer
        self._top.show(self._above(players, shown))
        head, below = self._person(players, shown)
        self._card.visible = bool(head or below)
        self._head.show(head)
        self._head.visible = bool(head)
        self._draw_chart(players.person, shown)
        self._below.show(below)

    def _above(self, players: Players, shown: Shown) -> str:
        field = search_field(shown.address) if shown.sees_people else ""
        if players.segments is None:
            return field
        ways = self._ways(shown.address, "segments")
        return field + segment_cards(players.segments, shown.address, ways, lists_people=shown.sees_people)

    def _person(self, players: Players, shown: Shown) -> tuple[str, str]:
        """Return what stands above the chart of a person and below it; of a list or a message, which have none, below."""
        if players.unknown:
            return "", f'<p class="nothing">{text(players.unknown)}</p>'
        if players.person is not None:
            head = person_head(players.person, shown)
            return head, person_table(players.person, shown) + self._ways(shown.address, "player", picture=True)
        if players.listed is None:
            return "", ""
        return "", people_table(players.listed, players.segments, shown) + self._ways(shown.address, "segment")

    def _draw_chart(self, person: pl.DataFrame | None, shown: Shown) -> None:
        self._chart.visible = person is not None
        is_new = self._drawn is None or person is None or not self._drawn.equals(person)
        if person is not None and is_new and shown.is_on_screen:
            zone = shown.situation.time_zone
            plot = player_timeline(person, width=None, height=CHART_HEIGHT, time_zone=zone)
            self._drawn, self._chart.object = person, plot.opts(title="")

    def _ways(self, address: Address, table: str, *, picture: bool = False) -> str:
        return exports(address, table, notebook=True, picture=picture) if self._is_served else ""


def _cells(shown: Shown) -> list[str]:
    address = shown.address
    if player := address.option("player"):
        drawn = "plots.player(timeline, time_zone=wh.time_zone)"
        return [f"timeline = wh.player({player!r})\ntimeline", drawn]
    lapse = address.option("lapsed", DEFAULT_LAPSE)
    cells = [f"wh.segments(lapsed_after={lapse})", f"plots.segments(wh.segments(lapsed_after={lapse}))"]
    segment = address.option("segment")
    return [*cells, f"wh.segment_players({segment!r}, lapsed_after={lapse})"] if segment else cells


def _timeline(shown: Shown) -> pl.DataFrame:
    return shown.answer.person if shown.answer.person is not None else pl.DataFrame()


PLAYERS = Page(
    slug="players",
    title="Players",
    read=read_players,
    view=PlayersView,
    tables={
        "player": _timeline,
        "segment": lambda shown: shown.answer.everybody().drop("visitor_keys", strict=False),
        "segments": lambda shown: shown.answer.segments,
    },
    notebook=_cells,
    options={"player": None, "segment": SEGMENTS, "lapsed": LAPSED_AFTER},
    people_options=("player", "segment"),
    people_tables=("player", "segment"),
    filters=(),
)
