"""Erasing names in a warehouse or a snapshot: the records, what follows from them, and refusals that name somebody.

All of it in the caller's transaction. The archive's files are written anew before (`aggregator.erased_archive`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import duckdb
import polars as pl

from aggregator.decode import EVENT_COLUMNS
from aggregator.forgetting import BLANK, forget_in_records
from aggregator.mentions import names_within
from aggregator.store.archive import ArchiveFile
from aggregator.store.batch import store_changes
from aggregator.store.history import PLACED_RECORD, archived_records, span_of_days
from aggregator.store.opening import is_rebuild_due
from aggregator.tombstones import Tombstones, save_tombstones
from aggregator.transform import RECORD, VISITOR_KEY, Changes
from pixels.config import Settings
from pixels.resources import sql
from pixels.rules import DAY, earliest_records, with_day

_REFUSALS_AT_ONCE = 50_000
_SAME_EVENT = [DAY, "id"]


@dataclass(frozen=True)
class Forgetting:
    """What is to be forgotten, and what has taken the place of the archive's files that said it."""

    names: Mapping[str, str]
    """Erased name by name."""
    tombstones: Tombstones
    """Those of these names and of all that were erased before."""
    archive: Mapping[str, ArchiveFile] = field(default_factory=dict)
    """New file by the path of the old one."""


@dataclass(frozen=True)
class Forgotten:
    """What was done in one warehouse or snapshot."""

    rows: dict[str, int]
    """Rows that named somebody, by table; of `archive_files` those that were exchanged."""
    ties_settled: int
    """Events in whose place another record of the same day, id, instant and banner stands now."""


def forget(con: duckdb.DuckDBPyConnection, settings: Settings, what: Forgetting, now: datetime) -> Forgotten:
    """Erase names in every table, in the caller's transaction, and keep the tombstones; the settings are those it counts by.

    The files of the archive that it lists are still the old ones, and the new ones are there too.
    """
    rivals = _rivals_of(con, settings, what)
    rows = _erase_in_tables(con, what.names, what.tombstones)
    rows["archive_files"] = _exchange_archive_files(con, what.archive)
    ties = _settle_ties(con, settings, rivals, what.tombstones)
    save_tombstones(con, what.tombstones, now)
    return Forgotten(dict(+rows), ties)


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


def names_somebody(names: Collection[str]) -> pl.Expr:
    """Tell whether a record names one of these as player or as visitor key."""
    return pl.col("player_id").is_in(list(names)) | VISITOR_KEY.is_in(list(names)).fill_null(value=False)


def _erase_in_tables(con: duckdb.DuckDBPyConnection, names: Mapping[str, str], tombstones: Tombstones) -> Counter[str]:
    """Put erased names in the place of names, in every table; return how many rows of each table named somebody."""
    rows: Counter[str] = Counter()
    con.register("names", pl.DataFrame({"name": list(names), "erased": list(names.values())}, schema=_NAMES))
    records = con.execute(sql("queries/records_of_names.sql")).pl().cast({"created_at": EVENT_COLUMNS["created_at"]})
    rows.update(records["place"].to_list())
    con.register("forgotten_records", forget_in_records(records, tombstones))
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


def _settle_ties(
    con: duckdb.DuckDBPyConnection, settings: Settings, rivals: pl.DataFrame, tombstones: Tombstones
) -> int:
    """Let another record be the event where erasing a name changed the order; return how many times that was so.

    Of records with the same day, id, instant and banner the content decides, and that has changed. `rivals` are the
    records as they were before (RECORD, `place`), all of each day and id. A record that comes first now is taken out of
    the repeats and arrives again.
    """
    stood = forget_in_records(earliest_records(rivals), tombstones)
    stands = earliest_records(forget_in_records(rivals, tombstones))
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


def _rivals_of(con: duckdb.DuckDBPyConnection, settings: Settings, what: Forgetting) -> pl.DataFrame:
    """Return the records that share day and id with one that names somebody, that one among them (RECORD and `place`).

    None when they cannot be told: aggregates are due to be computed anew, or a file of the archive is missing.
    """
    listed = [settings.archive_dir / file for (file,) in con.execute("SELECT file FROM archive_files").fetchall()]
    if is_rebuild_due(con) or not all(path.is_file() for path in listed):
        return pl.DataFrame(schema=PLACED_RECORD)
    naming = _records_naming(con, settings, what)
    if naming.is_empty():
        return pl.DataFrame(schema=PLACED_RECORD)
    first, last = span_of_days(naming[DAY])
    con.register("around", naming)
    found = con.execute(sql("queries/stored_records.sql"), {"first": first, "last": last}).pl()
    live = with_day(found.cast({"created_at": EVENT_COLUMNS["created_at"]}), settings.timezone)
    days = {"days": naming[DAY].unique().to_list()}
    files = [file for (file,) in con.execute(sql("queries/archived_records_on_days.sql"), days).fetchall()]
    archived = _archived(settings, files, pl.col("id").is_in(naming["id"].unique().to_list()))
    records = pl.concat([live.select(*RECORD, "place"), archived])
    return records.filter(pl.struct(_SAME_EVENT).is_duplicated()).join(naming, on=_SAME_EVENT, how="semi")


def _records_naming(con: duckdb.DuckDBPyConnection, settings: Settings, what: Forgetting) -> pl.DataFrame:
    """Return day and id of the records that name somebody, with their instants."""
    con.register("names", pl.DataFrame({"name": list(what.names)}, schema={"name": pl.String}))
    found = con.execute(sql("queries/records_of_names.sql")).pl()
    live = with_day(found.cast({"created_at": EVENT_COLUMNS["created_at"]}), settings.timezone)
    listed = {file for (file,) in con.execute("SELECT file FROM archive_files WHERE kind = 'records'").fetchall()}
    archived = _archived(settings, sorted(listed.intersection(what.archive)), names_somebody(what.names))
    return pl.concat([frame.select(DAY, "id", "created_at") for frame in (live, archived)])


def _archived(settings: Settings, files: list[str], which: pl.Expr) -> pl.DataFrame:
    """Return records of files of the archive, each once (RECORD and `place`)."""
    if not files:
        return pl.DataFrame(schema=PLACED_RECORD).select(*RECORD, "place")
    found = pl.scan_parquet([settings.archive_dir / file for file in files]).filter(which).select(RECORD)
    return found.collect(engine="streaming").unique().with_columns(place=pl.lit("archive"))


def _exchange_archive_files(con: duckdb.DuckDBPyConnection, files: Mapping[str, ArchiveFile]) -> int:
    """List the new files of the archive in the place of the old ones; return how many were listed."""
    rows = [(old, new.file, new.byte_count, new.sha256) for old, new in files.items()]
    con.register("exchanged", pl.DataFrame(rows, schema=_EXCHANGED, orient="row"))
    (count,) = con.execute(sql("upserts/exchanged_archive_files.sql")).fetchone() or (0,)
    return int(count)


_EXCHANGED = {"old": pl.String(), "file": pl.String(), "byte_count": pl.Int64(), "sha256": pl.String()}
