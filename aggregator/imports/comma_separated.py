"""CSV as RFC 4180 has it: a first line that names the columns, then a row a line; fields in quotes may hold anything.

The standard library's reader cannot tell a field that is empty from one that is an empty text in quotes, which the
exports of databases do. Nor does it let a quote that is never closed cost its own line alone.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from aggregator.contract import contract
from aggregator.imports.columns import check_columns
from aggregator.imports.lines import Judge, Line, NewId, Refused, Skipped, numbered_lines, outcome_of, too_large
from aggregator.imports.opening import UnusableFile

_SEPARATORS = (b",", b";", b"\t", b"|")
_QUOTED = re.compile(rb'"((?:[^"]++|"")*+)"')

Fields = list[bytes | None]
"""The fields of a row; None for one where nothing stands, not even quotes."""


class Record(NamedTuple):
    """One row: the number of its first line, the row as written, and its fields, or what is wrong with it."""

    number: int
    written: bytes
    fields: Fields | Refused


class _NotClosed(Exception):
    """A quote is still open at the end of the text."""


class _Malformed(Exception):
    """A quote is closed, and something else than the next field follows."""


def read_csv(name: str, stream: BinaryIO, judge: Judge, new_id: NewId) -> Iterator[Line]:
    """Yield the rows; blank lines are skipped. Raises UnusableFile when the first line does not name the columns needed."""
    columns, rows = read_table(name, stream)
    if columns:
        check_columns(name, columns)
    for record in rows:
        if not record.written.strip():
            yield Line(record.number, record.written, Skipped("blank"))
        elif isinstance(record.fields, Refused):
            yield Line(record.number, record.written, record.fields)
        else:
            yield Line(record.number, record.written, _outcome(columns, record.fields, judge, new_id))


def read_table(name: str, stream: BinaryIO) -> tuple[list[str], Iterator[Record]]:
    """Return the columns that the first line names, none if the file is empty, and the rows below it, blank lines too.

    Raises UnusableFile when the first line cannot be read.
    """
    lines = numbered_lines(stream)
    header = next((line for _, line in lines if line.strip()), b"")
    separator = max(_SEPARATORS, key=header.count)
    try:
        columns = [(field or b"").decode().strip() for field in split(header, separator)] if header else []
    except (UnicodeDecodeError, _NotClosed, _Malformed):
        raise UnusableFile(f"{name}: the first line does not name the columns. Is this CSV in UTF-8?") from None
    return columns, _records(lines, separator, len(columns))


def _outcome(columns: list[str], fields: Fields, judge: Judge, new_id: NewId) -> bytes | Refused:
    try:
        row = {column: field.decode() for column, field in zip(columns, fields, strict=True) if field is not None}
    except UnicodeDecodeError as error:
        return Refused("not_utf8", str(error))
    row.pop("", None)  # a column without a name, such as a row number
    if not row.get("id"):  # what somebody says of an event: an empty cell says nothing
        row = {column: text for column, text in row.items() if text}
    return outcome_of(judge.row(row.items(), new_id))


def _records(lines: Iterator[tuple[int, bytes]], separator: bytes, width: int) -> Iterator[Record]:
    """Yield the rows. Where quotes do not come out right the first line is refused, and reading goes on with the next."""
    pushed_back: deque[tuple[int, bytes]] = deque()

    def next_line() -> tuple[int, bytes] | None:
        return pushed_back.popleft() if pushed_back else next(lines, None)

    while (first := next_line()) is not None:
        number, line = first
        if fault := too_large(line):
            yield Record(number, line, fault)
            continue
        taken = [first]
        try:
            fields = _fields(taken, next_line, separator)
            written = b"\n".join(line for _, line in taken)
            if len(fields) != width and written.strip():
                raise _Malformed(f"{len(fields)} columns; the first line names {width}")
            yield Record(number, written, fields)
        except (_NotClosed, _Malformed) as error:
            pushed_back.extendleft(reversed(taken[1:]))
            yield Record(number, line, Refused("bad_line", str(error)))


def _fields(
    taken: list[tuple[int, bytes]], next_line: Callable[[], tuple[int, bytes] | None], separator: bytes
) -> Fields:
    """Return the fields of the row that begins with `taken`, to which the lines are added that it goes on in."""
    try:
        return split(taken[0][1], separator)
    except _NotClosed:
        pass
    limit, size = contract().message_bytes, len(taken[0][1])
    while size <= limit and (line := next_line()) is not None:
        taken.append(line)
        size += len(line[1]) + 1
        if b'"' in line[1]:  # nothing else can close the quote
            try:
                return split(b"\n".join(line for _, line in taken), separator)
            except _NotClosed:
                pass
    raise _NotClosed("a quote is opened and not closed")


def split(row: bytes, separator: bytes) -> Fields:
    """Return the fields of a row; raises _NotClosed when it goes on in the next line, _Malformed when it is none."""
    if b'"' not in row:
        return [field or None for field in row.split(separator)]
    fields: Fields = []
    at = 0
    while True:
        if row.startswith(b'"', at):
            quoted = _QUOTED.match(row, at)
            if quoted is None:
                raise _NotClosed("a quote is opened and not closed")
            fields.append(quoted[1].replace(b'""', b'"'))
            at = quoted.end()
        else:
            end = row.find(separator, at)
            fields.append(row[at : end if end >= 0 else len(row)] or None)
            at = end if end >= 0 else len(row)
        if at == len(row):
            return fields
        if not row.startswith(separator, at):
            raise _Malformed(f"after the quotes of field {len(fields)} there is something else than the next field")
        at += 1
