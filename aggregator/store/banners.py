"""The table `banners`: what somebody says of banners. It follows from no record."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import NamedTuple

import duckdb
import polars as pl

from pixels.resources import sql


class Banner(NamedTuple):
    """What is said of a banner; None: nothing."""

    affiliate: str | None = None
    campaign: str | None = None
    name: str | None = None
    cost: Decimal | None = None


_COLUMNS = {"banner_tag": pl.String(), **dict.fromkeys(Banner._fields, pl.String())}
"""Costs as text: DuckDB makes decimals of them."""


def stored_banners(con: duckdb.DuckDBPyConnection) -> dict[str, Banner]:
    """Return all that is said, by banner tag."""
    return {tag: Banner(*said) for tag, *said in con.execute(sql("queries/known_banners.sql")).fetchall()}


def write_banners(con: duckdb.DuckDBPyConnection, written: Mapping[str, Banner], removed: Collection[str]) -> None:
    """Put rows in the place of those of the same tags, and take out the `removed`, in the caller's transaction."""
    rows = [(tag, *said[:3], None if said.cost is None else str(said.cost)) for tag, said in written.items()]
    con.register("written_banners", pl.DataFrame(rows, schema=_COLUMNS, orient="row"))
    con.execute(sql("upserts/banners.sql"), {"removed": list(removed)})
    con.unregister("written_banners")


def tags_that_never_counted(con: duckdb.DuckDBPyConnection, tags: Collection[str]) -> list[str]:
    """Return those of the tags, in their order, that no counted event has."""
    counted = {tag for (tag,) in con.execute("SELECT DISTINCT banner_tag FROM event_summary").fetchall()}
    return [tag for tag in tags if tag not in counted]
