"""The archive without the names that were erased: each file that says one is written anew beside the old one."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from pathlib import Path

import polars as pl

from aggregator.archive import OnStep, write_archive_file
from aggregator.forgetting import blanked, forget_in_records
from aggregator.mentions import names_within
from aggregator.store.archive import KINDS, ArchiveFile, ArchiveKind
from aggregator.store.erasing import Forgetting, names_somebody
from aggregator.store.history import DamagedArchive
from pixels.config import Settings

_ROWS_AT_ONCE = 100_000
_FILE = re.compile(rf"(\d{{4}}-\d{{2}}-\d{{2}})/({'|'.join(KINDS)})-[0-9a-f]{{16}}\.parquet")
_INSTANTS = {"records": "created_at", "refusals": "rejected_at"}


def rewrite_archive(
    settings: Settings, listed: Collection[str], what: Forgetting, on_step: OnStep
) -> dict[str, ArchiveFile]:
    """Write those of the listed files anew that name somebody; return the new files by the paths of the old ones.

    Nothing lists the new files yet, and the old ones stay: until then this has changed nothing. The same rows give the
    same files, so it can be done again. A file that is missing is left out.
    """
    exchanged = {}
    for file in sorted(listed):
        match, path = _FILE.fullmatch(file), settings.archive_dir / file
        if match is None or not path.is_file():
            continue
        day, kind = date.fromisoformat(match[1]), KINDS[KINDS.index(match[2])]
        try:
            rows = _without_names(path, kind, what)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise DamagedArchive(
                f"{path} cannot be read: {error}. Put the file back from a copy, then run this again. No name was erased."
            ) from error
        if rows is not None:
            instant = _INSTANTS[kind]
            first, last = rows.select(first=pl.min(instant), last=pl.max(instant)).row(0)
            batches = rows.to_arrow().to_batches(max_chunksize=_ROWS_AT_ONCE)
            exchanged[file] = write_archive_file(settings.archive_dir, kind, day, batches, (first, last), on_step)
    return exchanged


def _without_names(path: Path, kind: ArchiveKind, what: Forgetting) -> pl.DataFrame | None:
    """Return a file's rows without the names, in their order; None when it has none of them."""
    if kind == "records":
        if pl.scan_parquet(path).filter(names_somebody(what.names)).head(1).collect().is_empty():
            return None
        rows = pl.read_parquet(path).with_row_index("place")
        return forget_in_records(rows, what.tombstones).sort("place").drop("place")
    rows = pl.read_parquet(path)
    texts = zip(rows["payload"], rows["detail"], strict=True)
    naming = pl.Series([names_within(*text, what.names) for text in texts], dtype=pl.Boolean)
    return blanked(rows, naming) if naming.any() else None


def remove_unlisted(settings: Settings, listed: Collection[str]) -> list[str]:
    """Delete the archive's files that no warehouse and no snapshot lists, and half-written ones; return their paths."""
    archive, removed = settings.archive_dir, []
    for path in sorted(archive.glob("*/*")):
        file = str(path.relative_to(archive))
        is_ours = _FILE.fullmatch(file) is not None or path.name in {f".{kind}.tmp" for kind in KINDS}
        if is_ours and file not in listed:
            path.unlink(missing_ok=True)
            removed.append(file)
    return removed
