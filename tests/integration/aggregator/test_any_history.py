"""Any history of a warehouse ends in the tables that the rules make of its records."""

from __future__ import annotations

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.any_history import WHAT_HAPPENS, AnyHistory


def test_any_history_ends_in_the_tables_of_the_rules() -> None:
    """Whatever was appended, repeated, delayed, killed, imported, erased, archived or rebuilt, the tables are those of the set."""
    AnyHistory.done.clear()

    run_state_machine_as_test(AnyHistory, settings=settings(max_examples=8, stateful_step_count=12))

    assert set(AnyHistory.done) >= WHAT_HAPPENS, "no history had one of these"
