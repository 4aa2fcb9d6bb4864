"""Live pixels: invented visitors, each pixel a real HTTP request to the collector, as a browser would send it."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from itertools import count
from math import exp
from random import Random
from threading import Event
from urllib.parse import urlencode, urlsplit

from pixels.demo.amounts import paid
from pixels.demo.journeys import Moment, journey
from pixels.demo.story import BANNERS, expected_visitors
from pixels.errors import BadParameter

_TIMES_FASTER = 500  # a registration follows its visit within seconds, a player's next day after three minutes
_BRISK, _CALM, _BRISK_SECONDS = 4.0, 0.3, 300.0  # new visitors a second: at first, later, and how soon later is
_REFUSED_SHARE = 0.02  # of visits
_TIMEOUT_S = 15.0
_AWAY_S = 1.0


class CollectorAway(Exception):
    """The collector did not answer, or could not store the pixel."""


def live(collector_url: str, stop: Event, seed: int | None = None, *, say: Callable[[str], None] = print) -> None:
    """Send the pixels of invented visitors to `collector_url` until `stop` is set.

    Several a second at first, so that one sees the numbers move; calmer later, so that a demo left running does not
    dwarf its own history. A few carry a placeholder and are refused. While the collector is away the pixel at hand is
    tried again, and that is said once. Without `seed` every run invents other people.
    """
    rng = Random(seed)  # noqa: S311 - invented visitors, no secrets
    address = _address(collector_url)
    reachable = True
    for path, user_agent in _in_time(_pixels(rng), stop):
        while not stop.is_set():
            try:
                _get(address, path, user_agent)
            except CollectorAway as error:
                if reachable:
                    say(f"The collector at {collector_url} is away ({error}); trying until it is back.")
                reachable = False
                stop.wait(_AWAY_S)
                continue
            if not reachable:
                say(f"The collector at {collector_url} is back.")
            reachable = True
            break


def _pixels(rng: Random) -> Iterator[tuple[float, str, str]]:
    """Yield (seconds since the start, path with query, user agent), in order of time, for ever."""
    today = datetime.now(UTC).date()
    weights = [expected_visitors(banner, today, 0) for banner in BANNERS]
    next_player = count(rng.randrange(10**8, 10**9)).__next__
    numbers = count()  # keeps equal times in order, and moments out of the comparison
    ahead: list[tuple[float, int, Moment]] = []
    arrives = 0.0
    while True:
        for moment in journey(rng, rng.choices(BANNERS, weights)[0], 0, next_player):
            heapq.heappush(ahead, (arrives + moment.at_ms / 1000 / _TIMES_FASTER, next(numbers), moment))
        arrives += rng.expovariate(_CALM + (_BRISK - _CALM) * exp(-arrives / _BRISK_SECONDS))
        while ahead and ahead[0][0] <= arrives:
            at, _, moment = heapq.heappop(ahead)
            spoiled = moment.event_type == "visit" and rng.random() < _REFUSED_SHARE
            yield at, _path(moment, spoiled=spoiled), moment.visitor.user_agent


def _in_time(pixels: Iterator[tuple[float, str, str]], stop: Event) -> Iterator[tuple[str, str]]:
    """Hand each pixel out when it is due, until `stop` is set. What was held up is not made up for: time stood still."""
    started = time.monotonic()
    for due, path, user_agent in pixels:
        early = started + due - time.monotonic()
        if stop.wait(max(0.0, early)):
            return
        started -= min(0.0, early)
        yield path, user_agent


def _path(moment: Moment, *, spoiled: bool) -> str:
    """Return the pixel's path; a spoiled one has a macro that an affiliate forgot to fill in."""
    query = {
        "playerId": "{playerid}" if spoiled else moment.player_id,
        "bannerTag": moment.banner_tag,
        "s": moment.visitor.key,
        "b": moment.visitor.click,
        **(paid(moment.player_id, moment.at_ms, moment.banner_tag) if moment.event_type == "deposit" else {}),
    }
    return f"/{moment.event_type}?{urlencode(query)}"


def _address(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        if parts.scheme == "http" and parts.hostname:
            return parts.hostname, parts.port or 80
    except ValueError:  # a port or an IPv6 address that is none
        pass
    raise BadParameter("collector", f"{url!r} is not an address such as http://127.0.0.1:8787")


def _get(address: tuple[str, int], path: str, user_agent: str) -> None:
    """Send one pixel over a connection of its own: every visitor is another browser.

    A refusal is an answer too. Raises `CollectorAway`, after which the pixel may be sent again.
    """
    connection = HTTPConnection(*address, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", path, headers={"User-Agent": user_agent})
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        raise CollectorAway(str(error) or type(error).__name__) from error
    finally:
        connection.close()
    if status >= 500:
        raise CollectorAway(f"status {status}")
