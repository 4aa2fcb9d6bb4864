"""Which events compete: crawlers' visits do not, by the mark that the collector gave them."""

from __future__ import annotations

import json

import hypothesis.strategies as st
import polars as pl
from hypothesis import example, given

from aggregator.decode import decode
from aggregator.records import Slice
from pixels.rules import competing

texts = st.text(st.sampled_from('_bot"\\,:{} é'), max_size=8) | st.just("_bot")
metadata = st.dictionaries(texts.filter(bool), texts, max_size=4)


def events_with(metadata: dict[str, str], event_type: str = "visit") -> pl.DataFrame:
    """Return one event as the log gives it to a pass."""
    event = {"id": "e", "event_type": event_type, "player_id": "p", "banner_tag": "b", "metadata": metadata}
    value = json.dumps({**event, "created_at": "2026-11-17T10:00:00Z"}).encode()
    return decode([Slice("test", 0, "events", [0], [1_795_000_000_000], [value], 1)]).events


@given(metadata=metadata)
@example(metadata={'a"_bot': "x"})
@example(metadata={"a": ',"_bot":'})
@example(metadata={"a": '{"_bot":"x"}', "b": ","})
@example(metadata={"a\\": "x", "_bot": ""})
def test_a_visit_is_a_crawlers_when_its_metadata_has_the_key(metadata: dict[str, str]) -> None:
    """The key itself decides: no other key, no value that quotes it, and whatever the crawler is called."""
    events = events_with(metadata)

    assert competing(events, count_bots=False).is_empty() == ("_bot" in metadata)
    assert competing(events, count_bots=True).equals(events)


@given(event_type=st.sampled_from(["registration", "deposit"]))
def test_registrations_and_deposits_are_never_a_crawlers(event_type: str) -> None:
    """Other writers to the topic may mark what they like."""
    events = events_with({"_bot": "crawler"}, event_type)

    assert competing(events, count_bots=False).equals(events)
