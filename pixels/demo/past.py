"""The demo's history: the events of the days before now, the same for the same seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random
from typing import TypedDict

from pixels.demo.amounts import paid, signature
from pixels.demo.journeys import EventType, Moment, deposits, journey
from pixels.demo.story import (
    BANNERS,
    BURST,
    BURST_DAYS_AGO,
    DAY_MS,
    HOUR_MS,
    HOURS,
    burst_visitor,
    expected_visitors,
    lost,
    new_visitor,
)

_FIRST_PLAYER = 100_001
_OLD_PLAYERS = 400  # registered before Pixels was there: their ids are below _FIRST_PLAYER
_OLD_PLAYERS_A_DAY = 3
_BURST_VISITS = 2_400
_WARM_UP_DAYS = 14  # lived through but not told, so that the first day has people who come back


class Event(TypedDict):
    """One event as schema/event.schema.json has it."""

    id: str
    event_type: EventType
    player_id: str
    banner_tag: str
    metadata: dict[str, str]
    source_ip: str
    user_agent: str
    created_at: str


def history(*, days: int = 90, until: datetime, seed: int) -> Iterator[Event]:
    """Yield the events of the `days` UTC days that end with the day of `until`, in order of time, none after `until`.

    The same arguments give the same events, ids included, so that writing them twice counts them once.
    """
    if until.tzinfo is None:
        raise ValueError("until: give a time with its zone")
    rng = Random(seed)  # noqa: S311 - invented visitors, no secrets
    today = until.astimezone(UTC).date()
    midnight_ms, until_ms = _to_ms(today), int(until.timestamp() * 1000)
    moments = [
        moment
        for moment in _moments(rng, days, today)
        if midnight_ms - (days - 1) * DAY_MS <= moment.at_ms <= until_ms
        and not lost(moment.event_type, moment.banner_tag, -((moment.at_ms - midnight_ms) // DAY_MS))
    ]
    moments.sort(key=lambda moment: moment.at_ms)
    return (_event(rng, moment) for moment in moments)


def _moments(rng: Random, days: int, today: date) -> Iterator[Moment]:
    next_player: Callable[[], int] = count(_FIRST_PLAYER).__next__
    for days_ago in reversed(range(days + _WARM_UP_DAYS)):
        day = today - timedelta(days=days_ago)
        for banner in BANNERS:
            for at_ms in _arrivals(rng, expected_visitors(banner, day, days_ago), _to_ms(day)):
                yield from journey(rng, banner, at_ms, next_player)
        yield from _old_players(rng, _to_ms(day))
        if days_ago == BURST_DAYS_AGO:
            yield from _burst(rng, _to_ms(day))


def _arrivals(rng: Random, expected: float, midnight_ms: int) -> Iterator[int]:
    """Yield the moments of a day at which new visitors come: about `expected` of them, by the hours' weights."""
    number = max(0, round(rng.gauss(expected, 1.2 * expected**0.5)))
    for hour in rng.choices(range(24), HOURS, k=number):
        yield midnight_ms + hour * HOUR_MS + rng.randrange(HOUR_MS)


def _old_players(rng: Random, midnight_ms: int) -> Iterator[Moment]:
    """Deposits of players whose registration nobody recorded."""
    for at_ms in _arrivals(rng, _OLD_PLAYERS_A_DAY, midnight_ms):
        player_id = str(_FIRST_PLAYER - 1 - rng.randrange(_OLD_PLAYERS))
        banner_tag = rng.choice(BANNERS[:4]).tag
        yield from deposits(rng, banner_tag, at_ms, player_id, new_visitor(rng), visits_first=True)


def _burst(rng: Random, midnight_ms: int) -> Iterator[Moment]:
    for _ in range(_BURST_VISITS):
        visitor = burst_visitor(rng)
        at_ms = midnight_ms + int(rng.triangular(19, 22, 20) * HOUR_MS)
        yield Moment(at_ms, "visit", visitor.key, BURST.tag, visitor)


def _event(rng: Random, moment: Moment) -> Event:
    visitor = moment.visitor
    at = datetime.fromtimestamp(moment.at_ms / 1000, UTC)
    return {
        "id": _uuid7(rng, moment.at_ms),
        "event_type": moment.event_type,
        "player_id": moment.player_id,
        "banner_tag": moment.banner_tag,
        "metadata": {"s": visitor.key, "b": visitor.click, **_money(moment)},
        "source_ip": visitor.source_ip,
        "user_agent": visitor.user_agent,
        "created_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def _money(moment: Moment) -> dict[str, str]:
    if moment.event_type != "deposit":
        return {}
    who = moment.player_id, moment.at_ms
    return {**paid(*who, moment.banner_tag), **signature(*who)}


def _uuid7(rng: Random, at_ms: int) -> str:
    """Return a UUID of version 7 (RFC 9562) with `at_ms` as its time and its other bits from `rng`."""
    number = at_ms << 80 | 0x7 << 76 | rng.getrandbits(12) << 64 | 0b10 << 62 | rng.getrandbits(62)
    bits = f"{number:032x}"
    return f"{bits[:8]}-{bits[8:12]}-{bits[12:16]}-{bits[16:20]}-{bits[20:]}"


def _to_ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000
