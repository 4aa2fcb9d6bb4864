"""The notebooks that come with Pixels: each in two forms that say the same, and without results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest

from pixels.reports.notebooks import report_notebook, report_notebooks
from pixels.reports.parameters import declared_parameters
from pixels.resources import resource_path

FOLDER = resource_path("notebooks")
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def cells(notebook: Any) -> list[tuple[str, str, list[str]]]:
    """What a notebook says: kind, source and tags of its cells."""
    return [(cell.cell_type, cell.source, cell.metadata.get("tags", [])) for cell in notebook.cells]


def test_every_notebook_has_its_twin() -> None:
    """No .ipynb without .py, and no .py without .ipynb."""
    assert [path.stem for path in NOTEBOOKS] == sorted(path.stem for path in FOLDER.glob("*.py"))
    assert {"quickstart", "campaign_report"} <= {path.stem for path in NOTEBOOKS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_twins_say_the_same(path: Path) -> None:
    """`jupytext --sync notebooks/*.ipynb` mends it."""
    assert cells(nbformat.read(path, as_version=4)) == cells(jupytext.read(path.with_suffix(".py")))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_comes_without_results(path: Path) -> None:
    """Results are somebody's data, and make every change unreadable."""
    code = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]

    assert code
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


@pytest.mark.parametrize("name", report_notebooks(FOLDER))
def test_a_report_declares_parameters_that_can_be_given(name: str) -> None:
    """Every parameter has a type that can be read from text, and a help; the runner can say which snapshot to open."""
    declared = declared_parameters(report_notebook(name, FOLDER))

    assert "snapshot" in [parameter.variable for parameter in declared]
    assert {parameter.type for parameter in declared} <= {"Day", "str", "int"}
    assert all(parameter.help for parameter in declared)


@pytest.mark.parametrize("name", report_notebooks(FOLDER))
def test_the_parameters_of_a_report_are_documented(name: str) -> None:
    """docs/reports.md lists each of them."""
    text = (FOLDER.parent / "docs" / "reports.md").read_text("utf-8")
    declared = declared_parameters(report_notebook(name, FOLDER))

    assert [f"`{parameter.name}`" for parameter in declared if f"`{parameter.name}`" not in text] == []
