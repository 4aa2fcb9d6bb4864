"""Records to frames: events as they are, and what cannot be one, with its reason.

A message is decoded by itself, so that one bad message never costs its neighbours; the columns are then checked
together. The order of `_checks` decides which reason a record with several faults is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, NamedTuple

import msgspec
import polars as pl

from aggregator.contract import Contract, contract
from aggregator.records import Slice

PAYLOAD_BYTES = 8192
FUTURE_TOLERANCE = pl.duration(minutes=5)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)

_INSTANT = pl.Datetime("ms", "UTC")
EVENT_COLUMNS = {
    "id": pl.String(),
    "player_id": pl.String(),
    "event_type": pl.String(),
    "banner_tag": pl.String(),
    "metadata": pl.String(),
    "source_ip": pl.String(),
    "user_agent": pl.String(),
    "created_at": _INSTANT,
}
_POSITION_COLUMNS = {
    "source": pl.String(),
    "partition": pl.Int32(),
    "offset": pl.Int64(),
    "appended_at": _INSTANT,
    "payload": pl.Binary(),
}
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


class _EventMessage(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    id: str
    event_type: str
    created_at: str
    player_id: str | None = None
    banner_tag: str | None = None
    metadata: dict[str, str] = {}
    source_ip: str | None = None
    user_agent: str | None = None


class _RefusalMessage(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    reason: str
    received_at: Annotated[datetime, msgspec.Meta(tz=True)]
    payload: str
    detail: str = ""
    count: Annotated[int, msgspec.Meta(ge=1)] = 1
    source_ip: str | None = None
    user_agent: str | None = None


_decode_event = msgspec.json.Decoder(_EventMessage).decode
_decode_refusal = msgspec.json.Decoder(_RefusalMessage).decode
_encode_sorted = msgspec.json.Encoder(order="deterministic").encode


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
    rows: list[tuple[object, ...]] = []
    bad: list[tuple[object, ...]] = []
    for offset, appended_at, value in zip(piece.offsets, piece.appended_at_ms, piece.values, strict=True):
        try:
            if not value or not value.strip():
                raise _Unusable("empty_record", "the record has no value")
            if len(value) > limits.message_bytes:
                raise _Unusable("too_large", f"{len(value)} bytes; at most {limits.message_bytes}")
            e = _decode_event(value)
            metadata = _encode_sorted(e.metadata).decode() if e.metadata else "{}"
            if fault := _metadata_fault(e.metadata, metadata, limits):
                raise fault
        except (
            ValueError,
            RecursionError,
            _Unusable,
        ) as error:  # msgspec's errors and UnicodeDecodeError are ValueErrors
            bad.append(_rejection(piece, offset, appended_at, value, error))
            continue
        rows.append(
            (e.id, e.player_id, e.event_type, e.banner_tag, metadata, e.source_ip, e.user_agent, e.created_at)
            + (piece.source, piece.partition, offset, appended_at, value)
        )
    schema = {**EVENT_COLUMNS, "created_at": pl.String(), **_POSITION_COLUMNS, "appended_at": pl.Int64()}
    checked = _check(pl.DataFrame(rows, schema=schema, orient="row"), limits)
    refused = checked.filter(pl.col("reason").is_not_null())
    return Decoded(
        checked.filter(pl.col("reason").is_null())
        .with_columns(pl.col("player_id", "banner_tag").str.strip_chars())  # as the collector does
        .select(list(EVENT_COLUMNS)),
        pl.concat([_rejected_frame(bad), refused.select(list(REJECTED_COLUMNS))]),
    )


class _Unusable(Exception):
    """A record that cannot be an event: its reason and what a person should know."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def _rejection(
    piece: Slice, offset: int, appended_at: int, value: bytes | None, error: Exception
) -> tuple[object, ...]:
    match error:
        case _Unusable():
            reason = error.reason
        case UnicodeDecodeError():
            reason = "not_utf8"
        case msgspec.ValidationError():
            reason = "wrong_type"
        case _:
            reason = "not_json"
    payload = (value or b"")[:PAYLOAD_BYTES]
    return (piece.source, piece.partition, offset, reason, str(error)[:512], payload, appended_at, 1)


def _rejected_frame(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    schema = {**REJECTED_COLUMNS, "rejected_at": pl.Int64()}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(_instant("rejected_at"))


def _instant(column: str) -> pl.Expr:
    return pl.col(column).cast(_INSTANT)


_HARMLESS_METADATA = re.compile(r'\{(?:"[\w.\- ]{1,64}":"[\w.\-:/+=%@, ]*",?){0,8}\}', re.ASCII)


def _metadata_fault(metadata: dict[str, str], text: str, limits: Contract) -> _Unusable | None:
    if len(text) < limits.metadata_value_length and _HARMLESS_METADATA.fullmatch(text):
        return None
    if len(metadata) > limits.metadata_keys:
        return _Unusable("too_many_parameters", f"{len(metadata)} metadata keys; at most {limits.metadata_keys}")
    for key, value in metadata.items():
        if not key or len(key) > limits.metadata_key_length or len(value) > limits.metadata_value_length:
            return _Unusable("too_long", f"metadata key {key[:64]!r} is empty, or it or its value is too long")
        if not re.fullmatch(limits.metadata_key, key) or not re.fullmatch(limits.metadata_value, value):
            return _Unusable("control_characters", f"metadata key {key!r}")
    return None


def _check(rows: pl.DataFrame, limits: Contract) -> pl.DataFrame:
    """Parse the instants and add `reason`, null for a sound event, with `detail`, `rejected_at` and `count`."""
    written = pl.col("created_at")
    parsed = (
        pl.when(written.str.contains(limits.created_at))
        .then(written.str.replace("Z$", "+00:00"))
        .str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", time_zone="UTC", strict=False)
        .dt.truncate("1ms")
        .cast(_INSTANT)
    )
    return rows.with_columns(
        created_at=parsed,
        appended_at=_instant("appended_at"),
        written=written,
        payload=pl.col("payload").bin.slice(0, PAYLOAD_BYTES),
    ).with_columns(
        reason=pl.coalesce(pl.when(fails).then(pl.lit(reason)) for reason, fails in _checks(limits)),
        detail=pl.format(
            "event_type {}, player_id {}, banner_tag {}, created_at {}",
            *(
                pl.col(c).str.slice(0, 100).fill_null("missing")
                for c in ("event_type", "player_id", "banner_tag", "written")
            ),
        ),
        rejected_at="appended_at",
        count=pl.lit(1, pl.Int64),
    )


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
            r = _decode_refusal(value or b"")
            if r.reason not in limits.reasons:
                raise ValueError(f"{r.reason[:64]!r} is no reason for a refusal")
            if r.count > limits.refusals_at_once:
                raise ValueError(f"count {r.count} is more than {limits.refusals_at_once}")
            received_at = int(r.received_at.timestamp() * 1000)
            payload = r.payload.encode("latin-1", "replace")[:PAYLOAD_BYTES]
            rows.append(
                (piece.source, piece.partition, offset, r.reason, r.detail[:512], payload, received_at, r.count)
            )
        except (ValueError, RecursionError) as error:
            detail, payload = str(error)[:512], (value or b"")[:PAYLOAD_BYTES]
            rows.append((piece.source, piece.partition, offset, "bad_refusal", detail, payload, appended_at, 1))
    return Decoded(pl.DataFrame(schema=EVENT_COLUMNS), _rejected_frame(rows))
