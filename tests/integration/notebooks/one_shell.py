"""Run notebooks cell by cell in one IPython shell: `python one_shell.py`, tasks and answers as JSON lines.

A kernel costs seconds to start, most of them imports; many notebooks in one shell pay for those once. Everything else is
as in a kernel: IPython's own display machinery turns what a cell shows into what the page would get.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import nbformat
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output


def shown(shell: InteractiveShell, cell: Any) -> list[str]:
    """Run a cell and return the HTML, or else the text, of all that it shows. Raises what the cell raises."""
    with capture_output() as captured:
        outcome = shell.run_cell(cell.source)
    outcome.raise_error()
    bundles = [output.data for output in captured.outputs]
    if outcome.result is not None:
        bundles.append(shell.display_formatter.format(outcome.result)[0])
    return [bundle.get("text/html", bundle.get("text/plain", "")) for bundle in bundles]


def run(shell: InteractiveShell, notebook: Path, home: str, parameters: dict[str, str]) -> list[str]:
    """Run all cells on the data under `home` with parameters and return what they show."""
    os.environ["PIXELS_HOME"] = home
    shell.reset()
    texts: list[str] = []
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "code":
            texts += shown(shell, cell)
            if "parameters" in cell.metadata.get("tags", []):
                shell.push(parameters)
    return texts


def main() -> None:
    """Read tasks {"notebook", "home", "parameters"} from stdin, write {"shown"} or {"error"} for each to stdout."""
    shell = InteractiveShell.instance()
    for line in sys.stdin:
        task = json.loads(line)
        try:
            answer: dict[str, object] = {"shown": run(shell, Path(task["notebook"]), task["home"], task["parameters"])}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
