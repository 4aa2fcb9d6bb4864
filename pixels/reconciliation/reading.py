"""A file of somebody else as it stands: CSV or Parquet, or a frame; whatever cannot be read is refused with what to do."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from pixels.errors import BadParameter

MOST_ROWS = 5_000_000
MOST_BYTES = 1 << 30
_MOST_OF_A_HEADER = 1 << 16
_SEPARATORS = ",;\t|"
_PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def columns_of(file: object) -> list[str]:
    """Return the names of the columns. Raises BadParameter for what is no such file, and names that stand twice."""
    if isinstance(file, pl.DataFrame):
        names = file.columns
    elif _is_parquet(path := _path(file)):
        try:
            names = list(pl.read_parquet_schema(path))
        except (pl.exceptions.PolarsError, OSError) as error:
            raise _unreadable(path, error) from error
    else:
        names = _header(path)[0]
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        raise BadParameter("file", f"it has the column {twice[0]!r} more than once: leave all but one out")
    return list(names)


def read(file: object, columns: Sequence[str]) -> pl.DataFrame:
    """Return these columns of all rows, in order; those of CSV as text, with null for an empty cell. Raises BadParameter."""
    if isinstance(file, pl.DataFrame):
        return _bounded(file.select(columns))
    path = _path(file)
    try:
        if _is_parquet(path):
            return _bounded(pl.scan_parquet(path, glob=False).select(columns).head(MOST_ROWS + 1).collect())
        _, separator = _header(path)
        return _bounded(
            pl.read_csv(
                path, separator=separator, columns=list(columns), infer_schema=False, n_rows=MOST_ROWS + 1, glob=False
            )
        )
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(path, error) from error


def _path(file: object) -> Path:
    if not isinstance(file, str | Path):
        raise BadParameter("file", f"{type(file).__name__} is neither a polars.DataFrame nor the path of a file")
    path = Path(file)
    if "\0" in str(path) or not path.is_file():
        raise BadParameter("file", f"there is no file {str(path)!r}: give the path of a CSV or Parquet file")
    if path.stat().st_size > MOST_BYTES:
        raise BadParameter("file", f"{path} has more than {MOST_BYTES >> 30} GiB: give its months one by one")
    return path


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(4) == b"PAR1"


def _header(path: Path) -> tuple[list[str], str]:
    """Return the names of a CSV file's columns, and what separates them."""
    with path.open("rb") as stream:
        begins = stream.read(_MOST_OF_A_HEADER)
    if begins.startswith(_UTF_16):
        raise BadParameter("file", f"{path} is UTF-16: save it as UTF-8 (in Excel: CSV UTF-8)")
    if begins.startswith(_PACKED):
        raise BadParameter("file", f"{path} is packed, or a spreadsheet: unpack it, or save it as CSV UTF-8")
    line = begins.removeprefix(b"\xef\xbb\xbf").splitlines()[:1]
    if not line or not line[0].strip():
        raise BadParameter("file", f"{path} has no first line that names its columns")
    if b"\0" in line[0] or (len(line[0]) >= _MOST_OF_A_HEADER - 3):
        raise BadParameter("file", f"{path} is neither CSV nor Parquet: its first line names no columns")
    try:
        text = line[0].decode()
    except UnicodeDecodeError:
        raise BadParameter("file", f"{path} is not UTF-8: save it as UTF-8 (in Excel: CSV UTF-8)") from None
    separator = max(_SEPARATORS, key=text.count)
    return next(csv.reader([text], delimiter=separator)), separator


def _bounded(frame: pl.DataFrame) -> pl.DataFrame:
    if frame.height > MOST_ROWS:
        raise BadParameter("file", f"it has more than {MOST_ROWS:,} rows: give its months one by one")
    for column in frame.iter_columns():
        if column.dtype.is_nested() or column.dtype in (pl.Binary, pl.Object):
            raise BadParameter(
                "file", f"the column {column.name!r} holds {column.dtype}, which is no text, number or time"
            )
    return frame


def _unreadable(path: Path, error: Exception) -> BadParameter:
    first = str(error).partition("\n")[0]
    if "utf" in first.lower():
        return BadParameter("file", f"{path} is not UTF-8: save it as UTF-8 (in Excel: CSV UTF-8)")
    return BadParameter(
        "file", f"{path} cannot be read: {first}. Every row needs as many cells as the first line names columns"
    )
