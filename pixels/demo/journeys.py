"""What one person does: the same journeys make the history and, run faster, the live pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Literal, NamedTuple

from pixels.demo.story import DAY_MS, HOUR_MS, MINUTE_MS, Banner, Visitor, new_visitor

EventType = Literal["visit", "registration", "deposit"]

_SEES_IT_AGAIN = 0.12  # a second look on the same day
_RETURNS = 0.30  # after each visit, on a later day
_DEPOSITS_AGAIN = 0.60  # after each deposit


class Moment(NamedTuple):
    """One pixel of somebody's journey."""

    at_ms: int  # milliseconds, since whatever the journey's start was given in
    event_type: EventType
    player_id: str
    banner_tag: str
    visitor: Visitor


def journey(rng: Random, banner: Banner, start_ms: int, next_player: Callable[[], int]) -> Iterator[Moment]:
    """Yield the moments of a new visitor, in no strict order: visits, perhaps a registration, perhaps deposits.

    Until the registration the visitor key stands for the person; the registration carries both, as the site sends them.
    """
    visitor = new_visitor(rng)
    at = start_ms
    yield Moment(at, "visit", visitor.key, banner.tag, visitor)
    if rng.random() < _SEES_IT_AGAIN:
        yield Moment(at + rng.randint(2 * MINUTE_MS, 3 * HOUR_MS), "visit", visitor.key, banner.tag, visitor)
    while rng.random() < _RETURNS:
        at += rng.choice((1, 1, 1, 2, 2, 3, 5, 7)) * DAY_MS + _jitter(rng)
        yield Moment(at, "visit", visitor.key, banner.tag, visitor)
    if rng.random() < banner.registers:
        at += rng.randint(2 * MINUTE_MS, 25 * MINUTE_MS)
        player_id = str(next_player())
        yield Moment(at, "registration", player_id, banner.tag, visitor)
        if rng.random() < banner.deposits:
            least, most = banner.first_deposit_hours
            first = at + int(rng.triangular(least, most, least) * HOUR_MS)
            yield from deposits(rng, banner.tag, first, player_id, visitor, visits_first=first - at > HOUR_MS)


def deposits(
    rng: Random, banner_tag: str, first_ms: int, player_id: str, visitor: Visitor, *, visits_first: bool
) -> Iterator[Moment]:
    """Yield a player's deposits from the first on, on later days again, and the visits they begin with."""
    at = first_ms
    while True:
        if visits_first:
            yield Moment(at - rng.randint(2 * MINUTE_MS, 20 * MINUTE_MS), "visit", player_id, banner_tag, visitor)
        yield Moment(at, "deposit", player_id, banner_tag, visitor)
        if rng.random() >= _DEPOSITS_AGAIN:
            return
        at += rng.randint(1, 9) * DAY_MS + _jitter(rng)
        visits_first = True


def _jitter(rng: Random) -> int:
    """People keep to their hour of the day, more or less."""
    return rng.randint(-2 * HOUR_MS, 2 * HOUR_MS)
