"""A file to import, opened: unpacked if it is packed, its mark of UTF-8 taken off, its format told."""

from __future__ import annotations

import codecs
import gzip
import io
import os
import re
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Literal, get_args

import pyarrow as pa

from aggregator.imports.access_log import looks_like_an_access_log
from pixels.errors import PixelsError

Format = Literal["ndjson", "csv", "parquet", "access-log"]
FORMATS: tuple[Format, ...] = get_args(Format)
STDIN = "-"

_BUFFER_BYTES = 64 * 1024
_LOOKED_AT_LINES = 20
_BY_EXTENSION: dict[str, Format] = {
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
}
_PACKED = {".gz", ".zst"}
_PARQUET, _GZIP, _ZSTD = b"PAR1", b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_NAMES_THE_TYPE = re.compile(rb"\b(event_type|eventType)\b")


class NoSuchFile(PixelsError):
    """A file to import cannot be opened."""

    exit_code = 66


class UnusableFile(PixelsError):
    """A file as a whole is not what it should be, or breaks off."""

    exit_code = 65


@dataclass(frozen=True)
class OpenedFile:
    """A file and its bytes, unpacked. `size` is None where it is not known; `position` says how much of it is read."""

    name: str
    format: Format
    stream: io.BufferedReader
    size: int | None
    position: Callable[[], int]


def check_files(names: tuple[str, ...]) -> None:
    """Raise NoSuchFile for the first that cannot be opened."""
    for name in names:
        # A pipe is opened once: whoever writes into it would take its end for ours.
        if name != STDIN and not Path(name).is_fifo():
            _open(name).close()


@contextmanager
def opened(name: str, wanted: Format | None) -> Iterator[OpenedFile]:
    """Open a file, or standard input (`-`). Its format is `wanted`, else told by its name, else by how it begins."""
    raw: io.BufferedReader = sys.stdin.buffer if name == STDIN else _open(name)  # type: ignore[assignment]
    try:
        with failures_of(name):
            stream = _unpacked(raw)
            _take_mark_off(name, stream)
            found = wanted or _format(name, stream)
            if found == "parquet" and (stream is not raw or not raw.seekable()):
                raise UnusableFile(
                    f"{name}: Parquet is read from its end, so it is taken as a file by itself, neither packed nor "
                    "piped. Write it into a file and import that."
                )
        size = None if found == "parquet" else _size(raw)  # Parquet is not read from its beginning to its end
        yield OpenedFile(name, found, stream, size, raw.tell if size is not None else int)
    finally:
        if name != STDIN:
            raw.close()


@contextmanager
def failures_of(name: str) -> Iterator[None]:
    """Turn what reading and unpacking a file fail with into UnusableFile."""
    try:
        yield
    except (OSError, EOFError, zlib.error, pa.ArrowException) as error:
        raise UnusableFile(
            f"{name} breaks off or is damaged: {error}. What was stored of it before stays; import a whole copy of "
            "the file."
        ) from error


def _open(name: str) -> io.BufferedReader:
    if Path(name).is_dir():
        raise NoSuchFile(f"{name} is a folder, and nothing was imported. Name files: {name.rstrip('/')}/*")
    try:
        return io.BufferedReader(io.FileIO(name), _BUFFER_BYTES)
    except OSError as error:
        raise NoSuchFile(
            f"{name} cannot be opened: {error.strerror}. Nothing was imported; mend the name, or leave it out."
        ) from error


def _size(raw: io.BufferedReader) -> int | None:
    with suppress(OSError, ValueError):  # what a program puts in place of standard input is no file
        status = os.fstat(raw.fileno())
        if stat.S_ISREG(status.st_mode):
            return status.st_size
    return None


def _unpacked(raw: io.BufferedReader) -> io.BufferedReader:
    start, unpacking = raw.peek(len(_ZSTD)), None
    if start.startswith(_GZIP):
        unpacking = gzip.GzipFile(fileobj=raw)
    elif start.startswith(_ZSTD):
        unpacking = pa.CompressedInputStream(raw, "zstd")
    return raw if unpacking is None else io.BufferedReader(_as_raw(unpacking), _BUFFER_BYTES)


def _as_raw(unpacking: Any) -> io.RawIOBase:
    """Return it under the type by which the standard library's types know it; what is read is all that is asked of it."""
    stream: io.RawIOBase = unpacking
    return stream


def _format(name: str, stream: io.BufferedReader) -> Format:
    """Tell the format; raises UnusableFile where neither name nor beginning tell it."""
    start = stream.peek(_BUFFER_BYTES)
    if start.startswith(_PARQUET):
        return "parquet"
    path = PurePath(name)
    extension = PurePath(path.stem).suffix if path.suffix.lower() in _PACKED else path.suffix
    if by_name := _BY_EXTENSION.get(extension.lower()):
        return by_name
    lines = start.lstrip().split(b"\n", _LOOKED_AT_LINES)[:_LOOKED_AT_LINES]
    if not lines[0] or lines[0].startswith(b"{"):
        return "ndjson"
    if any(looks_like_an_access_log(line) for line in lines):
        return "access-log"
    if _NAMES_THE_TYPE.search(lines[0]):
        return "csv"
    if lines[0].startswith(b"["):
        raise UnusableFile(f"{name} is one JSON array. Write an object a line: jq -c '.[]' {name} >{path.stem}.ndjson")
    raise UnusableFile(
        f"{name}: neither the name nor the first lines tell which format this is. Say it: --format {' | '.join(FORMATS)}"
    )


def _take_mark_off(name: str, stream: io.BufferedReader) -> None:
    start = stream.peek(len(codecs.BOM_UTF8))
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UnusableFile(f"{name} is text in UTF-16. Save it as UTF-8: iconv -f utf-16 -t utf-8 {name}")
    if start.startswith(codecs.BOM_UTF8):
        stream.read(len(codecs.BOM_UTF8))
