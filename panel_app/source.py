"""Where a page takes its figures from: the newest published snapshot, or one that somebody holds already."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from threading import Lock
from typing import Protocol

import pixels
from panel_app.figures import Figures, read_figures
from panel_app.periods import default_preset, preset_period
from pixels import Warehouse
from pixels.period import Period
from pixels.pointer import POINTER, read_pointer

Choice = str | Period
"""The name of a preset, or days that stay as they are."""
_REMEMBERED = 64


class Standing(Protocol):
    """What a page says of the data besides the figures; a `Warehouse` and a `Pointer` both say it."""

    @property
    def snapshot(self) -> int: ...  # noqa: D102
    @property
    def as_of(self) -> datetime: ...  # noqa: D102
    @property
    def complete_until(self) -> datetime: ...  # noqa: D102
    @property
    def last_pass_at(self) -> datetime: ...  # noqa: D102
    @property
    def time_zone(self) -> str: ...  # noqa: D102
    @property
    def is_demo(self) -> bool: ...  # noqa: D102


class Source(Protocol):
    """Answers from any thread."""

    def standing(self) -> Standing | None:
        """Return what is published now, None when nothing is yet. Raises NoSnapshot when it is not usable."""

    def figures(self, choice: Choice | None, today: date) -> tuple[Choice, Figures]:
        """Return the figures of the newest snapshot, and what was chosen (None chooses the default)."""


class Held:
    """A warehouse that somebody else opened and closes; it is shown as it is."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def standing(self) -> Standing:
        """Return what was known when the warehouse was opened."""
        return self._warehouse

    def figures(self, choice: Choice | None, today: date) -> tuple[Choice, Figures]:
        """Read the figures of the chosen days."""
        choice, period = _chosen(choice, today, self._warehouse.days_with_data())
        return choice, read_figures(self._warehouse, period, today)


class Published:
    """The newest snapshot of a folder: one open file and one set of figures for all sessions.

    Questions are answered one at a time, so that many sessions cost no more memory than one, and sessions that show
    the same period read it once. A snapshot is closed as soon as a newer one is opened.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._asking = Lock()
        self._warehouse: Warehouse | None = None
        self._data: Period | None = None
        self._figures: dict[tuple[Period, date], Figures] = {}

    def standing(self) -> Standing | None:
        """Read the pointer; None when nothing was ever published."""
        return read_pointer(self._folder) if (self._folder / POINTER).exists() else None

    def figures(self, choice: Choice | None, today: date) -> tuple[Choice, Figures]:
        """Read the figures of the chosen days from the newest snapshot."""
        with self._asking:
            warehouse = self._newest()
            choice, period = _chosen(choice, today, self._data)
            known = self._figures.get((period, today))
            if known is None:
                known = read_figures(warehouse, period, today)
                if len(self._figures) >= _REMEMBERED:
                    self._figures.pop(next(iter(self._figures)))
                self._figures[period, today] = known
            return choice, known

    def close(self) -> None:
        """Release the file."""
        with self._asking:
            if self._warehouse is not None:
                self._warehouse.close()
                self._warehouse = None

    def _newest(self) -> Warehouse:
        old = self._warehouse
        new = pixels.open(self._folder) if old is None else old.reload()
        if new is not old:
            self._warehouse, self._data = new, new.days_with_data()
            self._figures.clear()
            if old is not None:
                old.close()
        return new


def _chosen(choice: Choice | None, today: date, data: Period | None) -> tuple[Choice, Period]:
    chosen = default_preset(today, data) if choice is None else choice
    return chosen, chosen if isinstance(chosen, Period) else preset_period(chosen, today, data)
