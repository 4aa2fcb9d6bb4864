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
    if chosen := chosen_banners(page, shown.address):
        cells.append(nbformat.v4.new_code_cell(chosen))
    cells += [nbformat.v4.new_code_cell(code) for code in page.notebook(shown)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata.kernelspec = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return nbformat.writes(notebook).encode()


def _days(start: object, end: object) -> str:
    return f'"{start}", "{end}"'


def chosen_banners(page: Page, address: Address) -> str:
    """Return the code that sets `banners` to those that the filters leave; empty where nothing is filtered."""
    if not address.where or "where" not in page.filters:
        return ""
    of: dict[str, list[str | None]] = {}
    for dimension, value in address.where:
        of.setdefault(dimension, []).append(value)
    terms = " & ".join(f"pl.col({dimension!r}).is_in({values!r}, nulls_equal=True)" for dimension, values in of.items())
    return (
        'known = wh.accounting(start, end).select("banner_tag").unique().sort("banner_tag")\n'
        "for dimension in wh.dimensions[1:]:\n    known = wh.add_dimension(known, dimension)\n"
        f'banners = known.filter({terms})["banner_tag"].to_list()\nbanners'
    )


def of_banners(address: Address) -> str:
    """Return what keeps the rows of `banners` in a frame by banner, in the code of a cell; empty where nothing is filtered."""
    return '.filter(pl.col("banner_tag").is_in(banners))' if address.where else ""


def only_banners(address: Address) -> str:
    """Return the parameter that asks for `banners` alone, for a question that takes it."""
    return ", banner=banners" if address.where else ""
