"""Counts only grow, whoever dies; each worker has a row of its own, and all rows make the total."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.contract import EVENT_TYPES, Reason
from collector.counters import REASONS, SECONDS, Counters, CounterTable, private_counters


def worker(table: CounterTable) -> tuple[int, Counters]:
    """Start a worker as the master does."""
    row = table.take_row()
    return row, table.counters(row)


def test_the_totals_are_the_sums_of_all_workers() -> None:
    """Every count of every worker, in its own place."""
    table = CounterTable(rows=3)
    for number in (1, 2):
        _, counters = worker(table)
        for _ in range(number):
            counters.accepted("deposit", 0.25)
            counters.refused("too_long")
            counters.not_kept("too_long")
            counters.not_stored()
            counters.failed()
            counters.spooled()
            counters.forwarded(10)
            counters.kafka_error()

    totals = table.totals()

    assert totals.accepted == {"visit": 0, "registration": 0, "deposit": 3}
    assert {reason: count for reason, count in totals.refused.items() if count} == {"too_long": 3}
    assert {reason: count for reason, count in totals.not_kept.items() if count} == {"too_long": 3}
    assert (totals.not_stored, totals.failed, totals.spooled, totals.forwarded, totals.kafka_errors) == (3, 3, 3, 30, 3)
    assert (totals.workers, totals.worker_starts, totals.seconds_sum) == (2, 2, 0.75)


def test_the_next_worker_carries_on_in_the_row_of_one_that_ended() -> None:
    """Totals never go back; what was true of the dead worker only is forgotten."""
    table = CounterTable(rows=3)
    row, first = worker(table)
    first.accepted("visit", 0.1)
    first.kafka_is(up=False)
    table.give_back(row)
    assert (table.totals().workers, table.totals().kafka_up) == (0, None)

    again, second = worker(table)
    second.accepted("visit", 0.1)

    assert again == row
    assert (table.totals().accepted["visit"], table.totals().workers, table.totals().worker_starts) == (2, 1, 2)


def test_workers_that_live_together_never_share_a_row() -> None:
    """A reload starts the new ones before the old ones have ended."""
    table = CounterTable(rows=4)
    old = [table.take_row(), table.take_row()]
    new = [table.take_row(), table.take_row()]
    table.give_back(old[1])

    assert sorted(old + new) == [0, 1, 2, 3]
    assert table.take_row() == old[1]


def test_more_workers_than_rows_do_not_end_the_master() -> None:
    """They share the last row, which may miss a count and nothing worse."""
    table = CounterTable(rows=2)

    assert [table.take_row() for _ in range(4)] == [0, 1, 1, 1]


def test_what_a_killed_worker_counted_is_there_for_all() -> None:
    """The rows are memory that processes share: a child counts and ends without a word."""
    table = CounterTable(rows=2)
    row = table.take_row()
    child = os.fork()
    if child == 0:
        table.counters(row).accepted("visit", 0.001)
        os._exit(9)
    os.waitpid(child, 0)

    assert table.totals().accepted["visit"] == 1


@given(st.lists(st.floats(min_value=0, max_value=1e6, allow_nan=False), max_size=50))
def test_every_time_falls_into_the_bucket_whose_bound_holds_it(times: list[float]) -> None:
    """Bounds are inclusive, and the last bucket takes the rest."""
    counters = private_counters()
    expected = [0] * (len(SECONDS) + 1)
    for seconds in times:
        counters.accepted("visit", seconds)
        expected[next((n for n, bound in enumerate(SECONDS) if seconds <= bound), len(SECONDS))] += 1

    totals = counters.table.totals()

    assert totals.seconds == tuple(expected)
    assert totals.seconds_sum == pytest.approx(sum(times))


@given(st.lists(st.tuples(st.sampled_from(REASONS), st.booleans()), max_size=100))
def test_what_is_still_to_be_summarised_is_what_was_not_kept_less_what_was_summarised(
    steps: list[tuple[Reason, bool]],
) -> None:
    """Also when the worker that counted it is not the one that writes the summary."""
    table = CounterTable(rows=1)
    row, counters = worker(table)
    waiting: dict[Reason, int] = {}
    for reason, summarise in steps:
        if summarise:
            for name, count in counters.to_summarise().items():
                counters.summarised(name, count)
            waiting.clear()
            table.give_back(row)
            row, counters = worker(table)
        counters.not_kept(reason)
        waiting[reason] = waiting.get(reason, 0) + 1

    assert counters.to_summarise() == waiting


def test_kafka_is_up_when_it_is_up_for_every_worker() -> None:
    """One worker that spools is enough to look; without Kafka there is nothing to say."""
    table = CounterTable(rows=3)
    (_, first), (_, second), _ = worker(table), worker(table), worker(table)
    assert table.totals().kafka_up is None

    first.kafka_is(up=True)
    second.kafka_is(up=False)
    assert table.totals().kafka_up is False

    second.kafka_is(up=True)
    assert table.totals().kafka_up is True


def test_every_type_and_reason_is_counted_apart() -> None:
    """No two share a cell."""
    counters = private_counters()
    for number, event_type in enumerate(EVENT_TYPES, start=1):
        for _ in range(number):
            counters.accepted(event_type, 0.0)
    for number, reason in enumerate(REASONS, start=1):
        for _ in range(number):
            counters.refused(reason)

    totals = counters.table.totals()

    assert list(totals.accepted.values()) == [1, 2, 3]
    assert list(totals.refused.values()) == list(range(1, len(REASONS) + 1))
    assert not any(totals.not_kept.values())
