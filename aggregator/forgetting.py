"""What is left of a record when a name in it is erased: a pure function of the record and the erased names.

It is injective and goes by no other record, so that no figure moves: two records that differed still differ, a record that
arrives again is the same one, and it does not matter which of two players was erased first. What is taken out of a record
leaves an HMAC behind (`_record`) for that. Only the order of records with the same id, instant and banner can change,
because the last thing it goes by is the content; `aggregator.store.erasing` sees to those.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import msgspec
import polars as pl

from aggregator.decode import EVENT_COLUMNS
from aggregator.mentions import mentioned
from aggregator.money import money
from aggregator.tombstones import ErasureKey, Tombstones
from aggregator.transform import VISITOR_KEY

REMOVED = "_record"
"""Metadata of an erased player's event: the HMAC of what was taken out of it."""

BLANK = "erased"
"""What stands in the place of a refusal's detail that named an erased player; its payload is empty."""

_STAYS = ("_bot", "_key", "s")
_encode = msgspec.json.Encoder(order="deterministic").encode


def forget_in_records(records: pl.DataFrame, tombstones: Tombstones) -> pl.DataFrame:
    """Return records (the columns of an event, and any others, which stay) as they are without the erased names.

    An erased player's have another player_id; no address, no user agent; of the metadata only mark, signing key, visitor
    key and money, the transaction as an HMAC. An erased visitor key is another in the metadata of whoever's record.
    What has been through this comes out as it went in. The order of the records can change.
    """
    if not tombstones or records.is_empty():
        return records
    visitor_keys = records.select(VISITOR_KEY.alias("s"))["s"]
    erased = tombstones.erased([*records["player_id"].unique(), *visitor_keys.unique()])
    if not erased and not records["player_id"].is_in(list(tombstones.names)).any():
        return records
    named = records["player_id"].is_in([*erased, *tombstones.names]) | visitor_keys.is_in(list(erased)).fill_null(False)
    rows = records.filter(named)
    content = rows.select(list(EVENT_COLUMNS)).with_columns(**money())
    forgotten = pl.DataFrame(
        [_without_name(row, erased, tombstones) for row in content.iter_rows(named=True)], schema=_CHANGED
    )
    return pl.concat([records.filter(~named), rows.with_columns(forgotten)])


_CHANGED = {name: EVENT_COLUMNS[name] for name in ("player_id", "metadata", "source_ip", "user_agent")}


def _without_name(record: dict[str, str], erased: Mapping[str, str], tombstones: Tombstones) -> dict[str, str | None]:
    metadata: dict[str, str] = json.loads(record["metadata"])
    player = record["player_id"]
    changed: dict[str, str | None] = {name: record[name] for name in _CHANGED}
    if player in erased or (player in tombstones.names and REMOVED not in metadata):
        metadata = _what_stays(record, metadata, tombstones.key)
        changed |= {"player_id": erased.get(player, player), "source_ip": None, "user_agent": None}
    if metadata.get("s") in erased:
        metadata["s"] = erased[metadata["s"]]
    return changed | {"metadata": _encode(metadata).decode()}


def _what_stays(record: dict[str, str], metadata: dict[str, str], key: ErasureKey) -> dict[str, str]:
    stays = {name: metadata[name] for name in _STAYS if name in metadata}
    if record["amount"] is not None:
        stays |= {"amount": record["amount"], "currency": record["currency"]}
    removed = {
        "source_ip": record["source_ip"],
        "user_agent": record["user_agent"],
        "metadata": {name: value for name, value in metadata.items() if name not in stays},
    }
    if record["txid"] is not None:
        stays["txid"] = key.transaction(record["txid"])
    return stays | {REMOVED: key.removed(_encode(removed))}


def forget_in_refusals(refusals: pl.DataFrame, tombstones: Tombstones) -> pl.DataFrame:
    """Return refusals (`payload`, `detail`, and any others, which stay), those that name an erased player without either."""
    if not tombstones or refusals.is_empty():
        return refusals
    texts = zip(refusals["payload"], refusals["detail"], strict=True)
    return blanked(refusals, pl.Series([bool(tombstones.erased(mentioned(*text))) for text in texts], dtype=pl.Boolean))


def blanked(refusals: pl.DataFrame, which: pl.Series) -> pl.DataFrame:
    """Return refusals, those that `which` marks without payload and detail: reason, time and count stay."""
    return refusals.with_columns(
        payload=pl.when(which).then(pl.lit(b"")).otherwise(pl.col("payload")),
        detail=pl.when(which).then(pl.lit(BLANK)).otherwise(pl.col("detail")),
    )
