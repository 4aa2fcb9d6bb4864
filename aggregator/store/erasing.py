"""Erasing names in a warehouse or a snapshot: the records, what follows from them, and refusals that name somebody.

All of it in the caller's transaction. The archive's files are written anew before (`aggregator.erased_archive`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

import duckdb
import polars as pl

from aggregator.decode import EVENT_COLUMNS
from aggregator.forgetting import BLANK, forget
from aggregator.mentions import names_within
from aggregator.store.batch import store_changes
from aggregator.store.history import archived_records, stored_records
from aggregator.tombstones import Tombstones
from aggregator.transform import RECORD, VISITOR_KEY, Changes
from pixels.config import Settings
from pixels.resources import sql
from pixels.rules import DAY, earliest_records, with_day

_REFUSALS_AT_ONCE = 50_000
_SAME_EVENT = [DAY, "id"]


def visitor_keys_of(con: duckdb.DuckDBPyConnection, settings: Settings, players: Collection[str]) -> set[str]:
    """Return the visitor keys of players: those linked to them and those that their records carry, archived ones too.

    One that is linked to another player, or is another player, is not theirs.
    """
    con.register("names", pl.DataFrame({"name": list(players)}, schema={"name": pl.String}))
    keys = con.execute(sql("queries/visitor_keys_of_names.sql")).pl()["visitor_key"]
    archived = archived_records(con, settings)
    if archived is not None:
        sent = archived.filter(pl.col("player_id").is_in(list(players))).select(visitor_key=VISITOR_KEY)
        keys = pl.concat([keys, sent.filter(pl.col("visitor_key") != "").collect(engine="streaming")["visitor_key"]])
    con.register("visitor_keys", keys.unique().to_frame("visitor_key"))
    others = con.execute(sql("queries/visitor_keys_of_others.sql")).pl()["visitor_key"]
    return set(keys) - set(others) - set(players)


def records_naming(con: duckdb.DuckDBPyConnection, settings: Settings, names: Collection[str]) -> pl.DataFrame:
    """Return the records that name somebody as player or visitor key: RECORD and `place`, one of the tables or 'archive'."""
    con.register("names", pl.DataFrame({"name": list(names)}, schema={"name": pl.String}))
    live = con.execute(sql("queries/records_of_names.sql")).pl().cast({"created_at": EVENT_COLUMNS["created_at"]})
    records = with_day(live, settings.timezone).select(*RECORD, "place")
    archived = archived_records(con, settings)
    if archived is None:
        return records
    found = archived.filter(names_somebody(names)).select(RECORD).collect(engine="streaming").unique()
    return pl.concat([records, found.with_columns(place=pl.lit("archive"))])


def names_somebody(names: Collection[str]) -> pl.Expr:
    """Tell whether a record names one of these as player or as visitor key."""
    return pl.col("player_id").is_in(list(names)) | VISITOR_KEY.is_in(list(names)).fill_null(value=False)


def erase_in_tables(con: duckdb.DuckDBPyConnection, names: Mapping[str, str], tombstones: Tombstones) -> Counter[str]:
    """Put erased names in the place of names, in every table; return how many rows of each table named somebody."""
    rows: Counter[str] = Counter()
    con.register("names", pl.DataFrame({"name": list(names), "erased": list(names.values())}, schema=_NAMES))
    records = con.execute(sql("queries/records_of_names.sql")).pl().cast({"created_at": EVENT_COLUMNS["created_at"]})
    rows.update(records["place"].to_list())
    con.register("forgotten_records", forget(records, tombstones))
    con.execute(sql("upserts/erased_records.sql"))
    transactions = con.execute(sql("queries/transactions_of_names.sql")).pl()["txid"]
    erased = [tombstones.key.transaction(txid) for txid in transactions]
    con.register("transactions", pl.DataFrame({"txid": transactions, "erased": erased}, schema=_TRANSACTIONS))
    for table, found in con.execute(sql("queries/rows_of_names.sql")).fetchall():
        rows[table] += found
    con.execute(sql("upserts/erased_names.sql"))
    rows["rejected_events"] = _erase_in_refusals(con, names)
    return +rows


_NAMES = {"name": pl.String(), "erased": pl.String()}
_TRANSACTIONS = {"txid": pl.String(), "erased": pl.String()}


def _erase_in_refusals(con: duckdb.DuckDBPyConnection, names: Collection[str]) -> int:
    naming: list[int] = []
    with con.cursor() as reader:  # what the caller's transaction changed so far are no refusals
        for batch in reader.execute(sql("queries/texts_of_refusals.sql")).to_arrow_reader(_REFUSALS_AT_ONCE):
            texts = pl.DataFrame(batch)
            naming += [row for row, payload, detail in texts.iter_rows() if names_within(payload, detail, names)]
    con.register("naming", pl.DataFrame({"row": naming}, schema={"row": pl.Int64()}))
    con.execute(sql("upserts/erased_refusals.sql"), {"blank": BLANK})
    return len(naming)


def settle_ties(
    con: duckdb.DuckDBPyConnection, settings: Settings, rivals: pl.DataFrame, tombstones: Tombstones
) -> int:
    """Let another record be the event where erasing a name changed the order; return how many times that was so.

    Of records with the same day, id, instant and banner the content decides, and that has changed. `rivals` are the
    records as they were before (RECORD, `place`), all of each day and id. A record that comes first now is taken out of
    the repeats and arrives again.
    """
    stood = forget(earliest_records(rivals), tombstones)
    stands = earliest_records(forget(rivals, tombstones))
    new = stands.join(stood, on=RECORD, how="anti", nulls_equal=True)
    if new.is_empty():
        return 0
    con.register("reweighed", new)
    con.register("archived", new)
    con.execute(sql("upserts/archived_again.sql"))
    con.execute(sql("upserts/reweighed_accounting.sql"))
    replaced = stood.join(new, on=_SAME_EVENT, how="semi")
    store_changes(con, Changes(new.drop("place"), replaced, new.clear().drop("place"), 0), settings)
    con.register("archived", new.filter(pl.col("place") == "archive"))  # they stay there
    con.execute(sql("upserts/archived_again.sql"))
    return new.height


def rivals_of(con: duckdb.DuckDBPyConnection, settings: Settings, records: pl.DataFrame) -> pl.DataFrame:
    """Return all stored records that share day and id with one of these, where there are several."""
    found = stored_records(con, settings, records).select(*RECORD, "place")
    return found.filter(pl.struct(_SAME_EVENT).is_duplicated()).join(records, on=_SAME_EVENT, how="semi")
