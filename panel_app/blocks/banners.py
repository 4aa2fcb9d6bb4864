"""The banners table. Banner tags come from strangers: they are text, whatever they look like."""

from __future__ import annotations

from typing import Any

import polars as pl

from panel_app import words
from panel_app.blocks.markup import text

MEASURES = {"Deposit days": "deposits", "Registrations": "registrations", "Daily unique visitors": "visits"}
"""What the table can be sorted by, in the words of its headings."""
_COLUMNS = ("visits", "registrations", "deposits")


def banners_table(banners: pl.DataFrame, sorted_by: str, limit: int) -> str:
    """Draw the `limit` largest rows of `wh.banners(...)` by one measure; of equals, those with more of the others."""
    first = MEASURES[sorted_by]
    order = [first, *(name for name in MEASURES.values() if name != first)]
    rows = banners.sort(*order, "banner_tag", descending=[True] * len(order) + [False]).head(limit)
    headings = "".join(_heading(name, first) for name in _COLUMNS)
    body = "".join(_row(row) for row in rows.iter_rows(named=True))
    return (
        f'<div class="sized"><table class="banners"><thead><tr><th>Banner</th>{headings}'
        f'<th class="wide-only">Registrations per 100 visits</th></tr></thead><tbody>{body}</tbody></table></div>'
    )


def _heading(name: str, first: str) -> str:
    label = next(label for label, measure in MEASURES.items() if measure == name)
    return f'<th class="sorted" aria-sort="descending">{label} ▾</th>' if name == first else f"<th>{label}</th>"


def _row(row: dict[str, Any]) -> str:
    cells = "".join(f'<td class="banner-{name}">{words.number(row[name])}</td>' for name in _COLUMNS)
    rate = words.per_hundred(row["registrations"], row["visits"])
    return (
        f'<tr><td class="banner"><bdi>{text(row["banner_tag"])}</bdi></td>{cells}<td class="wide-only">{rate}</td></tr>'
    )
