"""The funnel by brute force: every way to fill the steps is tried. Plain Python, small histories only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise, permutations

from tests.sample_warehouse import Event, counted, visitor_links

Row = dict[str, object]


@dataclass(frozen=True)
class Try:
    """One entry of a person, and the earliest event that could fill each step, the entry first."""

    person: str
    taken: list[Event]

    @property
    def entry(self) -> Event:
        """The event that filled the first step."""
        return self.taken[0]


def funnel(
    events: list[Event],
    time_zone: str,
    days: tuple[date, date],
    steps: Sequence[str],
    windows: Sequence[timedelta],
    order: str,
    entrants: str,
    complete_until: datetime,
) -> dict[str | None, list[Row]]:
    """Return the rows of the funnel, for all (None) and for each banner of an entry; `windows` are those of all steps."""
    best = best_tries(events, time_zone, days, steps, windows, order, entrants)
    banners = {t.entry.banner_tag for t in best}
    return {
        banner: _rows([t for t in best if banner in (None, t.entry.banner_tag)], steps, max(windows), complete_until)
        for banner in (None, *sorted(banners))
    }


def conversions(
    events: list[Event], time_zone: str, days: tuple[date, date], credit: str, complete_until: datetime
) -> dict[str | None, Row]:
    """Return the conversions of all (None) and of each banner."""
    window = timedelta(days=7)
    best = best_tries(events, time_zone, days, ("visit", "registration", "deposit"), [window] * 3, "ordered", "new")
    mature = [t for t in best if t.entry.created_at + window <= complete_until]
    registered = [t for t in mature if len(t.taken) > 1]
    credited = [(t.taken[0 if credit == "event" else 1].banner_tag, t) for t in registered]
    banners = {t.entry.banner_tag for t in best} | {banner for banner, _ in credited}
    return {
        banner: {
            "visitors": (visitors := sum(banner in (None, t.entry.banner_tag) for t in mature)),
            "registrations": (registrations := sum(banner in (None, t.entry.banner_tag) for t in registered)),
            "registration_rate": registrations / visitors if visitors else None,
            "credited_registrations": (whole := sum(banner in (None, b) for b, _ in credited)),
            "deposits": (part := sum(banner in (None, b) and len(t.taken) > 2 for b, t in credited)),
            "deposit_rate": part / whole if whole else None,
            "immature": sum(banner in (None, t.entry.banner_tag) and t not in mature for t in best),
        }
        for banner in (None, *banners)
    }


def players(
    best: list[Try], events: list[Event], step: int, window: timedelta, complete_until: datetime, *, dropped: bool
) -> list[Row]:
    """Return the people of `best` who took the step, or who took only the one before it."""
    registered = {event.player_id for event in events if event.event_type == "registration"}
    links = {key: event.player_id for key, event in visitor_links(events).items() if key not in registered}
    return [
        {
            "player_id": t.person,
            "banner_tag": t.entry.banner_tag,
            "entered_at": t.entry.created_at,
            "step_at": None if dropped else t.taken[step - 1].created_at,
            "visitor_keys": sorted(key for key, player in links.items() if player == t.person),
            "mature": t.entry.created_at + window <= complete_until,
        }
        for t in sorted(best, key=lambda t: (t.entry.created_at, t.person))
        if (len(t.taken) == step - 1 if dropped else len(t.taken) >= step)
    ]


def best_tries(
    events: list[Event],
    time_zone: str,
    days: tuple[date, date],
    steps: Sequence[str],
    windows: Sequence[timedelta],
    order: str,
    entrants: str,
) -> list[Try]:
    """Return the try of each person that gets furthest, of equals the earliest."""
    return [
        max(tries, key=lambda t: (len(t.taken), [-t.entry.created_at.timestamp(), _reversed(t.entry.id)]))
        for tries in _tries_of_people(events, time_zone, days, steps, windows, order, entrants)
    ]


def people(events: list[Event], time_zone: str) -> dict[str, list[Event]]:
    """Return the counted events of each person: a visitor key is the player it was linked to, unless it is a player's id."""
    registered = {event.player_id for event in events if event.event_type == "registration"}
    links = {key: event.player_id for key, event in visitor_links(events).items() if key not in registered}
    grouped: dict[str, list[Event]] = {}
    for event in counted(events, time_zone):
        grouped.setdefault(links.get(event.player_id, event.player_id), []).append(event)
    return grouped


def _tries_of_people(
    events: list[Event],
    time_zone: str,
    days: tuple[date, date],
    steps: Sequence[str],
    windows: Sequence[timedelta],
    order: str,
    entrants: str,
) -> Iterator[list[Try]]:
    first_registration: dict[str, datetime] = {}
    for event in sorted(events, key=lambda event: event.order, reverse=True):
        if event.event_type == "registration":
            first_registration[event.player_id] = event.created_at
    for person, taken in people(events, time_zone).items():
        candidates = [event for event in taken if event.event_type in steps]
        registered = first_registration.get(person)
        entries = [
            event
            for event in candidates
            if event.event_type == steps[0]
            and days[0] <= event.day(time_zone) <= days[1]
            and not (entrants == "new" and registered is not None and registered < event.created_at)
        ]
        tries = [Try(person, _taken(entry, candidates, steps, windows, order)) for entry in entries]
        if tries:
            yield tries


def _taken(
    entry: Event, candidates: list[Event], steps: Sequence[str], windows: Sequence[timedelta], order: str
) -> list[Event]:
    later = [e for e in candidates if e.created_at >= entry.created_at and e is not entry]
    taken = [entry]
    for depth in range(2, len(steps) + 1):
        ways = [
            (entry, *rest)
            for rest in permutations(later, depth - 1)
            if [e.event_type for e in rest] == list(steps[1:depth])
            and all(e.created_at <= entry.created_at + w for e, w in zip(rest, windows[1:], strict=False))
        ]
        allowed = [way for way in ways if _allowed(way, candidates, steps, order)]
        if not allowed:
            break
        taken.append(min((way[-1] for way in allowed), key=lambda event: event.order))
    return taken


def _allowed(way: tuple[Event, ...], candidates: list[Event], steps: Sequence[str], order: str) -> bool:
    if order == "ordered":
        return all(one.created_at <= next_.created_at for one, next_ in pairwise(way))
    if order == "any":  # steps of one type are filled in the order in which they were taken
        return all(
            one.created_at <= later.created_at
            for place, one in enumerate(way)
            for later in way[place + 1 :]
            if one.event_type == later.event_type
        )
    line = sorted(candidates, key=lambda e: (e.created_at, steps.index(e.event_type), e.id))
    begin = line.index(way[0])
    return line[begin : begin + len(way)] == list(way)


def _rows(best: list[Try], steps: Sequence[str], window: timedelta, complete_until: datetime) -> list[Row]:
    mature = [t for t in best if t.entry.created_at + window <= complete_until]
    return [
        {
            "step": number,
            "event_type": event_type,
            "players": len(reached := [t for t in best if len(t.taken) >= number]),
            "entered": len(best),
            "rate": len(reached) / len(best) if best else None,
            "mature_players": len(mature_reached := [t for t in mature if len(t.taken) >= number]),
            "mature_entered": len(mature),
            "mature_rate": len(mature_reached) / len(mature) if mature else None,
            "immature": len(best) - len(mature),
            **_quantiles([t.taken[number - 1].created_at - t.entry.created_at for t in reached]),
        }
        for number, event_type in enumerate(steps, start=1)
    ]


def _quantiles(times: list[timedelta]) -> Row:
    return {
        f"{name}_seconds_from_entry": _quantile(sorted(times), percent)
        for name, percent in {"p25": 25, "median": 50, "p75": 75, "p90": 90}.items()
    }


def _quantile(times: list[timedelta], percent: int) -> float | None:
    """Return the quantile in seconds, exact until the end: between two times by the share of the way."""
    if not times:
        return None
    whole, hundredths = divmod((len(times) - 1) * percent, 100)
    below, above = times[whole], times[min(whole + 1, len(times) - 1)]
    exact = below * (100 - hundredths) + above * hundredths
    return round(exact / timedelta(milliseconds=1) / 100 / 1000, 5)


def _reversed(text: str) -> tuple[int, ...]:
    return tuple(-ord(character) for character in text)
