"""Long answers in pages, all of them of one snapshot."""

from __future__ import annotations

import base64
import binascii
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock

import falcon

from metrics_api.current_warehouse import tag_of
from metrics_api.parameters import Kind, Parameter, Values, whole_number
from pixels import Warehouse
from pixels.errors import BadParameter

MOST_ROWS = 100_000
ROWS_OF_JSON = 10_000
_MOST_HELD = 3
_SECONDS_HELD = 600.0
_DIGITS = 16


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: the row, the question it is of, and the snapshot that answers it."""

    offset: int
    question: str
    tag: str

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(f"{self.offset}.{self.question}.{self.tag}".encode()).decode().rstrip("=")


def _read_cursor(name: str, text: str) -> Cursor:
    try:
        padded = text + "=" * (-len(text) % 4)
        offset, question, tag = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii").split(".", 2)
        cursor = Cursor(int(offset) if len(offset) < _DIGITS else -1, question, tag)
    except (binascii.Error, ValueError):
        cursor = None
    if cursor is None or cursor.offset < 0 or str(cursor) != text:
        raise BadParameter(name, "is not one that this API gave; take it from `next` of the page before")
    return cursor


LIMIT = Parameter(
    "limit",
    whole_number(1, MOST_ROWS),
    f"rows a page at most; without it {ROWS_OF_JSON:,} in JSON, and all in the other formats",
    1000,
)
CURSOR = Parameter(
    "cursor",
    Kind({"type": "string", "minLength": 1}, _read_cursor),
    "where the page begins, from `next` of the page before",
    "",
)
PAGE = (LIMIT, CURSOR)


def name_of_question(path: str, asked: Values) -> str:
    """Return a short name of what is asked, the same for all pages of it."""
    return sha256(repr((path, sorted(asked.items()))).encode()).hexdigest()[:_DIGITS]


class HeldSnapshots:
    """The snapshots of which somebody was told of another page: the last few, each until nobody reads on for ten minutes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, Lock()
        self._held: OrderedDict[str, tuple[float, Warehouse]] = OrderedDict()

    def hold(self, warehouse: Warehouse) -> None:
        """Keep a snapshot for the pages that follow."""
        with self._lock:
            tag = tag_of(warehouse)
            self._held[tag] = (self._clock() + _SECONDS_HELD, warehouse)
            self._held.move_to_end(tag)
            while len(self._held) > _MOST_HELD:
                self._held.popitem(last=False)

    def let_go(self) -> None:
        """Forget those whose time is over."""
        with self._lock:
            for tag in [tag for tag, (until, _) in self._held.items() if until < self._clock()]:
                del self._held[tag]

    def of(self, cursor: Cursor | None, question: str, newest: Warehouse) -> Warehouse:
        """Return the snapshot that a page is of. Raises BadParameter for another question's cursor, 410 for a snapshot that is gone."""
        self.let_go()
        if cursor is None or cursor.tag == tag_of(newest):
            found = newest
        elif held := self._held.get(cursor.tag):
            found = held[1]
        else:
            raise falcon.HTTPGone(
                description="The figures have changed since the first page, and the snapshot of it is not held any more. "
                "Ask again without `cursor`; with a larger `limit` there are fewer pages."
            )
        if cursor is not None and cursor.question != question:
            raise BadParameter("cursor", "belongs to another question; repeat the parameters of the first page")
        return found
