"""The next batch is made while one is stored: one, in order, and its failure waits for its turn."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from threading import Event, get_ident

import pytest

from aggregator.ahead import made_ahead
from tests.waiting import until


def test_the_next_is_made_while_the_caller_works_and_the_one_after_is_not() -> None:
    """Memory holds one batch at work and one ahead, whatever the backlog."""
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(5):
            made.append(number)
            yield number

    with made_ahead(items()) as coming:
        for number in coming:
            assert len(made) <= number + 2
            until(partial(_have_come, made, min(number + 1, 4)))

    assert made == [0, 1, 2, 3, 4]


def _have_come(made: list[int], number: int) -> bool:
    return number in made


def test_what_fails_is_raised_in_its_turn() -> None:
    """Batches read before the log failed are stored first."""

    def items() -> Iterator[str]:
        yield "first"
        raise OSError("the log is gone")

    worked_on = []
    with made_ahead(items()) as coming, pytest.raises(OSError, match="the log is gone"):  # noqa: PT012
        worked_on.append(next(coming))
        next(coming)

    assert worked_on == ["first"]


def test_a_caller_that_leaves_waits_for_the_one_that_is_made() -> None:
    """Nothing reads the log any more when its sources are closed."""
    may_end, ended = Event(), []

    def items() -> Iterator[int]:
        yield get_ident()
        may_end.wait()
        ended.append(get_ident())
        yield 2

    with made_ahead(items()) as coming:
        first = next(coming)
        may_end.set()

    assert ended == [first] != [get_ident()]
