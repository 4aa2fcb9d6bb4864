"""A CSV file that says something of banners: read as a whole, or refused with every line that cannot be used."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from aggregator.contract import contract
from aggregator.imports.comma_separated import Fields, Record, read_table
from aggregator.imports.lines import Refused
from aggregator.imports.opening import STDIN, UnusableFile, failures_of, opened
from aggregator.store.banners import Banner
from pixels.formulas import unguarded

_TAG = "banner_tag"
_COLUMNS = (_TAG, *Banner._fields)
_FAULTS_SHOWN = 20
_SHOWN_CHARACTERS = 60


class _Fault(Exception):
    """What is wrong with a line."""


def read_banners(name: str) -> dict[str, Banner]:
    """Return what a file (`-`: standard input) says of banners, by banner tag, in its order.

    Raises NoSuchFile, and UnusableFile that names the lines that cannot be used, the first 20 of them, and why.
    """
    called = "standard input" if name == STDIN else name
    with opened(name, "csv") as file, failures_of(called):
        columns, rows = read_table(called, file.stream)
        _check_columns(called, columns)
        banners, faults = _read(columns, rows)
    if faults:
        raise UnusableFile(_as_text(called, faults))
    return banners


def _check_columns(name: str, columns: Sequence[str]) -> None:
    known = f"The first line of the file names them: {_TAG} and, as needed, {', '.join(Banner._fields)}"
    if unknown := [column for column in columns if column not in _COLUMNS]:
        raise UnusableFile(
            f"{name} has unknown columns: {', '.join(map(_shown, unknown))}. {known}. Nothing was changed."
        )
    if twice := [column for column, times in Counter(columns).items() if times > 1]:
        raise UnusableFile(f"{name} has the column {', '.join(twice)} twice. Leave one out. Nothing was changed.")
    if _TAG not in columns:
        raise UnusableFile(f"{name} has no column {_TAG}. {known}. Nothing was changed.")


def _read(columns: Sequence[str], rows: Iterable[Record]) -> tuple[dict[str, Banner], list[str]]:
    """Return the banners, and what is wrong with which lines."""
    banners: dict[str, Banner] = {}
    lines: dict[str, int] = {}
    faults: list[str] = []
    for number, written, fields in rows:
        if not written.strip():
            continue
        try:
            cells = _cells(columns, fields)
            if not any(cells.values()):  # as spreadsheets write the rows below the last one
                continue
            tag, banner = _banner(cells)
            if (first := lines.setdefault(tag, number)) != number:
                raise _Fault(f"the banner {_shown(tag)} stands in line {first} already: leave one of the two out")
            banners[tag] = banner
        except _Fault as fault:
            faults.append(f"line {number}: {fault}")
    return banners, faults


def _cells(columns: Sequence[str], fields: Fields | Refused) -> dict[str, str]:
    """Return the text of each column, without the white space around it; texts without the apostrophe of a guarded formula."""
    if isinstance(fields, Refused):
        raise _Fault(fields.detail)
    try:
        texts = {column: (field or b"").decode() for column, field in zip(columns, fields, strict=True)}
    except UnicodeDecodeError:
        raise _Fault("this is not UTF-8: save the file as UTF-8 (in Excel: CSV UTF-8)") from None
    for column, text in texts.items():
        if text and not re.fullmatch(contract().printable, text):
            raise _Fault(f"{column} {_shown(text)} has control characters, such as a line end or a tab: take them out")
    return {column: unguarded(text.strip()) for column, text in texts.items()}


def _banner(cells: Mapping[str, str]) -> tuple[str, Banner]:
    limits = contract()
    tag, cost = cells[_TAG], cells.get("cost", "")
    if not tag:
        raise _Fault(f"{_TAG} is empty: say which banner this is")
    for column, text in cells.items():
        if len(text) > limits.name_length:
            raise _Fault(f"{column} {_shown(text)} has {len(text)} characters; at most {limits.name_length} are taken")
    if tag.lower() in limits.placeholders or re.fullmatch(limits.macro, tag):
        raise _Fault(f"{_TAG} {_shown(tag)} is a placeholder, which no event can have: write the banner's own tag")
    if cost and not re.fullmatch(limits.amount, cost):
        raise _Fault(
            f"cost {_shown(cost)} is no amount: write digits, a point and at most 4 decimals, such as 1234.50, "
            "without a sign, a currency or separators of thousands"
        )
    said = {column: cells.get(column) or None for column in Banner._fields if column != "cost"}
    return tag, Banner(**said, cost=Decimal(cost) if cost else None)


def _shown(text: str) -> str:
    """Return a text as a message shows it: in quotes, cut, and what is no visible character as its code."""
    return repr(text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}...")


def _as_text(name: str, faults: Sequence[str]) -> str:
    what = "1 line cannot be used" if len(faults) == 1 else f"{len(faults)} lines cannot be used"
    shown = [f"  {fault}" for fault in faults[:_FAULTS_SHOWN]]
    more = [f"  and {len(faults) - _FAULTS_SHOWN} more"] if len(faults) > _FAULTS_SHOWN else []
    return "\n".join([f"{name}: {what}. Nothing was changed; mend this, and import the file again:", *shown, *more])
