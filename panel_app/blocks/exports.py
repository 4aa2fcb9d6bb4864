"""Ways to take with one what a page shows."""

from __future__ import annotations

from urllib.parse import urlencode

from panel_app.address import Address
from panel_app.blocks.markup import text


def exports(address: Address, table: str, *, picture: bool = False, notebook: bool = False) -> str:
    """Draw links to a table of the page as files, to the chart beside it as a picture, and to the page as a notebook."""
    ways = [f'<a download href="{_href(address, table, suffix)}">{label}</a>' for suffix, label in _FILES.items()]
    ways += ['<button type="button" class="plain" data-png>PNG</button>'] if picture else []
    if notebook:
        ways.append(f'<a download href="{_href(address, "notebook", "ipynb")}">Open as notebook</a>')
    return f'<span class="exports" role="group" aria-label="Download">{"".join(ways)}</span>'


_FILES = {"csv": "CSV", "parquet": "Parquet"}


def _href(address: Address, table: str, suffix: str) -> str:
    query = f"?{urlencode(address.pairs)}" if address.pairs else ""
    return text(f"./download/{address.page or 'overview'}/{table}.{suffix}{query}")
