"""The archive's manifest: whether each file that the warehouse lists is what its row says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl

from pixels.config import Settings
from pixels.resources import sql


def archive_faults(
    con: duckdb.DuckDBPyConnection, settings: Settings, on_file: Callable[[], None] = lambda: None
) -> dict[str, str]:
    """Return the listed files that are not what the manifest says, each with what is wrong with it; read all of each."""
    faults = {}
    for row in con.execute(sql("queries/archive_manifest.sql")).pl().iter_rows(named=True):
        if fault := _fault(settings.archive_dir / row["file"], row["sha256"], row["row_count"]):
            faults[str(row["file"])] = fault
        on_file()
    return faults


def _fault(path: Path, sha256: str, rows: int) -> str | None:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != sha256:
            return f"its SHA-256 is {digest}, not {sha256}"
        found = pl.scan_parquet(path).select(pl.len()).collect().item()
    except FileNotFoundError:
        return "it is missing"
    except (OSError, pl.exceptions.PolarsError) as error:
        return f"it cannot be read: {error}"
    return None if found == rows else f"it holds {found} rows, not {rows}"
