"""`pixels report NAME`: run one notebook on one pinned snapshot, and write it as a page and a PDF."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pixels.config import Settings
from pixels.errors import BadParameter, PixelsError
from pixels.files import replace_file
from pixels.reports.asked import Asked, ask
from pixels.reports.execution import CellFailed, Progress
from pixels.reports.fingerprint import of_notebook
from pixels.reports.page import page
from pixels.reports.pdf import NoPdf, chromium_program
from pixels.reports.record import RECORD, Outcome, record_of
from pixels.reports.workplace import Workplace


class ReportFailed(PixelsError):
    """A cell of the report raised; the executed notebook, with the traceback, was kept."""

    exit_code = 70


@dataclass(frozen=True)
class ReportResult:
    """The files of a report."""

    html: Path
    notebook: Path
    record: Path
    pdf: Path | None = None
    why_no_pdf: str = ""
    """What to do to get one, where there is none and nobody said that none is wanted."""


@dataclass(frozen=True)
class Form:
    """How the result is written."""

    code: bool = False
    """Whether page and PDF show the code."""
    pdf: bool | None = None
    """Whether a PDF is written: None where there is a Chromium, True: it is an error when there is none."""


def run_report(
    name: str,
    parameters: Mapping[str, str],
    settings: Settings,
    out: Path,
    *,
    notebooks: Path | None = None,
    as_of: datetime | None = None,
    form: Form = Form(),
    progress: Progress | None = None,
) -> ReportResult:
    """Run the report and write NAME.html, NAME.pdf, NAME.ipynb (executed) and report.json into `out`.

    It sees the newest published snapshot, pinned under `settings.reports_dir`, or the one that the parameter `snapshot`
    names (a pinned folder or a snapshot file), so that it can be run again with the same figures. `notebooks`: the folder
    of the reports, by default those that come with Pixels. `as_of`: the aware instant at which words such as last_week are
    meant, by default now; their days are those of the snapshot's time zone. `progress` is told on stderr, see `Workplace`.
    Raises BadParameter before the run for an unknown report or parameter, NoSnapshot when there is no data to open, NoPdf
    when `form` wants a PDF and there is none (the rest is written, if it ran), and ReportFailed when a cell raises: the
    notebook and report.json are written then, and there is no page.
    """
    if form.pdf:
        chromium_program(settings)
    asked = ask(name, parameters, settings, notebooks=notebooks, as_of=as_of)
    return run_into(out, asked, settings, form, progress)


def run_into(
    out: Path, asked: Asked, settings: Settings, form: Form = Form(), progress: Progress | None = None
) -> ReportResult:
    """Run what was asked and write its files into `out`. Raises BadParameter for a folder that cannot be; ReportFailed; NoPdf."""
    with Workplace(settings, progress=progress) as workplace:
        return make_report(out, asked, form, workplace)


def make_report(out: Path, asked: Asked, form: Form, workplace: Workplace) -> ReportResult:
    """Do the same in a workplace that is there."""
    make_folder(out)
    with TemporaryDirectory(dir=workplace.folder) as work:
        return _Run(asked, form, workplace, Path(work), out, datetime.now(UTC)).result()


@dataclass(frozen=True)
class _Run:
    """One run. All is made in the folder `work`, and put into `out` when it is known how it went."""

    asked: Asked
    form: Form
    workplace: Workplace
    work: Path
    out: Path
    started_at: datetime

    def result(self) -> ReportResult:
        """Run, print, write."""
        name, title = self.asked.notebook.name, self.asked.notebook.title
        executed = self.work / "executed.ipynb"
        try:
            ran = self.workplace.execute(_parse(self.asked.notebook.path), self.asked.values, executed)
        except CellFailed as failure:
            self._keep({"html": None, "pdf": None, "ipynb": _without_traces(executed)}, Outcome(None, str(failure)))
            kept = self.out / f"{name}.ipynb"
            raise ReportFailed(f"report {name} failed in {failure}. {kept} has the traceback.") from failure
        html = page(ran, title, code=self.form.code)
        pdf, why_no_pdf = self._printed(html)
        outcome = Outcome(of_notebook(ran), pdf=pdf is not None)
        self._keep({"html": html.encode(), "pdf": pdf, "ipynb": _without_traces(executed)}, outcome)
        if self.form.pdf and pdf is None:
            raise NoPdf(f"{why_no_pdf}. The other files of the report are in {self.out}.")
        files = {kind: self.out / f"{name}.{kind}" for kind in ("html", "ipynb", "pdf")}
        return ReportResult(files["html"], files["ipynb"], self.out / RECORD, files["pdf"] if pdf else None, why_no_pdf)

    def _printed(self, html: str) -> tuple[bytes | None, str]:
        """Return the PDF, or why there is none."""
        if self.form.pdf is False:
            return None, ""
        source, printed = self.work / "page.html", self.work / "page.pdf"
        source.write_text(html, "utf-8")
        try:
            self.workplace.print(source, printed)
        except NoPdf as error:
            return None, str(error)
        return printed.read_bytes(), ""

    def _keep(self, files: Mapping[str, bytes | None], outcome: Outcome) -> None:
        """Replace the files of an earlier run; the files of a folder are always of one run."""
        for kind, content in files.items():
            path = self.out / f"{self.asked.notebook.name}.{kind}"
            if content is None:
                path.unlink(missing_ok=True)
            else:
                replace_file(path, content)
        record = record_of(self.asked, self.started_at, outcome)
        replace_file(self.out / RECORD, (json.dumps(record, indent=1) + "\n").encode())


def _parse(path: Path) -> object:
    import nbformat

    return nbformat.read(path, as_version=4)


def _without_traces(executed: Path) -> bytes:
    """Return the executed notebook without papermill's record of the run, which is full of temporary paths."""
    import nbformat

    notebook = nbformat.read(executed, as_version=4)
    notebook.metadata.pop("papermill", None)
    return str(nbformat.writes(notebook)).encode()


def make_folder(out: Path) -> None:
    """Make the folder of a result. Raises BadParameter where that cannot be."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadParameter("out", f"{out} cannot be used as a folder: {error.strerror}") from error
