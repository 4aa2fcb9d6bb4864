"""The answer of `pixels why` as text: first the sum, then the records."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from pixels.listing import Format, as_csv, as_json, as_table, harmless
from pixels.why import OUTCOMES

_READ = OUTCOMES[:5]
_WORDS = {
    "counted": "counted",
    "same_player_again": "same player again",
    "credited_to_another_banner": "credited to another banner",
    "same_event_again": "same event again",
    "bot": "crawlers, which do not count",
}
_IN_A_TABLE = ["created_at", "outcome", "id", "player_id", "banner_tag"]


def sums(found: pl.DataFrame) -> dict[str, int]:
    """Return how many records had each outcome, in the order of OUTCOMES."""
    counted = dict(found.group_by("outcome").agg(pl.col("records").sum()).iter_rows())
    return {outcome: counted.get(outcome, 0) for outcome in OUTCOMES}


def as_text(found: pl.DataFrame, day: date, event_type: str, banner: str | None, output: Format, limit: int) -> str:
    """Return what `wh.why` found, `limit` records of it at most (0: all)."""
    listed = found.filter(pl.col("outcome") != "refused_not_attributable")
    shown = listed.head(limit) if limit else listed
    if output == "csv":
        return as_csv(shown)
    if output == "json":
        return as_json(_as_object(found, shown, day, event_type, banner))
    lines = [_headline(day, event_type, banner), *_sum_lines(found)]
    if shown.height:
        lines += ["", as_table(_for_a_table(shown))]
    if shown.height < listed.height:
        lines += ["", f"{listed.height - shown.height:,} more; `--limit 0` shows all."]
    return "\n".join(lines)


def _as_object(
    found: pl.DataFrame, shown: pl.DataFrame, day: date, event_type: str, banner: str | None
) -> dict[str, Any]:
    total = sums(found)
    return {
        "date": day,
        "type": event_type,
        "banner": banner,
        "received": sum(total[outcome] for outcome in _READ),
        **total,
        "refused_by_reason": _by_reason(found, "refused"),
        "refused_not_attributable_by_reason": _by_reason(found, "refused_not_attributable"),
        "records": shown,
    }


def _headline(day: date, event_type: str, banner: str | None) -> str:
    of_banner = "" if banner is None else f", banner {harmless(banner)}"
    return f"{day}, {event_type}{of_banner}"


def _sum_lines(found: pl.DataFrame) -> list[str]:
    """Return the sum that the figure stands in, and beside it what was refused, by reason."""
    total = sums(found)
    received = sum(total[outcome] for outcome in _READ)
    lines = [f"{received:,} received = " + " + ".join(f"{total[name]:,} {_WORDS[name]}" for name in _READ)]
    if not received:
        lines = ["Nothing received."]
    if total["refused"]:
        lines.append(f"Besides {total['refused']:,} refused: {_reasons(_by_reason(found, 'refused'))}")
    if total["refused_not_attributable"]:
        reasons = _reasons(_by_reason(found, "refused_not_attributable"))
        lines.append(
            f"Also refused that day, for whatever type or banner: {total['refused_not_attributable']:,}: {reasons}"
        )
    return lines


def _by_reason(found: pl.DataFrame, outcome: str) -> dict[str, int]:
    of_outcome = found.filter(pl.col("outcome") == outcome)
    by_reason = of_outcome.group_by("reason").agg(pl.col("records").sum())
    return dict(by_reason.sort("records", "reason", descending=[True, False]).iter_rows())


def _reasons(by_reason: dict[str, int]) -> str:
    return ", ".join(f"{reason} {records:,}" for reason, records in by_reason.items())


def _for_a_table(shown: pl.DataFrame) -> pl.DataFrame:
    """Return the columns that fit a terminal; `because` says in one what stands against a record."""
    kept = pl.format(
        "{} {} at {}", *(pl.col(f"kept_{name}") for name in ("banner_tag", "id")), _clock("kept_created_at")
    )
    return shown.select(
        *_IN_A_TABLE,
        because=pl.when(pl.col("outcome") == "refused").then(pl.format("{}: {}", "reason", "detail")).otherwise(kept),
    )


def _clock(instant: str) -> pl.Expr:
    return pl.col(instant).dt.to_string("%Y-%m-%dT%H:%M:%S%.3fZ")
