"""What a page for an affiliate says of their log beside ours: their own rows, and of ours only numbers of their own banners."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pixels.plots.reconciliation import VERDICTS
from pixels.reconciliation.result import Reconciliation
from pixels.reconciliation.words import MEANINGS
from pixels.reports.words import listed, quoted
from pixels.warehouse import Warehouse
from pixels.words import counted, number

_TYPES = {"visit": "visit", "registration": "registration", "deposit": "deposit"}
_SHOWN = ["their_row", "event_date", "banner_tag", "player_id", "click_id", "txid", "amount", "currency"]
_HEADINGS = ("Row", "Day", "Banner", "Player", "Click id", "Transaction", "Amount", "Currency")
_CLOCK = "%H:%M:%S"


def banners_of(wh: Warehouse, affiliate: str, banner: str) -> list[str]:
    """Return whose banners are compared: the one named, or those that are known to be the affiliate's; none when neither is given."""
    if banner:
        return [banner]
    known = wh.known_banners()
    return known.filter(pl.col("affiliate") == affiliate)["banner_tag"].sort().to_list() if affiliate else []


def nothing_to_compare(file: str, affiliate: str, tags: Sequence[str]) -> str:
    """Say what is needed before a page can be made."""
    if not tags and affiliate:
        return f"No banner is known to be of {quoted(affiliate)}: “pixels banners import” says whose each banner is."
    if not tags:
        return "Say whose log it is: a page for an affiliate needs “affiliate” or “banner”, so that it shows nothing of anybody else."
    return f"Give the log as the parameter “file”: the whole path of a CSV or Parquet file{'' if not file else ', not ' + quoted(file)}."


def sums(found: Reconciliation) -> str:
    """Say both sums, and what they share."""
    row = found.summary.row(0, named=True)
    what = _TYPES[found.event_type]
    told = (
        f"Your file has {counted(row['theirs'], what)} of these days and banners, Pixels has {number(row['ours'])}. "
        f"{number(row['matched'])} agree"
    )
    parts = [
        f"{number(row['different'])} differ" if row["different"] else "",
        f"{number(row['missing'])} of yours are not in Pixels" if row["missing"] else "",
        f"{number(row['extra'])} of Pixels are not in your file" if row["extra"] else "",
    ]
    rest = listed([part for part in parts if part])
    outside = f" {counted(found.outside, 'row')} of other days or banners are left out." if found.outside else ""
    return f"{told}{'; ' + rest if rest else ''}.{outside} {_compared_by(found)}"


_COMPARED = {"day": "day", "banner": "banner", "player": "player", "click_id": "click id", "txid": "transaction id"}
_NAMED = 5


def _compared_by(found: Reconciliation) -> str:
    """Say by what rows are compared, and which columns nobody read."""
    columns = found.columns
    told = f"Compared by {listed([_COMPARED[name] for name in columns.by])}."
    if not columns.left_out:
        return told
    unread = listed([quoted(column) for column in columns.left_out], _NAMED)
    how = "" if columns.identity else "; where one of them names the player, “columns” (player=...) says so"
    return f"{told} Not read: {unread}{how}."


def main_reason(found: Reconciliation) -> str:
    """Say what explains most of what is missing from Pixels."""
    missing = found.reasons.filter(pl.col("verdict") == "missing")
    if missing.is_empty():
        return "Nothing of your file is missing."
    _, explanation, rows = missing.row(0)
    whole = int(missing["count"].sum())
    return f"Of {number(whole)} that Pixels lacks, {number(rows)}: {MEANINGS[explanation]}."


def reasons(found: Reconciliation) -> pl.DataFrame:
    """Return side, meaning, count: every reason in words."""
    return found.reasons.select(
        side=pl.col("verdict").replace(VERDICTS), meaning=pl.col("explanation").replace(MEANINGS), count="count"
    )


def their_rows(found: Reconciliation) -> pl.DataFrame:
    """Return the rows of the file that do not match, as they were sent, with `why`, which names no player and no other banner.

    Times are on the clock of `day_zone`.
    """
    rows = found.details.filter(pl.col("verdict") != "extra")
    return rows.select(*_SHOWN, "count", _why(found).alias("why"))


def headings(rows: pl.DataFrame) -> dict[str, str]:
    """Return the headings of those columns of `their_rows` that say something."""
    named = dict(zip(_SHOWN, _HEADINGS, strict=True)) | {"count": "How many", "why": "Why"}
    alone = rows["count"].eq(1).all()
    said = {name for name in rows.columns if rows[name].null_count() < rows.height}
    return {name: heading for name, heading in named.items() if name in said and not (name == "count" and alone)}


def _why(found: Reconciliation) -> pl.Expr:
    explanation = pl.col("explanation")
    general = explanation.replace(MEANINGS)
    if found.columns.identity is None:
        return pl.col("because")
    own = pl.col("our_banner_tag").is_in(list(found.banners or []))
    clock = pl.col("our_created_at").dt.convert_time_zone(found.day_zone).dt.to_string(_CLOCK)
    day = pl.col("our_date").dt.to_string("%Y-%m-%d")
    said = {
        "counted_once": pl.format("already counted on {} at {}", day, clock),
        "other_day": pl.format("we counted it on {} at {}", day, clock),
        "other_time_zone": pl.format("we counted it on {} at {}: your day is another time zone's day", day, clock),
        "refused": pl.format("refused: {}", "refused_for"),
        "other_amount": pl.format("ours is {} {}", pl.col("our_amount").cast(pl.String), "our_currency"),
        "other_currency": pl.format("ours is {} {}", pl.col("our_amount").cast(pl.String), "our_currency"),
    }
    sentence = general
    for name, words in said.items():
        sentence = (
            pl.when((explanation == name) & (own | pl.lit(name == "refused")))
            .then(pl.coalesce(words, general))
            .otherwise(sentence)
        )
    return sentence


def extra_by_day(found: Reconciliation) -> pl.DataFrame:
    """Return day, banner, count of what the file does not have: numbers, since the players are not named in the file."""
    extra = found.details.filter(pl.col("verdict") == "extra")
    keyed = extra.select(
        day=pl.coalesce("our_date", "event_date").cast(pl.String),
        banner=pl.coalesce("our_banner_tag", "banner_tag"),
        count="count",
    )
    return keyed.group_by("day", "banner").agg(pl.col("count").sum()).sort("day", "banner", nulls_last=True)
