"""The answer of `pixels reconcile` as text: first the two sums, then the reasons, then the rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from pixels.errors import BadParameter
from pixels.listing import Format, as_csv, as_json, as_table, harmless
from pixels.reconciliation.result import Reconciliation
from pixels.reconciliation.words import MEANINGS

_IN_A_TABLE = ["their_row", "verdict", "count", "event_date", "banner_tag", "player_id", "click_id", "txid", "amount"]


def chosen_columns(given: Iterable[str]) -> dict[str, str | None]:
    """Read texts such as player=Customer; nothing after the sign: no column. Raises BadParameter."""
    chosen: dict[str, str | None] = {}
    for text in given:
        name, sign, column = text.partition("=")
        if not sign:
            raise BadParameter("column", f"{text!r} is not of the form player=Customer")
        if name in chosen:
            raise BadParameter("column", f"the column of the {name} is given twice")
        chosen[name] = column or None
    return chosen


def as_text(found: Reconciliation, output: Format, limit: int) -> str:
    """Return what `wh.reconcile` found, `limit` rows of the details at most (0: all)."""
    shown = found.details.head(limit) if limit else found.details
    if output == "csv":
        return as_csv(shown.with_columns(pl.col("differs_in").list.join(" ")))
    if output == "json":
        return as_json(_as_object(found, shown))
    lines = [_headline(found), *_sums(found), *_reasons(found)]
    if shown.height:
        lines += ["", as_table(shown.select(*_IN_A_TABLE, "our_player_id", "because"))]
    if shown.height < found.details.height:
        lines += ["", f"{found.details.height - shown.height:,} more; `--limit 0` shows all."]
    return "\n".join(lines)


def _as_object(found: Reconciliation, shown: pl.DataFrame) -> dict[str, Any]:
    return {
        "type": found.event_type,
        "start": found.period.start,
        "end": found.period.end,
        "time_zone": found.day_zone,
        "banners": found.banners,
        "columns": dict(found.columns.of),
        "columns_left_out": found.columns.left_out,
        "rows_outside": found.outside,
        **found.summary.row(0, named=True),
        "reasons": found.reasons,
        "details": shown,
    }


def _headline(found: Reconciliation) -> str:
    if found.banners is None:
        whose = "all banners"
    else:
        whose = ", ".join(harmless(tag) for tag in found.banners[:5])
        whose += f" and {len(found.banners) - 5} more" if len(found.banners) > 5 else ""
    period = found.period
    return f"{found.event_type}, {period.start} to {period.end} ({found.day_zone}), {whose or 'no banner'}"


def _sums(found: Reconciliation) -> list[str]:
    sums = found.summary.row(0, named=True)
    parts = {name: f"{number:,}" for name, number in sums.items()}
    read = ", ".join(f"{name} {harmless(column)!r}" for name, column in found.columns.of.items())
    lines = [
        "{theirs} of theirs = {matched} matched + {missing} missing here + {different} different".format(**parts),
        "{ours} of ours = {matched} matched + {extra} missing there + {different} different".format(**parts),
        f"Read: {read}",
    ]
    if found.columns.left_out:
        lines.append("Not read: " + ", ".join(repr(harmless(column)) for column in found.columns.left_out[:10]))
    if found.outside:
        lines.append(f"{found.outside:,} rows are of other days or banners, and no part of this.")
    return lines


def _reasons(found: Reconciliation) -> list[str]:
    lines = [
        f"  {number:,} {verdict}: {explanation}: {MEANINGS[explanation]}"
        for verdict, explanation, number in found.reasons.iter_rows()
    ]
    return ["", *lines] if lines else ["", "Nothing differs."]
