"""Snapshots that are kept beside the newest: the last few, the last of each month, and those that reports were made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_PLACES = (  # below the folder `published`
    ("*.duckdb", re.compile(r"snapshot-([0-9]{6,})\.duckdb")),
    ("dated/*.duckdb", re.compile(r"[0-9]{4}-[0-9]{2}-([0-9]{6,})\.duckdb")),
    ("../reports/snapshots/*/*.duckdb", re.compile(r"snapshot-([0-9]{6,})\.duckdb")),
)


def kept_snapshots(published: Path) -> dict[int, Path]:
    """Return the files of a published folder's snapshots by number; of several with one number, the one nearest at hand."""
    found: dict[int, Path] = {}
    for number, file in _numbered(published):
        found.setdefault(number, file)
    return dict(sorted(found.items()))


def _numbered(published: Path) -> Iterator[tuple[int, Path]]:
    for pattern, name in _PLACES:
        for file in sorted(published.glob(pattern), reverse=True):
            if match := name.fullmatch(file.name):
                yield int(match[1]), file
