"""What is left of a record when a name in it is erased."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from aggregator.decode import EVENT_COLUMNS
from aggregator.forgetting import forget_in_records
from aggregator.tombstones import ErasureKey, Tombstones

KEY = ErasureKey(b"k" * 32)
NAMES = ["p1", "p2", "v-1", 'ü "x"']
values = st.sampled_from(["v-1", "p1", 'ü "x"', "", "12.50", "EUR", "tx-1", "null"])
records = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["e1", "e2"]),
        "player_id": st.sampled_from([*NAMES, "p3"]),
        "event_type": st.sampled_from(["visit", "deposit"]),
        "banner_tag": st.just("b"),
        "metadata": st.dictionaries(
            st.sampled_from(["s", "b", "amount", "currency", "txid", "_key", "_bot", "ö", "_record"]), values
        ),
        "source_ip": st.sampled_from([None, "192.0.2.1"]),
        "user_agent": st.sampled_from([None, "", "x"]),
        "created_at": st.just(datetime(2026, 11, 1, tzinfo=UTC)),
    }
)


def frame(records: list[dict[str, Any]]) -> pl.DataFrame:
    """Records as they are decoded."""
    texts = [json.dumps(r["metadata"], sort_keys=True, separators=(",", ":"), ensure_ascii=False) for r in records]
    return pl.DataFrame([r | {"metadata": text} for r, text in zip(records, texts, strict=True)], schema=EVENT_COLUMNS)


def rows(records: pl.DataFrame) -> list[tuple[Any, ...]]:
    return sorted(records.rows(), key=repr)


def without(*names: str) -> Tombstones:
    return Tombstones(None, ()).and_of(KEY, names)


@given(st.lists(records, max_size=8), st.sets(st.sampled_from(NAMES)), st.sets(st.sampled_from(NAMES)))
def test_the_order_of_erasures_does_not_matter(sent: list[dict[str, Any]], first: set[str], second: set[str]) -> None:
    """Erased one after the other or at once, before or after it came, a record is the same."""
    at_once = forget_in_records(frame(sent), without(*first, *second))

    assert rows(forget_in_records(forget_in_records(frame(sent), without(*first)), without(*first, *second))) == rows(
        at_once
    )
    assert rows(forget_in_records(at_once, without(*first, *second))) == rows(at_once)


@given(st.lists(records, max_size=12))
def test_records_that_differ_still_differ(sent: list[dict[str, Any]]) -> None:
    """No two records become one, and no name becomes another's."""
    different = frame(sent).unique()

    assert forget_in_records(different, without(*NAMES)).n_unique() == different.height
