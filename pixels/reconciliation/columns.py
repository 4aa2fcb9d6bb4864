"""Which column of somebody else's file says what: told by its name, or chosen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pixels.errors import BadParameter

NAMES = {
    "day": ("day", "date", "eventdate"),
    "time": ("time", "timestamp", "datetime", "createdat", "eventtime"),
    "banner": ("banner", "bannertag", "tag"),
    "player": ("player", "playerid"),
    "click_id": ("clickid", "click", "b"),
    "txid": ("txid", "transaction", "transactionid"),
    "amount": ("amount",),
    "currency": ("currency",),
    "count": ("count", "number"),
}
"""What a column can say, and the names by which it is told: letters and digits alone are compared, in any case."""
IDENTITIES = ("txid", "click_id", "player")
"""What tells one event from another, the most exact first."""
BY = ("day", "banner", *IDENTITIES)
_MONEY = ("txid", "amount", "currency")
_SHOWN = 20


@dataclass(frozen=True)
class Columns:
    """What is read: `of` has the column of the file by what it says; `left_out` is not read."""

    of: Mapping[str, str]
    by: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def identity(self) -> str | None:
        """What tells one event from another; None: the file has counts."""
        return next((name for name in IDENTITIES if name in self.by), None)


def check_columns(
    has: Sequence[str], event_type: str, by: object = None, chosen: Mapping[str, str | None] | None = None
) -> Columns:
    """Return what is read of a file that `has` these columns. Raises BadParameter that lists them.

    `chosen` {"player": "Customer"}: this column, whatever it is called; None: none, although one has the name. `by`: which of BY
    are compared; None: all that the file has, the most exact of IDENTITIES being the one that tells events apart.
    """
    found = _told_by_names(has) | {name: [column] for name, column in _checked(has, chosen).items() if column}
    for name, column in (chosen or {}).items():
        if column is None:
            found.pop(name, None)
    several = {name: columns for name, columns in found.items() if len(columns) > 1}
    for name, columns in several.items():
        raise BadParameter("columns", f"{_listed(columns)} could each be the {name}: say which, {{{name!r}: ...}}")
    of = {name: columns[0] for name, columns in found.items()}
    if event_type != "deposit":
        of = _without_money(of, chosen)
    if "time" in of:
        of.pop("day", None)
    wanted = _compared(of, by, has)
    read = _read(of, wanted)
    left_out = tuple(column for column in has if column not in read.values())
    return Columns(read, tuple(name for name in BY if name in wanted), left_out)


def _told_by_names(has: Sequence[str]) -> dict[str, list[str]]:
    plain = {column: re.sub(r"[^a-z0-9]", "", column.lower()) for column in has}
    told = {name: [column for column in has if plain[column] in names] for name, names in NAMES.items()}
    return {name: columns for name, columns in told.items() if columns}


def _checked(has: Sequence[str], chosen: object) -> Mapping[str, str | None]:
    if chosen is None:
        return {}
    if not isinstance(chosen, Mapping):
        raise BadParameter("columns", f'{chosen!r} is no mapping such as {{"player": "Customer"}}')
    for name, column in chosen.items():
        if name not in NAMES:
            raise BadParameter("columns", f"{name!r} is nothing that a column can say; that is {', '.join(NAMES)}")
        if column is not None and column not in has:
            raise BadParameter("columns", f"the file has no column {column!r} for the {name}; it has {_listed(has)}")
    for column, times in Counter(column for column in chosen.values() if column).items():
        if times > 1:
            raise BadParameter("columns", f"{column!r} is given for {times} things: a column says one")
    return chosen


def _without_money(of: Mapping[str, str], chosen: Mapping[str, str | None] | None) -> dict[str, str]:
    for name in _MONEY:
        if (chosen or {}).get(name):
            raise BadParameter("columns", f"only a deposit has a {name}: leave it out, or ask for type 'deposit'")
    return {name: column for name, column in of.items() if name not in _MONEY}


def _compared(of: Mapping[str, str], by: object, has: Sequence[str]) -> list[str]:
    """Return which of BY are compared."""
    there = [name for name in BY if name in of or (name == "day" and "time" in of)]
    wanted = there if by is None else _checked_by(by, there, has)
    if not wanted:
        raise BadParameter(
            "columns",
            f"no column is a {', '.join(BY)}, going by the names; the file has {_listed(has)}. "
            'Say which is which: columns={"player": "Customer", "day": "Date"}, or --column player=Customer',
        )
    return wanted


def _read(of: Mapping[str, str], wanted: Sequence[str]) -> dict[str, str]:
    """Return which columns are read: of what is compared, days in any case, and money of single events or the number of many."""
    identity = next((name for name in IDENTITIES if name in wanted), None)
    beside = {"amount", "currency"} if identity else {"count"}
    if identity and "count" in of:
        raise BadParameter(
            "by",
            f"a row that names a {identity} is one event, and {of['count']!r} says how many: compare counts with "
            'by=["day", "banner"], or leave the column out with columns={"count": None}',
        )
    return {name: column for name, column in of.items() if name in {*wanted, *beside, "day", "time"}}


def _checked_by(by: object, there: Sequence[str], has: Sequence[str]) -> list[str]:
    names = [by] if isinstance(by, str) else by
    if not isinstance(names, Sequence) or isinstance(names, bytes) or not all(isinstance(name, str) for name in names):
        raise BadParameter("by", f"{by!r} is no list of {', '.join(BY)}")
    for name in names:
        if name not in BY:
            raise BadParameter("by", f"{name!r} is not one of {', '.join(BY)}")
        if name not in there:
            raise BadParameter("by", f"no column of the file is known to be the {name}; it has {_listed(has)}")
    if not names:
        raise BadParameter("by", f"name at least one of {', '.join(there)}")
    return list(names)


def _listed(columns: Sequence[str]) -> str:
    shown = [repr(column[:60]) for column in columns[:_SHOWN]]
    more = [f"and {len(columns) - _SHOWN} more"] if len(columns) > _SHOWN else []
    return ", ".join([*shown, *more])
