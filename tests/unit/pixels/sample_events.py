"""Sets of events for property tests: few people, few instants, many ties, days around changes of the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from tests.sample_warehouse import Event

PEOPLE = ("p1", "p2", "v-1", "v-2")
BANNERS = ("brandA", "brandB")
TYPES = ("visit", "registration", "deposit")

# Clocks go forward at midnight (no such midnight), back after midnight, back from 00:01 to 23:01 the day before.
CLOCKS = {
    "UTC": datetime(2026, 11, 1, tzinfo=UTC),
    "Europe/Berlin": datetime(2026, 10, 24, tzinfo=UTC),
    "America/Sao_Paulo": datetime(2018, 11, 3, tzinfo=UTC),
    "Asia/Beirut": datetime(2022, 3, 26, tzinfo=UTC),
    "America/St_Johns": datetime(2010, 11, 6, tzinfo=UTC),
}


@dataclass(frozen=True)
class History:
    """Events, the zone their days are counted in, and a range of days among them."""

    time_zone: str
    events: list[Event]
    start: date
    end: date


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Draw a history of at most 14 events within three days, crowded enough that they meet."""
    time_zone = draw(st.sampled_from(sorted(CLOCKS)))
    begin = CLOCKS[time_zone]
    instants = st.integers(0, 12).map(lambda step: begin + timedelta(hours=6 * step))
    events = st.builds(
        Event,
        event_type=st.sampled_from(TYPES),
        player_id=st.sampled_from(PEOPLE),
        banner_tag=st.sampled_from(BANNERS),
        created_at=st.one_of(instants, instants.map(lambda instant: instant + timedelta(milliseconds=1))),
        s=st.sampled_from(("", "v-1", "v-2", "p2")),
        id=st.uuids().map(str),
    )
    start = begin.date() + timedelta(days=draw(st.integers(-1, 2)))
    return History(
        time_zone=time_zone,
        events=draw(st.lists(events, min_size=3, max_size=14, unique_by=lambda event: event.id)),
        start=start,
        end=start + timedelta(days=draw(st.integers(0, 2))),
    )
