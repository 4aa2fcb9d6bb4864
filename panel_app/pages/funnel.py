"""The funnel: of those who came, who went on, how long it took them, and who did not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import polars as pl

from panel_app.address import Address
from panel_app.blocks.exports import exports
from panel_app.blocks.funnel import SORTS, STEP_OF, breakdown_table, dropped_table, funnel_bars, questions
from panel_app.blocks.layout import section, stack
from panel_app.figures import TAG, dimensions_of, filtered
from panel_app.notebook import of_banners
from panel_app.page import Go, Page, Shown
from panel_app.screen import Screen
from panel_app.situation import Situation
from panel_app.source import Answers, Standing
from pixels import Warehouse
from pixels.errors import BadParameter
from pixels.funnel import ENTRANTS, ORDERS
from pixels.period import Period

WINDOW = "7d"
LISTED = 100
_COUNTS = ("players", "entered", "mature_players", "mature_entered", "immature")


@dataclass(frozen=True)
class Funnel:
    """What the page shows."""

    steps: pl.DataFrame
    """A row a step: step, event_type, the counts of `wh.funnel`, and its quantiles where they are known."""
    split: pl.DataFrame
    """A row a step and value of the dimension: the dimension, step, and the counts."""
    dropped: pl.DataFrame | None = None
    """The first of those who took the step before `drop` and not it (`wh.funnel_players`); None: not asked for."""
    dropped_in_all: int = 0
    problem: str = ""
    everybody: Callable[[], pl.DataFrame] = pl.DataFrame
    """Lists all who dropped."""

    @property
    def has_events(self) -> bool:
        """Whether anybody entered, or the question has to be put right."""
        return bool(self.problem) or bool(self.steps["entered"].sum())


def read_funnel(answers: Answers, address: Address, where: Situation, standing: Standing) -> Iterator[Funnel]:
    """Ask the snapshot: the counts, then the list of those who dropped, if it was asked for."""
    asked = _asked(address)
    try:
        by_banner = answers.ask(_by_banner, where.period, *asked)
    except BadParameter as error:
        yield Funnel(pl.DataFrame(), pl.DataFrame(), problem=str(error))
        return
    known = answers.ask(dimensions_of, where.period, None)
    kept = filtered(known, address)
    rows = by_banner.filter(pl.col(TAG).is_in(kept[TAG].implode())) if address.where else by_banner
    steps = rows.group_by("step", "event_type").agg(pl.col(_COUNTS).sum()).sort("step")
    steps = _with_times(answers, steps, rows, address, where.period, asked)
    funnel = Funnel(steps, _split(rows, known, address.by))
    drop = address.option("drop")
    if not drop:
        yield funnel
        return
    yield funnel
    tags = tuple(kept[TAG]) if address.where else None
    first, number = answers.ask(_first_who_dropped, where.period, asked, int(drop), tags)
    everybody = partial(_who_dropped, answers.warehouse, where.period, asked, int(drop), tags)
    yield Funnel(funnel.steps, funnel.split, first, number, everybody=everybody)


def _asked(address: Address) -> tuple[str, str, str]:
    return address.option("window", WINDOW), address.option("order", ORDERS[0]), address.option("entrants", ENTRANTS[0])


def _by_banner(warehouse: Warehouse, period: Period, window: str, order: str, entrants: str) -> pl.DataFrame:
    return warehouse.funnel(period.start, period.end, window, order, entrants, by=TAG)


def _of_all(warehouse: Warehouse, period: Period, window: str, order: str, entrants: str) -> pl.DataFrame:
    return warehouse.funnel(period.start, period.end, window, order, entrants)


def _who_dropped(
    warehouse: Warehouse, period: Period, asked: tuple[str, str, str], step: int, tags: tuple[str, ...] | None
) -> pl.DataFrame:
    people = warehouse.funnel_players(step, period.start, period.end, *asked, dropped=True)
    return people if tags is None else people.filter(pl.col(TAG).is_in(tags))


def _first_who_dropped(
    warehouse: Warehouse, period: Period, asked: tuple[str, str, str], step: int, tags: tuple[str, ...] | None
) -> tuple[pl.DataFrame, int]:
    """Return the first of them, and how many there are: all of them would be kept for other sessions."""
    people = _who_dropped(warehouse, period, asked, step, tags)
    return people.head(LISTED), people.height


def _with_times(
    answers: Answers,
    steps: pl.DataFrame,
    rows: pl.DataFrame,
    address: Address,
    period: Period,
    asked: tuple[str, str, str],
) -> pl.DataFrame:
    """Add how long it took: quantiles cannot be added up, so they are known of everybody, and of one banner alone."""
    source = rows if address.where and rows[TAG].n_unique() == 1 else None
    if not address.where:
        source = answers.ask(_of_all, period, *asked)
    if source is None:
        return steps
    return steps.join(
        source.select("step", pl.col("^.*_seconds_from_entry$")), on="step", how="left", maintain_order="left"
    )


def _split(rows: pl.DataFrame, known: pl.DataFrame, by: str) -> pl.DataFrame:
    named = rows.select(TAG, "step", *_COUNTS)
    if by != TAG:
        named = named.join(known.select(TAG, by), on=TAG, how="left")
    return named.group_by(by, "step").agg(pl.col(_COUNTS).sum())


class FunnelView:
    """The widgets of one session."""

    def __init__(self, go: Go, moves_address: bool) -> None:
        self._bars, self._split, self._dropped = (Screen(on_go=go, moves_address=moves_address) for _ in range(3))
        self._is_served = moves_address
        self._list = section(self._dropped)
        self.layout = stack(section(self._bars), self._list, section(self._split))

    def show(self, shown: Shown) -> None:
        """Draw the funnel."""
        funnel: Funnel = shown.answer
        address = shown.address
        self._bars.show(
            questions(address) + funnel_bars(funnel.steps, shown, funnel.problem, self._ways(address, "steps"))
        )
        self._split.show(
            "" if funnel.problem else breakdown_table(funnel.split, address) + self._ways(address, "breakdown")
        )
        self._list.visible = bool(address.option("drop")) and not funnel.problem
        if self._list.visible:
            self._dropped.show(
                dropped_table(funnel.dropped, funnel.dropped_in_all, shown) + self._ways(address, "dropped")
            )

    def _ways(self, address: Address, table: str) -> str:
        return exports(address, table, notebook=table == "steps") if self._is_served else ""


def _cells(shown: Shown) -> list[str]:
    address = shown.address
    window, order, entrants = _asked(address)
    question = f"start, end, window={window!r}, order={order!r}, entrants={entrants!r}"
    dropped = f"wh.funnel_players(2, {question}, dropped=True){of_banners(address)}"
    if address.where:
        return [f"wh.funnel({question}, by={TAG!r}){of_banners(address)}", dropped]
    return [
        f"funnel = wh.funnel({question})\nfunnel",
        "plots.funnel(funnel)",
        f"wh.funnel({question}, by={address.by!r})",
        dropped,
    ]


FUNNEL = Page(
    slug="funnel",
    title="Funnel",
    read=read_funnel,
    view=FunnelView,
    tables={
        "steps": lambda shown: shown.answer.steps,
        "breakdown": lambda shown: shown.answer.split.sort(shown.address.by, "step", nulls_last=True),
        "dropped": lambda shown: shown.answer.everybody(),
    },
    notebook=_cells,
    options={
        "window": None,
        "order": ORDERS,
        "entrants": ENTRANTS,
        "drop": tuple(str(step) for step in STEP_OF if step > 1),
        "sort": SORTS,
    },
    people_options=("drop",),
    people_tables=("dropped",),
    filters=("days", "where", "by"),
)
