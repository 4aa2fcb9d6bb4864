"""The notebooks that are reports: those with a cell tagged `parameters`. Read without Jupyter, so that help is quick."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from pixels.errors import BadParameter
from pixels.resources import resource_path

RESERVED = frozenset({"verify", "run-due", "schedule"})
"""Names that are commands of `pixels report`, and so are no reports."""


@dataclass(frozen=True)
class ReportNotebook:
    """A report before it runs."""

    path: Path

    @property
    def name(self) -> str:
        """What it is called: the file's name without its ending."""
        return self.path.stem

    @cached_property
    def cells(self) -> list[dict[str, Any]]:
        """The cells as they stand in the file."""
        found: list[dict[str, Any]] = json.loads(self.path.read_bytes())["cells"]
        return found

    @property
    def parameters_cell(self) -> str | None:
        """The source of the cell tagged `parameters`, or None: then it is no report."""
        tagged = (cell for cell in self.cells if "parameters" in cell.get("metadata", {}).get("tags", ()))
        return next((_source(cell) for cell in tagged), None)

    @property
    def title(self) -> str:
        """Its first heading; without one its name in words."""
        lines = (line for cell in self.cells if cell["cell_type"] == "markdown" for line in _source(cell).splitlines())
        heading = next((line.lstrip("# ").strip() for line in lines if line.startswith("# ")), "")
        return heading or self.name.replace("_", " ").capitalize()

    @property
    def source_sha256(self) -> str:
        """Hash of what the cells say: kinds and sources in their order, not outputs or the layout of the file."""
        said = [[cell["cell_type"], _source(cell)] for cell in self.cells]
        return sha256(json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


def report_notebooks(folder: Path | None = None) -> dict[str, ReportNotebook]:
    """Return the reports of a folder by name, in order; by default those that come with Pixels."""
    found = (ReportNotebook(path) for path in sorted((folder or resource_path("notebooks")).glob("*.ipynb")))
    return {each.name: each for each in found if each.name not in RESERVED and each.parameters_cell is not None}


def report_notebook(name: str, folder: Path | None = None) -> ReportNotebook:
    """Return one report. Raises BadParameter that lists those there are."""
    reports = report_notebooks(folder)
    if name not in reports:
        raise BadParameter(
            "name", f"there is no report {name!r}{did_you_mean(name, reports)}; there is: {', '.join(reports)}"
        )
    return reports[name]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return " (did you mean 'from'?)" for the known name that is nearest, or nothing when none is near."""
    near = get_close_matches(name, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _source(cell: dict[str, Any]) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)
