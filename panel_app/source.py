"""Where a page takes its figures from: the newest published snapshot, or one that somebody holds already."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from datetime import date, datetime
from pathlib import Path
from threading import Lock
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

import pixels
from panel_app.report_runs import ReportRuns
from pixels import Warehouse
from pixels.config import Settings
from pixels.errors import PixelsError
from pixels.pointer import POINTER, read_pointer

Answer = TypeVar("Answer")
_REMEMBERED = 96


def local_day(instant: datetime, time_zone: str) -> date:
    """Return the calendar day of an instant."""
    return instant.astimezone(ZoneInfo(time_zone)).date()


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
    def last_event_at(self) -> datetime | None: ...  # noqa: D102
    @property
    def time_zone(self) -> str: ...  # noqa: D102
    @property
    def is_demo(self) -> bool: ...  # noqa: D102


class Superseded(PixelsError):
    """The snapshot was closed, as there is a newer one: ask that."""


class Answers:
    """What one snapshot answered: a question is asked once, however many sessions want to know. For any thread."""

    def __init__(
        self,
        warehouse: Warehouse,
        *,
        closes: bool = True,
        settings: Settings | None = None,
        reports: ReportRuns | None = None,
    ) -> None:
        self.warehouse = warehouse
        self.settings = settings
        """Of the home that the snapshot lies in; None: only the snapshot is known."""
        self.reports = reports
        """Makes reports of that home."""
        self._closes = closes
        self._lock = Lock()
        self._asked: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._asking = 0
        self._retired = False

    def ask(self, question: Callable[..., Answer], *parameters: Hashable) -> Answer:
        """Return `question(warehouse, *parameters)`, remembered. Raises what it raises, and Superseded."""
        future, is_new = self._future((question, *parameters))
        if is_new:
            try:
                future.set_result(question(self.warehouse, *parameters))
            except BaseException as error:
                future.set_exception(error)
                with self._lock:
                    self._asked.pop((question, *parameters), None)
            finally:
                self._done()
        answer: Answer = future.result()
        return answer

    def retire(self) -> None:
        """Close the snapshot as soon as nothing is being asked."""
        with self._lock:
            self._retired = True
            self._close_if_idle()

    def _future(self, key: Hashable) -> tuple[Future[Any], bool]:
        with self._lock:
            if key in self._asked:
                self._asked.move_to_end(key)
                return self._asked[key], False
            if self._retired:
                raise Superseded("there is a newer snapshot")
            self._asking += 1
            future = self._asked[key] = Future[Any]()
            if len(self._asked) > _REMEMBERED:
                self._asked.popitem(last=False)
            return future, True

    def _done(self) -> None:
        with self._lock:
            self._asking -= 1
            self._close_if_idle()

    def _close_if_idle(self) -> None:
        if self._retired and not self._asking and self._closes:
            self.warehouse.close()


class Source(Protocol):
    """Answers from any thread."""

    def standing(self) -> Standing | None:
        """Return what is published now, None when nothing is yet. Raises NoSnapshot when it is not usable."""

    def answers(self) -> Answers:
        """Return the newest snapshot, to be asked. Raises PixelsError."""


class Held:
    """A warehouse that somebody else opened and closes; it is shown as it is."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._answers = Answers(warehouse, closes=False)

    def standing(self) -> Standing:
        """Return what was known when the warehouse was opened."""
        return self._answers.warehouse

    def answers(self) -> Answers:
        """Return the one that is held."""
        return self._answers


class Published:
    """The newest snapshot of a folder: one open file and one set of answers for all sessions.

    A snapshot is closed when a newer one is opened, and what was being asked of it has been answered. `settings` are those
    of the home that the folder belongs to; without them nothing but the snapshots is looked at.
    """

    def __init__(self, folder: Path, settings: Settings | None = None) -> None:
        self.folder, self._settings = folder, settings
        self._reports = None if settings is None else ReportRuns(settings)
        self._opening = Lock()
        self._newest: Answers | None = None

    def standing(self) -> Standing | None:
        """Read the pointer; None when nothing was ever published."""
        return read_pointer(self.folder) if (self.folder / POINTER).exists() else None

    def answers(self) -> Answers:
        """Return the newest snapshot."""
        with self._opening:
            old = self._newest
            new = pixels.open(self.folder) if old is None or self._is_of_yesterday(old) else old.warehouse.reload()
            if old is None or new is not old.warehouse:
                self._newest = Answers(new, settings=self._settings, reports=self._reports)
                if old is not None:
                    old.retire()
            assert self._newest is not None  # noqa: S101 - set above
            return self._newest

    def _is_of_yesterday(self, answers: Answers) -> bool:
        """Whether a day has begun since: what is said of "the last day" is another one then, also without a new snapshot."""
        warehouse = answers.warehouse
        standing = self.standing() or warehouse
        return local_day(standing.complete_until, warehouse.time_zone) != local_day(
            warehouse.complete_until, warehouse.time_zone
        )

    def close(self) -> None:
        """Release the file, and end the report that is being made."""
        if self._reports is not None:
            self._reports.close()
        with self._opening:
            if self._newest is not None:
                self._newest.retire()
                self._newest = None
