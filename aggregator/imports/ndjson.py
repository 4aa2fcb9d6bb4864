"""NDJSON: one JSON object a line, in the form of a record of the log or as a sender would say it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from aggregator.imports.lines import Judge, Line, NewId, Skipped, numbered_lines, outcome_of, too_large


def read_ndjson(stream: BinaryIO, judge: Judge, new_id: NewId) -> Iterator[Line]:
    """Yield the lines; blank ones are skipped."""
    for number, line in numbered_lines(stream):
        if not line.strip():
            yield Line(number, line, Skipped("blank"))
        else:
            yield Line(number, line, too_large(line) or outcome_of(judge.json(line, new_id)))
