"""`pixels report NAME`: run one notebook on one pinned snapshot, and write it as a page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pixels import __version__
from pixels.config import Settings
from pixels.errors import BadParameter, PixelsError
from pixels.opening import open_warehouse
from pixels.pointer import Pointer
from pixels.reports.execution import CellFailed, execute
from pixels.reports.notebooks import ReportNotebook, report_notebook
from pixels.reports.page import page
from pixels.reports.parameters import Parameter, Value, declared_parameters, read_parameters
from pixels.reports.pinned import pin_newest

_SNAPSHOT = "snapshot"


class ReportFailed(PixelsError):
    """A cell of the report raised; the executed notebook, with the traceback, was kept."""

    exit_code = 70


@dataclass(frozen=True)
class ReportResult:
    """The three files of a report."""

    html: Path
    notebook: Path
    record: Path


def run_report(
    name: str, parameters: Mapping[str, str], settings: Settings, out: Path, *, notebooks: Path | None = None
) -> ReportResult:
    """Run the report and write NAME.html, NAME.ipynb (executed) and report.json into `out`.

    It sees the newest published snapshot, pinned under `settings.reports_dir`, or the one that the parameter `snapshot`
    names (a pinned folder or a snapshot file), so that it can be run again with the same figures. `notebooks`: the folder
    of the reports, by default those that come with Pixels.
    Raises BadParameter before the run for an unknown report or parameter, NoSnapshot when there is no data to open, and
    ReportFailed when a cell raises: the notebook and report.json are written then, and there is no page.
    """
    notebook = report_notebook(name, notebooks)
    declared = declared_parameters(notebook)
    values = read_parameters(declared, parameters)
    given = values.get(_SNAPSHOT)
    pinned = Path(str(given)).expanduser().absolute() if given else pin_newest(settings)
    with open_warehouse(pinned) as wh:
        pointer = wh.status()
    _make_folder(out)
    run = _Run(notebook, declared, {**values, _SNAPSHOT: str(pinned)}, pointer, datetime.now(UTC))
    return run.into(out, settings)


@dataclass(frozen=True)
class _Run:
    """One run: what is recorded of it, and how its files come about."""

    notebook: ReportNotebook
    declared: list[Parameter]
    values: Mapping[str, Value]
    pointer: Pointer
    started_at: datetime

    def into(self, out: Path, settings: Settings) -> ReportResult:
        """Execute and write."""
        result = ReportResult(
            out / f"{self.notebook.name}.html", out / f"{self.notebook.name}.ipynb", out / "report.json"
        )
        with TemporaryDirectory(prefix="pixels-report-") as work:
            executed = Path(work) / "executed.ipynb"
            try:
                html = page(execute(_parse(self.notebook.path), self.values, executed, settings), self.notebook.title)
            except CellFailed as failure:
                result.html.unlink(missing_ok=True)  # the files of a folder are always of one run
                _write(result.notebook, _without_traces(executed))
                _write(result.record, self._record("failed", str(failure)))
                raise ReportFailed(
                    f"report {self.notebook.name} failed in {failure}. {result.notebook} has the traceback."
                ) from failure
            _write(result.notebook, _without_traces(executed))
            _write(result.record, self._record("ok"))
            _write(result.html, html)
        return result

    def _record(self, status: str, error: str | None = None) -> str:
        """Return report.json: what it takes to run this again, and how it went."""
        finished_at, pointer = datetime.now(UTC), self.pointer
        record = {
            "name": self.notebook.name,
            "parameters": {p.name: self.values.get(p.variable, p.default) for p in self.declared},
            "snapshot": pointer.snapshot,
            "as_of": _iso(pointer.as_of),
            "complete_until": _iso(pointer.complete_until),
            "time_zone": pointer.time_zone,
            "is_demo": pointer.is_demo,
            "code_version": __version__,
            "started_at": _iso(self.started_at),
            "finished_at": _iso(finished_at),
            "seconds": round((finished_at - self.started_at).total_seconds(), 3),
            "status": status,
            "error": error,
        }
        return json.dumps(record, indent=1) + "\n"


def _parse(path: Path) -> Any:
    import nbformat

    return nbformat.read(path, as_version=4)


def _without_traces(executed: Path) -> str:
    """Return the executed notebook without papermill's record of the run, which is full of temporary paths."""
    import nbformat

    notebook = _parse(executed)
    notebook.metadata.pop("papermill", None)
    return str(nbformat.writes(notebook))


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadParameter("out", f"{out} cannot be used as a folder: {error.strerror}") from error


def _write(path: Path, text: str) -> None:
    """Replace a file at once: who reads it sees the old one or the new one."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, "utf-8")
    fresh.replace(path)


def _iso(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
