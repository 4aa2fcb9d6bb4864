"""What each explanation says, in general and of one row."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

MEANINGS = {
    "counted_once": "we count it once; another row of the file is that one, or it is the same player again on that day",
    "other_banner": "we counted it for another banner, whose event came first",
    "other_day": "we counted it on another day",
    "other_time_zone": "we counted it on the day beside; the day of the file is another time zone's day",
    "crawler": "a visit of a declared crawler, which does not count",
    "refused": "it was refused",
    "after_the_data": "the data does not go that far yet",
    "never_received": "it was never received, or nothing that was received says that it is this one",
    "unreadable_row": "the row of the file cannot be read",
    "received_not_counted": "as many were received and do not count: the same player again, another banner's, retries, crawlers",
    "partly_not_counted": "some were received and do not count; the others were never received, or were refused",
    "other_player_id": "we have it of another player",
    "other_amount": "we have another amount",
    "other_currency": "we have another currency",
    "no_click_id": "we received it without a click id",
    "no_txid": "we received it without a transaction id",
    "named_elsewhere": "the file names it, for another event that we counted",
    "not_in_their_log": "the file does not have it",
}
"""What each explanation says."""

_INSTANT = "%Y-%m-%d %H:%M:%S UTC"


def because(identity: str | None) -> pl.Expr:
    """Return one sentence a row of the details, from what stands beside its explanation."""
    explanation = pl.col("explanation")
    general = explanation.replace_strict(MEANINGS, return_dtype=pl.String)
    if identity is None:
        return _of_counts(general)
    when = pl.col("our_created_at").dt.to_string(_INSTANT)
    banner = pl.col("our_banner_tag")
    day = pl.col("our_date").dt.to_string("%Y-%m-%d")
    sentences: Mapping[str, pl.Expr] = {
        "counted_once": pl.format("already counted at {} for banner {}", when, banner),
        "other_banner": pl.format("we counted it for banner {} at {}", banner, when),
        "other_day": pl.format("we counted it on {}, at {}, for banner {}", day, when, banner),
        "other_time_zone": pl.format(
            "we counted it on {}, at {}, for banner {}: their day is another time zone's day", day, when, banner
        ),
        "crawler": pl.format("a declared crawler's visit at {}, which does not count", when),
        "refused": pl.format("refused: {}", "refused_for"),
        "unreadable_row": pl.col("problem"),
        "other_player_id": pl.format("ours is of player {}", "our_player_id"),
        "other_amount": pl.format("ours is {} {}", _or_none("our_amount"), _or_none("our_currency")),
        "other_currency": pl.format("ours is {} {}", _or_none("our_amount"), _or_none("our_currency")),
    }
    said = general
    for name, sentence in sentences.items():
        said = pl.when(explanation == name).then(pl.coalesce(sentence, general)).otherwise(said)
    return said


def _or_none(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.String).fill_null("(none)")


def _of_counts(general: pl.Expr) -> pl.Expr:
    sums = pl.format(
        "we received {}: {} counted, {} same player again, {} for another banner, {} same event again, {} crawlers; {}",
        "received",
        "ours",
        "same_player_again",
        "credited_to_another_banner",
        "same_event_again",
        "bots",
        general,
    )
    return (
        pl.when(pl.col("explanation") == "unreadable_row").then(pl.col("problem")).otherwise(pl.coalesce(sums, general))
    )
