"""A progress bar for long work on a terminal; nothing anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

_SHOWN_AFTER_SECONDS = 1.0


@contextmanager
def progress_bar(
    what: str, total: int | None, unit: str = "records", stream: TextIO | None = None
) -> Iterator[Callable[[int], None]]:
    """Show how far the work is, on stderr, as long as the block lasts; yield the function that is told how much is done.

    It takes the whole amount done so far, not what was added. `total` None: it is not known. Work that is over within a
    second shows nothing, and so does work whose `stream` is no terminal.
    """
    from tqdm import tqdm

    with tqdm(
        desc=what,
        total=total,
        unit=f" {unit}",
        unit_scale=True,
        file=stream or sys.stderr,
        disable=None,  # where there is no terminal
        delay=_SHOWN_AFTER_SECONDS,
        dynamic_ncols=True,
        leave=False,
    ) as bar:

        def show(done: int) -> None:
            bar.update(max(0, done - bar.n))

        yield show
