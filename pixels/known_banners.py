"""What was imported of banners: to whom they belong and what they cost."""

from __future__ import annotations

import csv
import io

import polars as pl

from pixels.formulas import guarded
from pixels.listing import Format, as_json, as_table
from pixels.snapshot import Snapshot

_SCHEMA_WITH_BANNERS = 4
_EMPTY = {
    "banner_tag": pl.String(), "affiliate": pl.String(), "campaign": pl.String(), "name": pl.String(),
    "cost": pl.Decimal(18, 4),
}  # fmt: skip


def known_banners(snapshot: Snapshot, schema_version: int) -> pl.DataFrame:
    """Return the table `banners`; of an older snapshot, which has none, no rows."""
    if schema_version < _SCHEMA_WITH_BANNERS:
        return pl.DataFrame(schema=_EMPTY)
    return snapshot.query("known_banners")


def as_text(banners: pl.DataFrame, output: Format) -> str:
    """Return the banners as a table, CSV or JSON."""
    if output == "csv":
        return _as_csv(banners)
    if output == "json":
        return as_json(banners)
    if banners.is_empty():
        return "Nothing is known of any banner: `pixels banners import FILE` says it."
    return as_table(banners)


def _as_csv(banners: pl.DataFrame) -> str:
    """Return a file that an import takes back to the letter: a guard against formulas is all that is added to a text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(banners.columns)
    for row in banners.iter_rows():
        writer.writerow([guarded(value) if isinstance(value, str) else value for value in row])
    return out.getvalue().removesuffix("\n")
