"""What a session shows. No widgets here, so it is tested without a browser."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import param

from panel_app import words
from panel_app.address import Address, read_address
from panel_app.page import Page
from panel_app.situation import Situation, situation
from panel_app.source import Source, Standing, Superseded, local_day
from panel_app.strip import Strip, read_strip
from pixels import Warehouse
from pixels.errors import PixelsError

_UNEXPECTED = "The figures could not be read; the log of the dashboard says why. It tries again by itself."
_GONE = "What was published is not there any more. Run `pixels aggregate`; it publishes it again."
_log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """Return the time now, UTC."""
    return datetime.now(UTC)


Key = tuple[int, datetime, datetime, date, Address]
"""Snapshot, when it was made, until when it is complete, the running day, what was asked: then the answer is the same."""


@dataclass(frozen=True)
class Look:
    """One look at what is published, to be shown by the state that looked."""

    address: Address
    standing: Standing | None = None
    situation: Situation | None = None
    strip: Strip | None = None
    answer: object = None
    problem: str = ""
    is_whole: bool = False
    """Whether the answer holds all that was asked for; a first part of it can be shown before."""
    holds_for: Key | None = None


class DashboardState(param.Parameterized):
    """The address, and what it shows as last looked at.

    `looks` reads and may run in any thread; `show` sets what the page renders. Together they are `follow`.
    """

    address = param.ClassSelector(class_=Address, doc="What is asked for.")
    misread = param.Parameter(default=(), doc="What of the browser's address was not understood.")
    standing = param.Parameter(doc="What is published (a Standing), None when nothing is.")
    situation = param.Parameter(doc="The days that are shown (a Situation), None while nothing is published.")
    strip = param.Parameter(doc="What stands above every page (a Strip), None while nothing is published.")
    answer = param.Parameter(doc="What the page shows; None while nothing is known.")
    answers_to = param.Parameter(doc="The address that `answer` belongs to.")
    problem = param.String(doc="What stands in the way of newer figures, in words for a person.")
    is_loading = param.Boolean(doc="Whether a part of the answer is still missing.")
    last_pass = param.String(doc="How long ago the last pass was.")
    passes_are_late = param.Boolean(doc="Whether the last pass is so long ago that somebody should look.")

    def __init__(
        self, source: Source, pages: Sequence[Page], now: Callable[[], datetime] = utc_now, **params: Any
    ) -> None:
        super().__init__(address=Address(), **params)
        self.source, self._now = source, now
        self._pages: Mapping[str, Page] = {page.slug: page for page in pages}
        self._holds_for: Key | None = None
        self._looked_at = now()

    @property
    def page(self) -> Page:
        """The page that is shown."""
        return self._pages[self.address.page]

    def go(self, href: str) -> None:
        """Show another address, relative to the dashboard's, such as ./funnel?days=7d."""
        path, _, search = href.partition("?")
        slug = path.rpartition("/")[2]
        if slug not in self._pages:
            self.misread = (f"There is no page {slug!r}.",)
            return
        read = read_address(slug, search, self._pages[slug].options, self._dimensions())
        self.param.update(address=read.address, misread=read.problems)

    def is_fresh(self) -> bool:
        """Whether what is shown still is what is published: costs a look at the pointer."""
        try:
            standing = self.source.standing()
        except PixelsError:
            return False
        if self.page.holds_for is not None and self._now() - self._looked_at >= self.page.holds_for:
            return False
        return standing is not None and self._holds_for == _key(standing, self.address)

    def follow(self) -> None:
        """Look and show."""
        for look in self.looks():
            self.show(look)

    def looks(self) -> Iterator[Look]:
        """Read what is published now for the address of now: first what is known at once, then all. Raises nothing."""
        address = self.address
        try:
            standing = self.source.standing()
            if standing is None:
                yield Look(address, problem=_GONE if self.answer is not None else "", is_whole=True)
                return
            yield from self._looks_at(address, standing)
        except Superseded:
            yield from self.looks()
        except PixelsError as error:
            yield Look(address, problem=str(error), is_whole=True)
        except Exception:
            _log.exception("the figures could not be read")
            yield Look(address, problem=_UNEXPECTED, is_whole=True)

    def show(self, look: Look) -> None:
        """Show what was looked at, unless something else was asked for meanwhile: then a newer look is under way."""
        if look.address != self.address:
            return
        new: dict[str, Any] = {"problem": look.problem, "is_loading": not look.is_whole}
        if look.standing is not None:
            age = self._now() - look.standing.last_pass_at
            new |= {"standing": look.standing, "last_pass": words.ago(age), "passes_are_late": age > words.LATE}
        if look.situation is not None:
            new |= {"situation": look.situation, "strip": look.strip, "answer": look.answer, "answers_to": look.address}
            self._holds_for, self._looked_at = look.holds_for, self._now()
        self.param.update({name: value for name, value in new.items() if getattr(self, name) is not value})

    def tick(self) -> None:
        """Let time pass: the last pass is longer ago than it was."""
        if self.standing is not None and not self.is_loading:
            try:
                standing = self.source.standing() or self.standing
            except PixelsError:
                standing = self.standing
            age = self._now() - standing.last_pass_at
            self.param.update(standing=standing, last_pass=words.ago(age), passes_are_late=age > words.LATE)

    @property
    def data_through(self) -> str:
        """Until when every acknowledged event is counted, on the clock of the warehouse's time zone."""
        if self.standing is None:
            return "nothing published yet"
        zone = self.standing.time_zone
        return f"{words.instant(self.standing.complete_until, zone)} ({zone})"

    @property
    def last_event_age(self) -> timedelta:
        """How long ago the newest event was; nothing when there is none."""
        last = self.standing.last_event_at if self.standing else None
        return self._now() - last if last else timedelta()

    @property
    def is_waiting(self) -> bool:
        """Whether there is no counted event at all yet."""
        return self.situation is None or self.situation.data is None

    def _looks_at(self, address: Address, standing: Standing) -> Iterator[Look]:
        answers = self.source.answers()
        page = self._pages[address.page]
        where = situation(answers, address, standing, page.default_days)
        key = _key(standing, address)
        strip = read_strip(answers, where, standing)
        last: object = None
        for answer in page.read(answers, address, where, standing):
            last = answer
            yield Look(address, standing, where, strip, last)
        yield Look(address, standing, where, strip, last, is_whole=True, holds_for=key)

    def _dimensions(self) -> tuple[str, ...]:
        try:
            return self.source.answers().ask(dimensions)
        except PixelsError:
            return ("banner_tag",)


def dimensions(warehouse: Warehouse) -> tuple[str, ...]:
    """Return the dimensions that a banner decides."""
    return warehouse.dimensions


def _key(standing: Standing, address: Address) -> Key:
    today = local_day(standing.complete_until, standing.time_zone)
    return (standing.snapshot, standing.as_of, standing.complete_until, today, address)
