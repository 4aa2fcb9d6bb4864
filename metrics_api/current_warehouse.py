"""The newest published snapshot, for many threads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from threading import Lock

from pixels import Warehouse, __version__

OpenWarehouse = Callable[[], Warehouse]

_STEP = timedelta(minutes=1)
"""So far `complete_until` of a snapshot moves on before the answers say so: they stay the same, and good to keep, that long."""


class CurrentWarehouse:
    """Opens the warehouse when it is first asked for, and follows new snapshots from then on."""

    def __init__(self, open_warehouse: OpenWarehouse) -> None:
        self._open = open_warehouse
        self._lock = Lock()
        self._warehouse: Warehouse | None = None

    def __call__(self) -> Warehouse:
        """Return the newest snapshot. Raises NoSnapshot while nothing is published.

        An older one that another thread still reads is closed when that thread lets it go.
        """
        with self._lock:
            newest = self._warehouse.reload() if self._warehouse else self._open()
            told = newest.status()
            if told.complete_until - newest.complete_until >= _STEP and newest.fresh():
                newest = newest.standing_for(told)
            self._warehouse = newest
            return newest


def tag_of(warehouse: Warehouse) -> str:
    """Return what tells the figures of a snapshot, as complete as it is, from all others.

    This version of Pixels is in it, and by what rule tags are taken apart.
    """
    instants = (f"{instant.timestamp() * 1000:.0f}" for instant in (warehouse.as_of, warehouse.complete_until))
    rule = sha256(warehouse.tag_pattern.encode()).hexdigest()[:8]
    return "-".join([str(warehouse.snapshot), *instants, rule, __version__])
