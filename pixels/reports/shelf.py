"""The folder of reports: what there is, the newest first, and an index page to find one in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from html import escape
from itertools import chain, count
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pixels.files import replace_file
from pixels.reports.pinned import PINS
from pixels.reports.record import OK, RECORD, read_record, title_of
from pixels.words import instant

INDEX = "index.html"
_TEMPLATE = Path(__file__).parent / "templates" / "shelf.html"


@dataclass(frozen=True)
class ShelvedReport:
    """A report that was run into a folder."""

    folder: Path
    record: dict[str, Any]

    @property
    def title(self) -> str:
        """What it is called."""
        return title_of(self.record)

    @property
    def is_ok(self) -> bool:
        """Whether it ran to its end."""
        return bool(self.record["status"] == OK)

    @property
    def finished_at(self) -> datetime:
        """When it was done."""
        return datetime.fromisoformat(self.record["finished_at"])

    @property
    def chosen(self) -> dict[str, str]:
        """The parameters that differ from nothing, without the snapshot."""
        return {
            name: str(value) for name, value in self.record["parameters"].items() if value != "" and name != "snapshot"
        }

    @property
    def files(self) -> dict[str, Path]:
        """The files that are there, by what they are: page, PDF, notebook."""
        name = self.record["name"]
        kinds = {"Page": f"{name}.html", "PDF": f"{name}.pdf", "Notebook": f"{name}.ipynb", "Record": RECORD}
        return {kind: self.folder / file for kind, file in kinds.items() if (self.folder / file).exists()}


def shelved_reports(shelf: Path) -> list[ShelvedReport]:
    """Return the reports under a folder, the newest first. A record that cannot be read is left out."""
    return sorted(_found(shelf), key=lambda report: (report.finished_at, str(report.folder)), reverse=True)


def shelved_report(shelf: Path, folder: str) -> ShelvedReport | None:
    """Return the report of a folder, named relative to the shelf; None where there is none, or it lies elsewhere."""
    try:
        found = (shelf / folder).resolve()
        within = found.relative_to(shelf.resolve())
    except (ValueError, OSError):  # outside, or no name that a file can have
        return None
    return None if PINS in within.parts else _read(found / RECORD)


def new_folder(shelf: Path, name: str) -> Path:
    """Return a folder under `shelf` that no other run has, named by the report and the second; it is not made."""
    stem = shelf / name / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    folders = chain([stem], (stem.with_name(f"{stem.name}-{number}") for number in count(2)))
    return next(folder for folder in folders if not folder.exists())


def write_index(shelf: Path) -> Path:
    """Write the index page: searchable, the newest first, failures marked. It asks nothing of the network."""
    shelf.mkdir(parents=True, exist_ok=True)
    rows = "".join(_row(report, shelf) for report in shelved_reports(shelf))
    index = shelf / INDEX
    replace_file(index, _TEMPLATE.read_text("utf-8").replace("<!-- rows -->", rows).encode())
    return index


def _found(shelf: Path) -> Iterator[ShelvedReport]:
    for path in shelf.rglob(RECORD):
        if PINS not in path.relative_to(shelf).parts:
            report = _read(path)
            if report is not None:
                yield report


def _read(path: Path) -> ShelvedReport | None:
    """Read a record. One that did not change is not read again: a page may look every few seconds."""
    try:
        state = path.stat()
    except OSError:
        return None
    return _read_once(path, state.st_mtime_ns, state.st_ino)


@lru_cache(maxsize=4_096)
def _read_once(path: Path, _changed: int, _inode: int) -> ShelvedReport | None:
    try:
        record = read_record(path.parent)
        report = ShelvedReport(path.parent, record)
        _ = report.title, report.is_ok, report.chosen, report.finished_at, record["snapshot"], record["time_zone"]
    except (ValueError, TypeError, KeyError, AttributeError):  # BadParameter is a ValueError
        return None
    return report


def _row(report: ShelvedReport, shelf: Path) -> str:
    """Draw one report; parameters come from outside, and stay text."""
    at, zone = report.finished_at, str(report.record["time_zone"])
    status = (
        "done" if report.is_ok else f'<b class="failed">failed</b> <span>{escape(str(report.record["error"]))}</span>'
    )
    files = " ".join(
        f'<a href="{escape(quote(str(path.relative_to(shelf))))}">{kind}</a>' for kind, path in report.files.items()
    )
    chosen = ", ".join(f"{name} {value}" for name, value in report.chosen.items())
    demo = ' <span class="demo">demo data</span>' if report.record.get("is_demo") else ""
    return (
        f'<tr><td><time datetime="{escape(at.isoformat())}">{escape(instant(at, zone))}</time></td>'
        f'<th scope="row">{escape(report.title)}{demo}</th><td dir="auto">{escape(chosen)}</td><td>{status}</td>'
        f"<td>{escape(str(report.record['snapshot']))}</td><td>{files}</td></tr>"
    )
