"""Ids that are made of what was sent, and ids that are random."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from collector.contract import Facts, Sender
from collector.event_id import NAMESPACE, RandomIds, event_id, uuid5

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_name_has_the_id_that_the_standard_gives_it(name: str) -> None:
    """Whoever knows the name space can compute the id with any library."""
    assert uuid5(name) == str(uuid.uuid5(NAMESPACE, name))


def test_the_name_space_never_changes() -> None:
    """With another one, retries of events that are stored would be new events."""
    assert uuid5("visit\n1\ne-1") == "7c8f9f20-9c9b-540e-b9fe-f91290a05add"


def test_random_ids_do_not_repeat_across_chunks() -> None:
    """Random bytes are fetched by the chunk, and each is used once."""
    random_ids = RandomIds()

    made = [random_ids.new(0) for _ in range(5000)]

    assert len(set(made)) == len(made)
    assert {uuid.UUID(each).version for each in made} == {7}


def test_a_signature_is_one_event_or_one_of_each_item() -> None:
    """A signed request that is sent again is the same event; the items of a signed batch are different ones."""
    facts = Facts(event_type="visit", sender=Sender(None, None), received_at=NOW, key_id="shop", signature="00" * 32)
    later = Facts(
        event_type="visit",
        sender=Sender(None, None),
        received_at=NOW.replace(year=2027),
        key_id="shop",
        signature="00" * 32,
    )
    items = [
        Facts(
            event_type="visit", sender=Sender(None, None), received_at=NOW, key_id="shop", signature="00" * 32, item=n
        )
        for n in range(3)
    ]

    ids = [event_id("1", None, each, RandomIds()) for each in (facts, later, *items)]

    assert ids[0] == ids[1]
    assert len(set(ids)) == 4
