"""Putting a DuckDB file in the place of another in one step."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from aggregator.store.opening import check_at_rest

OnStep = Callable[[str], None]


def swap(new: Path, old: Path, on_step: OnStep) -> None:
    """Let `new` take the place of `old`, on the same file system; both are closed. Steps: at_swap, after_swap.

    Raises DamagedWarehouse when either has a write-ahead log beside it: it would be replayed into the other, without an
    error. Who has the old one open keeps it.
    """
    check_at_rest(new)
    check_at_rest(old)
    _sync(new)
    on_step("at_swap")
    new.replace(old)
    _sync(old.parent)
    on_step("after_swap")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
