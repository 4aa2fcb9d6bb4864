"""Players: where people stand, and the whole way of one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import polars as pl

from panel_app import words
from panel_app.address import Address
from panel_app.blocks.exports import exports
from panel_app.blocks.layout import section, stack
from panel_app.blocks.markup import link, name, text
from panel_app.blocks.players import MEANINGS, person_table, search_field, segment_cards
from panel_app.page import Go, Page, Shown
from panel_app.screen import Screen
from panel_app.situation import Situation
from panel_app.source import Answers, Standing
from pixels import Warehouse
from pixels.errors import PixelsError
from pixels.segments import SEGMENTS

LISTED = 100
LAPSED_AFTER = ("14", "30", "60", "90")
_DEFAULT_LAPSE = "30"


@dataclass(frozen=True)
class Players:
    """What the page shows."""

    segments: pl.DataFrame
    """`wh.segments` at the end of the last day with data."""
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
    lapse = int(address.option("lapsed", _DEFAULT_LAPSE))
    segments = answers.ask(_segments, lapse)
    player, segment = address.option("player"), address.option("segment")
    if player:
        try:
            yield Players(segments, person=answers.ask(_player, player))
        except PixelsError as error:
            yield Players(segments, unknown=str(error))
    elif segment:
        everybody = partial(_people, answers.warehouse, segment, lapse)
        yield Players(segments, answers.ask(_first_people, segment, lapse), everybody=everybody)
    else:
        yield Players(segments)


def _segments(warehouse: Warehouse, lapse: int) -> pl.DataFrame:
    return warehouse.segments(lapsed_after=lapse)


def _people(warehouse: Warehouse, segment: str, lapse: int) -> pl.DataFrame:
    return warehouse.segment_players(segment, lapsed_after=lapse)


def _first_people(warehouse: Warehouse, segment: str, lapse: int) -> pl.DataFrame:
    """Return the first of them: all of them would be kept for other sessions."""
    return _people(warehouse, segment, lapse).head(LISTED)


def _player(warehouse: Warehouse, player: str) -> pl.DataFrame:
    return warehouse.player(player)


class PlayersView:
    """The widgets of one session."""

    def __init__(self, go: Go, moves_address: bool) -> None:
        self._top, self._below = (Screen(on_go=go, moves_address=moves_address) for _ in range(2))
        self._is_served = moves_address
        self._card = section(self._below)
        self.layout = stack(self._top, self._card)

    def show(self, shown: Shown) -> None:
        """Draw segments, and the list or the person that was asked for."""
        players: Players = shown.answer
        address = shown.address
        self._top.show(search_field(address) + segment_cards(players.segments, address))
        below = self._person(players, shown) or self._list(players, shown)
        self._card.visible = bool(below)
        self._below.show(below)

    def _person(self, players: Players, shown: Shown) -> str:
        if players.unknown:
            return f'<p class="nothing">{text(players.unknown)}</p>'
        if players.person is None:
            return ""
        return person_table(players.person, shown) + self._ways(shown.address, "player")

    def _list(self, players: Players, shown: Shown) -> str:
        if players.listed is None:
            return ""
        segment = shown.address.option("segment")
        number = int(players.segments.filter(pl.col("segment") == segment)["people"].sum())
        zone = shown.situation.time_zone
        rows = "".join(
            f"<tr><td>{link(Address('players').with_options(player=row['player_id']), name(row['player_id']))}</td>"
            + "".join(
                f"<td>{text(words.instant(row[column], zone)) if row[column] else words.NONE}</td>"
                for column in ("last_seen", "first_seen", "registration_at", "deposit_at")
            )
            + "</tr>"
            for row in players.listed.iter_rows(named=True)
        )
        headings = "".join(
            f'<th scope="col">{one}</th>'
            for one in ("Person", "Last seen", "First seen", "Registered", "First deposit")
        )
        first = f'<p class="note">The {words.number(LISTED)} seen last are listed.</p>' if number > LISTED else ""
        return (
            f"<h2>{words.number(number)} {text(MEANINGS[segment][0].lower())}</h2>"
            '<div class="scrolls tall" tabindex="0"><table class="records"><thead><tr>'
            f"{headings}</tr></thead><tbody>{rows}</tbody></table></div>{first}{self._ways(shown.address, 'segment')}"
        )

    def _ways(self, address: Address, table: str) -> str:
        return exports(address, table, notebook=True) if self._is_served else ""


def _cells(shown: Shown) -> list[str]:
    address = shown.address
    if player := address.option("player"):
        return [f"timeline = wh.player({player!r})\ntimeline", "plots.player(timeline)"]
    lapse = address.option("lapsed", _DEFAULT_LAPSE)
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
    tables={"player": _timeline, "segment": lambda shown: shown.answer.everybody().drop("visitor_keys", strict=False)},
    notebook=_cells,
    options={"player": None, "segment": SEGMENTS, "lapsed": LAPSED_AFTER},
    names_people=True,
    filters=(),
)
