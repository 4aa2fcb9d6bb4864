"""The transactions behind an amount: every deposit received on some days, and which transaction it is a part of."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pixels.metrics import banner_tags
from pixels.money import AMOUNT
from pixels.period import Period
from pixels.records import KEPT, events_and_repeats, records
from pixels.rules import DAY, INSTANT
from pixels.snapshot import Snapshot

OUTCOMES = ("counted", "same_transaction_again", "same_event_again")
"""What became of a deposit where money is counted."""

COLUMNS = {
    "outcome": pl.String(),
    DAY: pl.Date(),
    "created_at": INSTANT,
    "player_id": pl.String(),
    "banner_tag": pl.String(),
    "txid": pl.String(),
    "currency": pl.String(),
    "amount": AMOUNT,
    "is_verified": pl.Boolean(),
    "id": pl.String(),
    "metadata": pl.String(),
    **KEPT,
}
_STANDS = {"kept_id": "event_id", "kept_banner_tag": "banner_tag", "kept_created_at": "created_at"}
_AMOUNTS = ("txid", "currency", "amount", "is_verified")


def transactions(
    snapshot: Snapshot, period: Period, time_zone: str, banner: str | Sequence[str] | None = None
) -> pl.DataFrame:
    """Return every deposit received on these local days, of all banners or of those named; see COLUMNS.

    Out: one row a record, by created_at, then id. `outcome` is one of OUTCOMES:
    - counted: it stands for its transaction. `currency`, `amount` and `is_verified` are those that `pixels.money.money` adds
      up, and the sums of these rows are its own; they are null in all others;
    - same_transaction_again: another deposit of the player with this txid stands for it, `kept_*` says which: a signed one,
      then the earliest. It can be of another day or banner;
    - same_event_again: a retry; another record with this id is the event, `kept_*` says which.
    `metadata` is what was sent, as JSON. Refused deposits are in `pixels.why.why`. Raises NoArchive.
    """
    of_type = pl.col("event_type") == "deposit"
    listed = records(snapshot, period, time_zone, "records_of_type", of_type, event_type="deposit")
    if (tags := banner_tags(banner)) is not None:
        listed = listed.filter(pl.col("banner_tag").is_in(tags))
    ids = listed["id"].unique().to_list()
    rivals = records(snapshot, period, time_zone, "records_with_ids", pl.col("id").is_in(ids), ids=ids)
    events, repeats = events_and_repeats(listed, rivals)
    whole = pl.concat([_beside_transactions(snapshot, events), repeats], how="diagonal")
    return whole.match_to_schema(COLUMNS, missing_columns="insert", extra_columns="ignore").sort("created_at", "id")


def _beside_transactions(snapshot: Snapshot, events: pl.DataFrame) -> pl.DataFrame:
    """Set beside each deposit what it is worth, if it stands for its transaction, else the one that does."""
    players = events["player_id"].unique().to_list()
    held = snapshot.query("transactions_of_players", players=players).cast({"created_at": INSTANT, "amount": AMOUNT})
    key = [DAY, "player_id", "id"]
    worth = held.select(DAY, "player_id", *_AMOUNTS, id="event_id")
    counted = events.join(worth, on=key).with_columns(outcome=pl.lit("counted"))
    others = events.join(worth, on=key, how="anti").with_columns(txid=pl.col("metadata").str.json_path_match("$.txid"))
    by_txid = held.filter(pl.col("txid").is_not_null()).select("player_id", "txid", **_STANDS)
    of_one = pl.col("txid").is_null()
    by_id = held.filter(of_one).select("player_id", id="event_id", **{f"{name}_": of for name, of in _STANDS.items()})
    beside = others.join(by_txid, on=["player_id", "txid"], how="left").join(by_id, on=["player_id", "id"], how="left")
    named = pl.col("kept_id").is_not_null()
    return pl.concat(
        [
            counted,
            beside.with_columns(
                *(pl.coalesce(name, f"{name}_").alias(name) for name in _STANDS),
                outcome=pl.lit("same_transaction_again"),
                txid=pl.when(named).then(pl.col("txid")),
                kept_event_type=pl.lit("deposit"),
                kept_player_id="player_id",
            ),
        ],
        how="diagonal",
    )
