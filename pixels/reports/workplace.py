"""What making reports takes: a kernel and, for PDFs, a Chromium. Each starts when it is needed first, and is kept."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any

from pixels.config import Settings
from pixels.reports.execution import Kernel, Progress
from pixels.reports.pdf import Printer, printing


class Workplace:
    """Where one report is made after the other, in one thread. A context manager; it ends what it started."""

    def __init__(self, settings: Settings, *, progress: Progress | None = None) -> None:
        """`progress`: how is told which cell runs, by default with a bar where stderr is a terminal."""
        self._settings = settings
        self._progress: Progress = progress or ("bar" if sys.stderr.isatty() else "none")
        self._open = ExitStack()
        self._printer: Printer | None = None

    def __enter__(self) -> Workplace:
        self.folder = Path(self._open.enter_context(TemporaryDirectory(prefix="pixels-report-")))
        self._kernel = Kernel(self._settings, self.folder)
        self._open.callback(self._kernel.end)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def execute(self, notebook: Any, parameters: Mapping[str, object], executed: Path) -> Any:
        """Run a notebook. Raises CellFailed, see `Kernel.execute`."""
        return self._kernel.execute(notebook, parameters, executed, progress=self._progress)

    def print(self, html: Path, pdf: Path) -> None:
        """Print a page. Raises NoPdf."""
        if self._printer is None:
            self._printer = self._open.enter_context(printing(self._settings))
        self._printer.print(html, pdf)
