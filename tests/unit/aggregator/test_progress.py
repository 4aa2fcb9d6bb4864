"""The progress bar: on a terminal, and nowhere else."""

from __future__ import annotations

import io
import os
import pty
import select
import termios
from collections.abc import Callable

from aggregator.progress import progress_bar
from tests.waiting import until


def test_a_terminal_is_shown_how_far_the_work_is() -> None:
    """After a second of work the bar says what is done, how much of it, and of how much."""
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (24, 100))
    seen = bytearray()
    with (
        os.fdopen(leader, "rb", buffering=0),
        os.fdopen(follower, "w") as terminal,
        progress_bar("Storing", 4_000, stream=terminal) as show,
    ):
        until(lambda: shown(show, 1_000, leader, seen), timeout=10, what="the bar")

    assert b"Storing" in seen
    assert b"1.00k/4.00k" in seen
    assert b"records" in seen


def shown(show: Callable[[int], None], done: int, terminal: int, seen: bytearray) -> bool:
    """Tell the bar again how much is done, and whether the terminal has it."""
    show(done)
    while select.select([terminal], [], [], 0)[0]:
        seen += os.read(terminal, 4096)
    return b"4.00k" in seen


def test_elsewhere_nothing_is_shown() -> None:
    """A log file, a pipe and a mail of cron stay clean."""
    stream = io.StringIO()

    with progress_bar("Storing", 10, stream=stream) as show:
        show(5)
        show(10)

    assert stream.getvalue() == ""
