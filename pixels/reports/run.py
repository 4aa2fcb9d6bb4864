"""`pixels report NAME`: run one notebook on one pinned snapshot, and write it as a page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pixels.config import Settings
from pixels.errors import BadParameter, PixelsError
from pixels.reports.asked import Asked, ask
from pixels.reports.execution import CellFailed, execute
from pixels.reports.page import page
from pixels.reports.record import FAILED, OK, RECORD, record_of


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
    name: str,
    parameters: Mapping[str, str],
    settings: Settings,
    out: Path,
    *,
    notebooks: Path | None = None,
    as_of: datetime | None = None,
) -> ReportResult:
    """Run the report and write NAME.html, NAME.ipynb (executed) and report.json into `out`.

    It sees the newest published snapshot, pinned under `settings.reports_dir`, or the one that the parameter `snapshot`
    names (a pinned folder or a snapshot file), so that it can be run again with the same figures. `notebooks`: the folder
    of the reports, by default those that come with Pixels. `as_of`: the aware instant at which words such as last_week are
    meant, by default now; their days are those of the snapshot's time zone.
    Raises BadParameter before the run for an unknown report or parameter, NoSnapshot when there is no data to open, and
    ReportFailed when a cell raises: the notebook and report.json are written then, and there is no page.
    """
    asked = ask(name, parameters, settings, notebooks=notebooks, as_of=as_of)
    return run_into(out, asked, settings)


def run_into(out: Path, asked: Asked, settings: Settings) -> ReportResult:
    """Run what was asked and write its files into `out`. Raises BadParameter for a folder that cannot be, ReportFailed."""
    _make_folder(out)
    name, started_at = asked.notebook.name, datetime.now(UTC)
    result = ReportResult(out / f"{name}.html", out / f"{name}.ipynb", out / RECORD)
    with TemporaryDirectory(prefix="pixels-report-") as work:
        executed = Path(work) / "executed.ipynb"
        try:
            html = page(execute(_parse(asked.notebook.path), asked.values, executed, settings), asked.notebook.title)
        except CellFailed as failure:
            result.html.unlink(missing_ok=True)  # the files of a folder are always of one run
            _write(result.notebook, _without_traces(executed))
            _write_json(result.record, record_of(asked, started_at, FAILED, str(failure)))
            raise ReportFailed(f"report {name} failed in {failure}. {result.notebook} has the traceback.") from failure
        _write(result.notebook, _without_traces(executed))
        _write_json(result.record, record_of(asked, started_at, OK))
        _write(result.html, html)
    return result


def _parse(path: Path) -> object:
    import nbformat

    return nbformat.read(path, as_version=4)


def _without_traces(executed: Path) -> str:
    """Return the executed notebook without papermill's record of the run, which is full of temporary paths."""
    import nbformat

    notebook = nbformat.read(executed, as_version=4)
    notebook.metadata.pop("papermill", None)
    return str(nbformat.writes(notebook))


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadParameter("out", f"{out} cannot be used as a folder: {error.strerror}") from error


def _write_json(path: Path, record: Mapping[str, object]) -> None:
    _write(path, json.dumps(record, indent=1) + "\n")


def _write(path: Path, text: str) -> None:
    """Replace a file at once: who reads it sees the old one or the new one."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, "utf-8")
    fresh.replace(path)
