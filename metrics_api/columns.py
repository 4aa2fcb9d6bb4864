"""Every column that an answer can have: its type, and what it says. docs/metrics.md has the formulas.

A name means the same in every answer, so endpoints only name their columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from pixels.rules import INSTANT


@dataclass(frozen=True)
class Column:
    """A column of a frame and of the JSON made of it."""

    dtype: pl.DataType
    meaning: str
    nullable: bool = False

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of its values."""
        described = _schema(self.dtype) | {"description": self.meaning}
        return described | {"type": [described["type"], "null"]} if self.nullable else described


def _schema(dtype: pl.DataType) -> dict[str, Any]:
    match dtype:
        case pl.Int64():
            return {"type": "integer"}
        case pl.Float64():
            return {"type": "number"}
        case pl.Boolean():
            return {"type": "boolean"}
        case pl.Date():
            return {"type": "string", "format": "date"}
        case pl.Datetime():
            return {"type": "string", "format": "date-time"}
        case pl.List():
            return {"type": "array", "items": _schema(pl.String())}
        case pl.Decimal():
            return {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
    return {"type": "string"}


def _count(meaning: str) -> Column:
    return Column(pl.Int64(), meaning)


def _amount(meaning: str) -> Column:
    return Column(pl.Decimal(38, 4), meaning, nullable=True)


def _number(meaning: str) -> Column:
    return Column(pl.Float64(), meaning, nullable=True)


def _rate(part: str, whole: str) -> Column:
    return Column(pl.Float64(), f"{part} / {whole}; null when nothing can be divided", nullable=True)


def _text(meaning: str, *, nullable: bool = False) -> Column:
    return Column(pl.String(), meaning, nullable)


def _seconds(quantile: str) -> Column:
    return Column(
        pl.Float64(), f"{quantile} of the seconds from entry to this step; null when nobody took it", nullable=True
    )


_KEPT = "of what counts instead; null where nothing does"

COLUMNS: dict[str, Column] = {
    "event_date": Column(pl.Date(), "day in the warehouse's time zone"),
    "entry_date": Column(pl.Date(), "day of the entry, in the warehouse's time zone"),
    "event_type": _text("visit, registration or deposit"),
    "banner_tag": _text("the banner; null in a row of all together", nullable=True),
    "count": _count("players counted, or refusals"),
    "hour": _count("of the local clock, 0 to 23"),
    "starts_at": Column(INSTANT, "when the hour begins"),
    "partial": Column(pl.Boolean(), "whether it goes beyond the range, or was not over by complete_until"),
    # sums of a range
    "visits": _count("daily unique visitors, summed over the days"),
    "deposits": _count("deposit days; of conversions, people who deposited in time"),
    "daily_unique_visitors": _count("sum of the daily visit counts"),
    "unique_visitors": _count("distinct player ids with a counted visit"),
    "registrations": _count("registrations; of conversions, people who registered in time"),
    "ftd": _count("first deposits, at or after a registration"),
    "ndc": _count("players whose registration and first deposit are both in the range"),
    "first_deposits_without_registration": _count("first deposits without a registration before them"),
    "deposit_days": _count("sum of the daily deposit counts"),
    "deposit_transactions": Column(
        pl.Int64(), "transactions; null in a snapshot of before these were kept", nullable=True
    ),
    "figure": _text("name of the key figure"),
    "now": Column(pl.Int64(), "in the days asked for", nullable=True),
    "before": Column(pl.Int64(), "in the earlier days; null where that would mislead", nullable=True),
    "change": _rate("(now - before)", "before"),
    "start": Column(pl.Date(), "first day"),
    "end": Column(pl.Date(), "last day"),
    "before_start": Column(pl.Date(), "first of the earlier days", nullable=True),
    "before_end": Column(pl.Date(), "last of the earlier days", nullable=True),
    "until": Column(INSTANT, "instant up to which the day is counted"),
    "before_date": Column(pl.Date(), "the day a week earlier"),
    "before_until": Column(INSTANT, "instant at which its clocks showed the same time"),
    # people by their entry
    "visitors": _count("people who visited and had not registered before"),
    "registration_rate": _rate("registrations", "visitors"),
    "credited_registrations": _count("registrations under the banner that has the credit for the deposits"),
    "deposit_rate": _rate("deposits", "credited_registrations"),
    "immature": _count("people whose window is not over yet"),
    "step": _count("number of the step, from 1"),
    "players": _count("people who took this step and all before it; of a cohort, its size"),
    "entered": _count("people who took the first step"),
    "rate": Column(
        pl.Float64(),
        "players / entered, of banners compared converted / entries; null when nothing can be divided",
        nullable=True,
    ),
    "mature_players": _count("those of players whose window is over"),
    "mature_entered": _count("those of entered whose window is over"),
    "mature_rate": _rate("mature_players", "mature_entered"),
    "p25_seconds_from_entry": _seconds("lower quartile"),
    "median_seconds_from_entry": _seconds("median"),
    "p75_seconds_from_entry": _seconds("upper quartile"),
    "p90_seconds_from_entry": _seconds("ninth decile"),
    # cohorts
    "cohort": Column(pl.Date(), "first day of the week or month in which they registered, or began"),
    "offset": _count("0: the week or month of the registration, 1: the next"),
    "deposited_before": _count("players who deposited before they registered"),
    "first_depositors": _count("players with their first deposit by then"),
    "first_deposit_rate": _rate("first_depositors", "players"),
    "repeat_depositors": _count("players with a second deposit day by then"),
    "repeat_deposit_rate": _rate("repeat_depositors", "players"),
    "active_depositors": _count("players who deposited in it"),
    "active_rate": _rate("active_depositors", "players"),
    "mature": Column(pl.Boolean(), "whether the week or month of a cohort, or the window of an entry, is over"),
    # anomalies
    "measure": _text("the figure: a count of the day, or a rate of those who entered in the 7 days up to it"),
    "is_total": Column(pl.Boolean(), "whether it is of all values of the dimension together"),
    "value": Column(pl.Float64(), "of the figure; a rate from 0 to 1"),
    "expected": _number("what was to be expected; null while too little is known for that"),
    "lower": _number(
        "of an anomaly, chance alone puts one day in 1,000 outside of lower to upper; else limit of the estimate"
    ),
    "upper": _number("the other end"),
    "score": _number("standard deviations from what was expected"),
    "p_value": _number("how often chance alone goes at least as far, in either direction"),
    "is_anomaly": Column(pl.Boolean(), "whether it stands out from all series of its day"),
    "explained_by": _text("of all together: the value with the largest part of the difference", nullable=True),
    "explained_change": _number("its own difference from what was expected; of a rate, in people"),
    "kind": _text("silence, fall or rise, null where nothing stands out; of a run pass, import, ...", nullable=True),
    # how soon people convert
    "after_seconds": _count("time since they began"),
    "at_risk": _count("people who had not converted before that time, and whom it has been that long for"),
    "converted": _count("people who had gone on by then"),
    "open": _count("people who had not, and still had time for it"),
    "as_of": Column(pl.Date(), "the day at whose end the forecast would have been made"),
    "actual": _count("of the same people, those who converted in the end"),
    "held": Column(pl.Boolean(), "whether actual is within the limits"),
    "converted_share": _number("estimate of those who convert by then; null where nobody was followed so long"),
    # banners compared
    "entries": _count("people of whom the rate is: visitors, or those of them who registered"),
    "rate_lower": _number("Wilson's interval of the rate, 95 %"),
    "rate_upper": _number("its other end"),
    "expected_rate": _number("the rate drawn towards that of all; null where there is nothing to compare"),
    "expected_lower": _number("the own rate is above with a probability of 97.5 %"),
    "expected_upper": _number("and below"),
    "shrinkage": _number("how far it was drawn: 0 not at all, 1 to the rate of all"),
    "probability_best": _number("that no other has a higher rate; these sum to 1"),
    "expected_loss": _number("by how much the best rate is higher, to be expected"),
    "few": Column(pl.Boolean(), "whether it has fewer than 100 entries"),
    "conclusion": _text("which is the best, with what probability, or that none can be called so"),
    "cautions": _text("what the conclusion does not hold; can be empty"),
    # segments
    "segment": _text("visitor, registered, depositor or lapsed"),
    "people": _count("people of the segment; of those who may convert, all who began"),
    "everybody": _count("people of all segments"),
    "share": _rate("people", "everybody"),
    "first_seen": Column(INSTANT, "of the first counted event up to the day"),
    "last_seen": Column(INSTANT, "of the last counted event up to the day"),
    "registration_at": Column(INSTANT, "of the first registration", nullable=True),
    "deposit_at": Column(INSTANT, "of the first deposit", nullable=True),
    "last_deposit_day": Column(pl.Date(), "day of the last deposit that counts", nullable=True),
    "entered_at": Column(INSTANT, "when the first step was taken"),
    "step_at": Column(INSTANT, "when this step was taken; null for those who dropped", nullable=True),
    "visitor_keys": Column(pl.List(pl.String()), "the visitor keys that became the player"),
    # money
    "currency": _text("ISO 4217; null: without an amount that can be read", nullable=True),
    "transactions": _count("all of them, signed and unverified"),
    "amount": _amount("of all of them; of a single deposit, that of the transaction which it stands for"),
    "signed_transactions": _count("those with a signature, or of a trusted writer"),
    "signed_amount": _amount("of those: money"),
    "signed_share": _rate("signed_amount", "amount"),
    "unverified_transactions": _count("those that anybody could have sent"),
    "unverified_amount": _amount("of those"),
    "cost": _amount("of the banners, as imported"),
    "banners": _count("banners that have a cost"),
    "cost_per_registration": _rate("cost", "registrations"),
    "cost_per_ftd": _rate("cost", "ftd"),
    "banners_without_cost": _count("other banners that had a registration or an FTD"),
    # accounting
    "received": _count("records received: the sum of the five columns after it"),
    "counted": _count("those that count"),
    "same_player_again": _count("the player counts already, for this banner"),
    "credited_to_another_banner": _count("the player counts already, for another banner"),
    "same_event_again": _count("another record with the same id is the event"),
    "bots": _count("visits of declared crawlers"),
    "what_if": _count("what would count by the rule"),
    "difference": _count("what_if - count"),
    "reason": _text("why it was refused", nullable=True),
    # runs, and what the warehouse is
    "run_id": _count("of the warehouse, in their order"),
    "started_at": Column(INSTANT, "when it began"),
    "finished_at": Column(INSTANT, "when it had stored all"),
    "complete_until": Column(INSTANT, "before this instant all that was acknowledged was stored when it ended"),
    "records_read": _count("from the logs"),
    "events_stored": _count("new events"),
    "events_counted": _count("of these, those that count"),
    "records_repeated": _count("of events that were there already"),
    "records_rejected": _count("that could not be read as an event"),
    "bots_set_aside": _count("visits of declared crawlers"),
    "figures_changed": Column(pl.Boolean(), "whether a reader could see the difference"),
    "code_version": _text("of Pixels"),
    "warehouse_uuid": _text("names the warehouse"),
    "made_at": Column(INSTANT, "when the warehouse was made"),
    "count_bots": Column(pl.Boolean(), "whether visits of declared crawlers count"),
    "records_lost": _count("that the logs deleted before a pass read them"),
    "archived_files": _count("of the archive"),
    "archived_bytes": _count("of the archive"),
    # single records
    "person": _text("the player, whom a linked visitor key became"),
    "player_id": _text("as it was sent", nullable=True),
    "visitor_key": _text("the linked visitor key of the record", nullable=True),
    "outcome": _text(
        "counted, same_player_again, credited_to_another_banner, same_event_again, same_transaction_again, bot, refused or other"
    ),
    "records": _count("records that the row stands for"),
    "id": _text("of the event", nullable=True),
    "created_at": Column(INSTANT, "when it happened; of a refusal, when it was refused", nullable=True),
    "metadata": _text("JSON text", nullable=True),
    "txid": _text("the sender's id of the transaction", nullable=True),
    "is_verified": Column(pl.Boolean(), "whether the deposit that stands for a transaction is signed", nullable=True),
    "kept_id": _text(f"id {_KEPT}", nullable=True),
    "kept_event_type": _text(f"type {_KEPT}", nullable=True),
    "kept_player_id": _text(f"player {_KEPT}", nullable=True),
    "kept_banner_tag": _text(f"banner {_KEPT}", nullable=True),
    "kept_created_at": Column(INSTANT, f"instant {_KEPT}", nullable=True),
    "refusal": _text("id of the refusal", nullable=True),
    "detail": _text("what was wrong", nullable=True),
}


def rows_schema(columns: tuple[str, ...], optional: tuple[str, ...] = (), *, dimension: bool = False) -> dict[str, Any]:
    """Return the JSON schema of one row. With a `dimension` it may have one column more, named by the question."""
    return {
        "type": "object",
        "properties": {name: COLUMNS[name].schema() for name in (*columns, *optional)},
        "required": list(columns),
        "additionalProperties": {"type": ["string", "null"]} if dimension else False,
    }
