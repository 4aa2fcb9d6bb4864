"""What an import did: how many lines became what, why others did not, and each refused line in a file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from aggregator.imports.judging import Batch, RefusedLine
from aggregator.imports.opening import UnusableFile
from pixels.errors import CANNOT_READ_OR_WRITE, PixelsError

_WRITTEN_BYTES = 8192
_REASONS_SHOWN = 20


class CannotWriteRefused(PixelsError):
    """The file for refused lines cannot be written."""

    exit_code = CANNOT_READ_OR_WRITE


@dataclass
class Report:
    """Counts of lines: `read` is the sum of `stored`, `repeated`, `refused` and `skipped`; of a check, of `accepted` and the last two."""

    check: bool
    refused_lines: RefusedLines
    files: int = 0
    read: int = 0
    accepted: int = 0
    repeated: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)
    """Of each reason, where it was met first and what it said."""
    ended_early: bool = False
    failure: UnusableFile | None = None
    """What the last file could not be read to its end for."""

    @property
    def refused(self) -> int:
        """How many lines were refused."""
        return self.reasons.total()

    @property
    def nothing_usable(self) -> bool:
        """Whether lines were refused, and none was taken: the file is most likely not what it was taken for."""
        return self.refused > 0 and self.accepted == 0

    def add(self, name: str, batch: Batch, repeated: int) -> None:
        """Count a batch of a file; `repeated`: so many of its events were stored before."""
        self.read += batch.read
        self.accepted += batch.events.height
        self.repeated += repeated
        self.skipped += batch.skipped
        for line in batch.refused:
            self.reasons[line.reason] += 1
            self.first.setdefault(line.reason, f"{name}:{line.number}: {line.detail}")
        self.refused_lines.write(name, batch.refused)

    def as_json(self) -> str:
        """Return the report as one line."""
        return json.dumps(
            {
                "check": self.check,
                "files": self.files,
                "read": self.read,
                "accepted": self.accepted,
                "stored": 0 if self.check else self.accepted - self.repeated,
                "repeated": self.repeated,
                "refused": self.refused,
                "reasons": dict(self.reasons.most_common()),
                "skipped": self.skipped.total(),
                "skipped_because": dict(self.skipped.most_common()),
                "ended_early": self.ended_early,
            }
        )

    def as_table(self) -> str:
        """Return the report for a person."""
        taken = (
            [("would be taken", self.accepted)]
            if self.check
            else [("stored", self.accepted - self.repeated), ("stored before", self.repeated)]
        )
        rows = [("read", self.read), *taken, ("refused", self.refused), ("skipped", self.skipped.total())]
        lines = [f"{what:<16}{count:>14,}" for what, count in rows]
        for reason, count in self.reasons.most_common(_REASONS_SHOWN):
            first = self.first[reason]  # quotes strangers: no terminal is to obey them
            lines.append(f"  refused {count:>14,}  {reason}; first {first if first.isprintable() else ascii(first)}")
        for why, count in self.skipped.most_common():
            lines.append(f"  skipped {count:>14,}  {why}")
        return "\n".join(lines)


class RefusedLines:
    """The file that takes the lines that were refused, as NDJSON; without one they are only counted."""

    def __init__(self, file: TextIO | None) -> None:
        self._file = file

    def write(self, name: str, lines: list[RefusedLine]) -> None:
        """Write the lines of a batch of a file; raises CannotWriteRefused."""
        if self._file is None:
            return
        with _failures_explained(self._file.name):
            self._file.writelines(_as_json(name, line) for line in lines)
            self._file.flush()


@contextmanager
def refused_lines(path: Path | None) -> Iterator[RefusedLines]:
    """Open the file for refused lines, if there is to be one; what it held is gone."""
    if path is None:
        yield RefusedLines(None)
        return
    with _failures_explained(str(path)):
        file = path.open("w", encoding="utf-8")
    with file:
        yield RefusedLines(file)


@contextmanager
def _failures_explained(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotWriteRefused(
            f"{path} cannot be written: {error.strerror}. What was imported before stays. Name another file with --refused, "
            "and import again."
        ) from error


def _as_json(name: str, line: RefusedLine) -> str:
    written = line.written[:_WRITTEN_BYTES].decode("utf-8", "replace")
    refused = {"file": name, "line": line.number, "reason": line.reason, "detail": line.detail, "written": written}
    return json.dumps(refused, ensure_ascii=False) + "\n"
