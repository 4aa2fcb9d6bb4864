"""A page as a notebook: the same questions, with the same parameters, to go on from."""

from __future__ import annotations

import nbformat

from panel_app import words
from panel_app.address import Address
from panel_app.page import Page, Shown

Cells = list[str]


def notebook_of(page: Page, shown: Shown) -> bytes:
    """Return the notebook: it opens the newest snapshot and asks what the page asks. UTF-8 JSON."""
    where = shown.situation
    title = f"# {page.title}, {words.days(where.period)}"
    note = f"As on the dashboard, snapshot {where.snapshot}. `pixels.open(snapshot={where.snapshot})` is that one, while it is kept."
    start = f"import polars as pl\n\nimport pixels\nfrom pixels import plots\n\nwh = pixels.open()\nstart, end = {_days(where.period.start, where.period.end)}"
    cells = [nbformat.v4.new_markdown_cell(f"{title}\n\n{note}"), nbformat.v4.new_code_cell(start)]
    cells += [nbformat.v4.new_code_cell(code) for code in page.notebook(shown)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata.kernelspec = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return nbformat.writes(notebook).encode()


def _days(start: object, end: object) -> str:
    return f'"{start}", "{end}"'


def filter_code(address: Address) -> str:
    """Return the filters of an address as a Polars expression. Values that strangers named are Python literals in it."""
    of: dict[str, list[str | None]] = {}
    for dimension, value in address.where:
        of.setdefault(dimension, []).append(value)
    terms = [f"pl.col({dimension!r}).is_in({values!r}, nulls_equal=True)" for dimension, values in of.items()]
    return " & ".join(terms)
