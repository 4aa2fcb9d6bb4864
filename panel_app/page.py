"""What a page is: which questions it asks, and what draws the answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Protocol

import polars as pl

from panel_app.address import Address
from panel_app.situation import Situation
from panel_app.source import Answers, Standing

Read = Callable[[Answers, Address, Situation, Standing], Iterator[object]]
Go = Callable[[str], None]


@dataclass(frozen=True)
class Shown:
    """All that a page draws."""

    address: Address
    situation: Situation
    answer: Any
    standing: Standing
    sees_people: bool = True
    """Whether whoever looks may see the names of players."""
    user: str = ""
    """Who looks; empty: nobody had to sign in."""
    is_on_screen: bool = True
    """Whether a browser has the page: charts are drawn then, so that the numbers come first."""


def is_same(one: Shown, other: Shown) -> bool:
    """Whether two are drawn alike: with the very same answer, which nobody changes, and all else equal."""
    return one.answer is other.answer and replace(one, answer=None) == replace(other, answer=None)


class View(Protocol):
    """Widgets of one session that show a page."""

    @property
    def layout(self) -> Any:
        """What is on the page."""

    def show(self, shown: Shown) -> None:
        """Draw an answer into what is there."""


@dataclass(frozen=True)
class Page:
    """A page of the dashboard.

    slug     the last part of its address; the overview has none
    read     asks the snapshot, in a thread of its own: yields first what is quick to know, then more, at last all of it
    view     makes the widgets, given what goes to another address
    options  what of the address only this page knows, with the values that each may have (None: any text)
    """

    slug: str
    title: str
    read: Read
    view: Callable[[Go, bool], View]
    options: Mapping[str, Collection[str] | None] = field(default_factory=dict)
    is_in_more: bool = False
    default_days: str = ""
    """The preset that it opens with; empty: that of the dashboard."""
    is_in_navigation: bool = True
    names_people: bool = False
    """Whether it is for those who may see the names of players."""
    people_options: Collection[str] = ()
    """Options that name people, on a page that does not otherwise."""
    people_tables: Collection[str] = ()
    """And tables."""
    shows_before_events: bool = False
    """Whether it has something to show while nothing is counted."""
    tables: Mapping[str, Callable[[Shown], pl.DataFrame]] = field(default_factory=dict)
    """What can be downloaded: the name of each table, and the frame of it."""
    notebook: Callable[[Shown], Sequence[str]] = lambda shown: ()
    """The code cells that ask what the page asks, after `wh`, `start` and `end` are set."""
    holds_for: timedelta | None = None
    """How long its answer is true while nothing newer is published; None: it depends on what is published alone."""
    filters: Collection[str] = ("days", "against", "where", "by")
    """Which parts of the filter row it heeds."""
