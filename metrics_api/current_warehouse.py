"""The newest published snapshot, for many threads."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from pixels import Warehouse

OpenWarehouse = Callable[[], Warehouse]


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
            self._warehouse = self._warehouse.reload() if self._warehouse else self._open()
            return self._warehouse
