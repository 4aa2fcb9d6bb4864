"""Records to frames: events as they are, and what cannot be one, with its reason.

The columns of what `read_events` could read are checked together. The order of `_checks` decides which reason a record with
several faults is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import polars as pl

from aggregator.contract import Contract, contract
from aggregator.messages import MESSAGE_COLUMNS, decode_refusal, read_events
from aggregator.records import Slice

PAYLOAD_BYTES = 8192
FUTURE_TOLERANCE = timedelta(minutes=5)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)

_INSTANT = pl.Datetime("ms", "UTC")
EVENT_COLUMNS = {**MESSAGE_COLUMNS, "created_at": _INSTANT}
REJECTED_COLUMNS = {
    "source": pl.String(),
    "partition": pl.Int32(),
    "offset": pl.Int64(),
    "reason": pl.String(),
    "detail": pl.String(),
    "payload": pl.Binary(),
    "rejected_at": _INSTANT,
    "count": pl.Int64(),
}


class Decoded(NamedTuple):
    """The events (EVENT_COLUMNS) and the rejected records (REJECTED_COLUMNS) of a batch; each record is in one of them."""

    events: pl.DataFrame
    rejected: pl.DataFrame


def decode(slices: Iterable[Slice]) -> Decoded:
    """Turn the records of both streams into events and rejected records."""
    limits = contract()
    decoded = [
        _decode_events(piece, limits) if piece.stream == "events" else _decode_refusals(piece, limits)
        for piece in slices
        if piece.values
    ]
    return Decoded(
        pl.concat([pl.DataFrame(schema=EVENT_COLUMNS), *(d.events for d in decoded)]),
        pl.concat([pl.DataFrame(schema=REJECTED_COLUMNS), *(d.rejected for d in decoded)]),
    )


def _decode_events(piece: Slice, limits: Contract) -> Decoded:
    messages, faults = read_events(piece.values, limits)
    appended_at = pl.Series("appended_at", piece.appended_at_ms, pl.Int64).cast(_INSTANT)
    checked = messages.with_columns(
        created_at=_instant_of(pl.col("created_at"), limits),
        written="created_at",
        appended_at=appended_at.gather(messages["row"]),
    ).with_columns(reason=pl.coalesce(pl.when(fails).then(pl.lit(reason)) for reason, fails in _checks(limits)))
    refused = checked.filter(pl.col("reason").is_not_null()).with_columns(detail=_DETAIL)
    return Decoded(
        checked.filter(pl.col("reason").is_null())
        .with_columns(pl.col("player_id", "banner_tag").str.strip_chars())  # as the collector does
        .select(list(EVENT_COLUMNS)),
        _rejected(piece, [*faults, *refused.select("row", "reason", "detail").rows()]),
    )


_DETAIL = pl.format(
    "event_type {}, player_id {}, banner_tag {}, created_at {}",
    *(pl.col(c).str.slice(0, 100).fill_null("missing") for c in ("event_type", "player_id", "banner_tag", "written")),
)


def _rejected(piece: Slice, faults: Sequence[tuple[int, str, str]]) -> pl.DataFrame:
    """Set these records of the slice aside: row, reason, detail."""
    return _rejected_frame(
        [
            (
                *(piece.source, piece.partition, piece.offsets[row], reason, detail),
                *((piece.values[row] or b"")[:PAYLOAD_BYTES], piece.appended_at_ms[row], 1),
            )
            for row, reason, detail in faults
        ]
    )


def _rejected_frame(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    schema = {**REJECTED_COLUMNS, "rejected_at": pl.Int64()}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(pl.col("rejected_at").cast(_INSTANT))


def _instant_of(written: pl.Expr, limits: Contract) -> pl.Expr:
    """Return the instant that a text names, cut to milliseconds; null when it names none."""
    sound = pl.when(written.str.contains(limits.created_at)).then(written)
    usual = sound.str.to_datetime("%Y-%m-%dT%H:%M:%S.%3fZ", time_unit="ms", strict=False).dt.replace_time_zone("UTC")
    # Any offset and number of digits, at five times the cost: asked only for what the collector would not write.
    other = (
        pl.when(usual.is_null())
        .then(sound.str.replace("Z$", "+00:00"))
        .str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", time_zone="UTC", strict=False)
        .dt.truncate("1ms")
        .cast(_INSTANT)
    )
    return pl.coalesce(usual, other)


def _checks(limits: Contract) -> list[tuple[str, pl.Expr]]:
    """Each reason and the expression that is true where it applies."""
    identity, player, banner = pl.col("id"), pl.col("player_id"), pl.col("banner_tag")
    created_at, appended_at = pl.col("created_at"), pl.col("appended_at")

    def longer(column: str, length: int) -> pl.Expr:
        return pl.col(column).str.len_chars() > length

    def unprintable(name: pl.Expr) -> pl.Expr:
        return ~name.str.contains(limits.printable) & (name != "")

    def placeholder(name: pl.Expr) -> pl.Expr:
        bare = name.str.strip_chars()
        return bare.str.to_lowercase().is_in(limits.placeholders) | bare.str.contains(limits.macro)

    return [
        ("bad_id", (identity == "") | longer("id", limits.id_length) | unprintable(identity)),
        ("unknown_event_type", ~pl.col("event_type").is_in(limits.event_types)),
        ("missing_player_id", player.is_null()),
        ("missing_banner_tag", banner.is_null()),
        ("too_long", longer("player_id", limits.name_length) | longer("banner_tag", limits.name_length)),
        ("too_long", longer("source_ip", limits.source_ip_length) | longer("user_agent", limits.user_agent_length)),
        ("control_characters", unprintable(player) | unprintable(banner) | unprintable(pl.col("user_agent"))),
        ("placeholder_value", placeholder(player) | placeholder(banner)),
        ("bad_created_at", created_at.is_null() | (created_at < EARLIEST)),
        ("future_created_at", created_at > appended_at + FUTURE_TOLERANCE),
    ]


def _decode_refusals(piece: Slice, limits: Contract) -> Decoded:
    rows: list[tuple[object, ...]] = []
    for offset, appended_at, value in zip(piece.offsets, piece.appended_at_ms, piece.values, strict=True):
        try:
            r = decode_refusal(value or b"")
            if r.reason not in limits.reasons:
                raise ValueError(f"{r.reason[:64]!r} is no reason for a refusal")
            if r.count > limits.refusals_at_once:
                raise ValueError(f"count {r.count} is more than {limits.refusals_at_once}")
            received_at = _believable(r.received_at, appended_at)
            payload = r.payload.encode("latin-1", "replace")[:PAYLOAD_BYTES]
            rows.append(
                (piece.source, piece.partition, offset, r.reason, r.detail[:512], payload, received_at, r.count)
            )
        except (ValueError, RecursionError) as error:
            detail, payload = str(error)[:512], (value or b"")[:PAYLOAD_BYTES]
            rows.append((piece.source, piece.partition, offset, "bad_refusal", detail, payload, appended_at, 1))
    return Decoded(pl.DataFrame(schema=EVENT_COLUMNS), _rejected_frame(rows))


def _believable(received_at: datetime, appended_at_ms: int) -> int:
    """Return when a refusal was received, Unix milliseconds: as it says, within the bounds of an event; else when it was appended."""
    milliseconds = int(received_at.timestamp() * 1000)
    latest = appended_at_ms + FUTURE_TOLERANCE // timedelta(milliseconds=1)
    return milliseconds if received_at >= EARLIEST and milliseconds <= latest else appended_at_ms
