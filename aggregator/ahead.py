"""Work on one thing while the next is made: reading and decoding a batch overlaps storing the one before."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")

_NO_MORE = None


@contextmanager
def made_ahead(items: Iterator[Item]) -> Iterator[Iterator[Item]]:
    """Yield the items, each made in a thread of its own while the caller works on the one before; one ahead at most.

    What making an item raises is raised when its turn comes. Leaving the block early waits for the item that is being made,
    so what makes it must know how to end; that item is lost.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as maker:
        yield _in_turn(items, maker)


def _in_turn(items: Iterator[Item], maker: ThreadPoolExecutor) -> Iterator[Item]:
    coming = maker.submit(next, items, _NO_MORE)
    while (item := coming.result()) is not _NO_MORE:
        coming = maker.submit(next, items, _NO_MORE)
        yield item
