"""Three PIXELS_HOMEs that a notebook has to cope with: five weeks of data, none, and a first day that is not over."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.sample_warehouse import Event, SampleWarehouse, at, deposit, registration, visit

HOSTILE = "</script><img src=x onerror=\"document.title='hacked'\"><b>bold</b> $x$ *y*"
"""A banner tag that is markup, and closes the script that a chart travels in."""
BANNERS = ("brandA", HOSTILE, "brandB")
AFFILIATE = "<i>Example</i> Media"
"""To whom the first two of them belong."""
THEIR_LOG = str(Path(__file__).with_name("affiliates_log.csv"))
"""Registrations as that affiliate has them: of the 21st, one twice, one of another banner, one of somebody else's; and one of the 22nd."""
FIRST_DAY, LAST_DAY = "2026-10-18", "2026-11-21"


def five_weeks(home: Path, *, is_demo: bool = False) -> SampleWarehouse:
    """35 days up to 21 Nov 2026, Berlin days; the hostile banner brings all deposits; the 22nd goes on."""
    events: list[Event] = []
    for day in range(35):
        date = at(f"{FIRST_DAY}T09:00") + timedelta(days=day)
        for number in range(3 + day % 7):
            player, banner, when = f"p{day}-{number}", BANNERS[number % 3], date.isoformat()
            events.append(visit(player, banner, when))
            if number % 2:
                events.append(registration(player, banner, (date + timedelta(hours=1)).isoformat()))
            if number == 1:
                events.append(deposit(player, banner, (date + timedelta(hours=2)).isoformat()))
    known = dict.fromkeys(BANNERS[:2], (AFFILIATE, None, None, None))
    sample = SampleWarehouse(home, time_zone="Europe/Berlin", is_demo=is_demo, banners=dict(known))
    sample.publish(*events, complete_until=at("2026-11-22T15:00"))
    return sample


def empty(home: Path) -> SampleWarehouse:
    """Nothing has been counted yet."""
    sample = SampleWarehouse(home)
    sample.publish_again(complete_until=at("2026-11-22T15:00"))
    return sample


def first_day(home: Path) -> SampleWarehouse:
    """Four events since this morning."""
    sample = SampleWarehouse(home)
    sample.publish(
        visit("p1", "brandA", "2026-11-22T08:00"),
        visit("p2", "brandA", "2026-11-22T09:00"),
        registration("p1", "brandA", "2026-11-22T10:00"),
        deposit("p1", "brandA", "2026-11-22T11:00"),
        complete_until=at("2026-11-22T15:00"),
    )
    return sample
