"""The bytes of a message, read as schema/event.schema.json and schema/refusal.schema.json say: fields of the right type, or a fault.

What the fields may say is not asked here, save of metadata, which becomes text. Messages as the collector writes them are
read together, by one regular expression. It knows less than JSON; what it does not know is read one by one, so that a bad
message costs its neighbours nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, NamedTuple

import msgspec
import polars as pl

from aggregator.contract import Contract

MESSAGE_COLUMNS = {
    "id": pl.String(),
    "player_id": pl.String(),
    "event_type": pl.String(),
    "banner_tag": pl.String(),
    "metadata": pl.String(),
    "source_ip": pl.String(),
    "user_agent": pl.String(),
    "created_at": pl.String(),
}
_ROW = {"row": pl.UInt32()}


class EventMessage(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A message on the topic of events, as it is written."""

    id: str
    event_type: str
    created_at: str
    player_id: str | None = None
    banner_tag: str | None = None
    metadata: dict[str, str] = {}
    source_ip: str | None = None
    user_agent: str | None = None


class RefusalMessage(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A message on the topic of refusals, as it is written."""

    reason: str
    received_at: Annotated[datetime, msgspec.Meta(tz=True)]
    payload: str
    detail: str = ""
    count: Annotated[int, msgspec.Meta(ge=1)] = 1
    source_ip: str | None = None
    user_agent: str | None = None


class Fault(NamedTuple):
    """Which record cannot be an event, for which reason, and what a person should know."""

    row: int
    reason: str
    detail: str


class Messages(NamedTuple):
    """What a slice's records say."""

    events: pl.DataFrame
    """`row`, the record's place in the slice, and MESSAGE_COLUMNS. Metadata is JSON with sorted keys."""
    faults: list[Fault]
    """The other records."""


decode_refusal = msgspec.json.Decoder(RefusalMessage).decode
_decode_event = msgspec.json.Decoder(EventMessage).decode
_encode_sorted = msgspec.json.Encoder(order="deterministic").encode


def read_events(values: Sequence[bytes | None], limits: Contract) -> Messages:
    """Read each message as an event; every record is in one of the two parts of the result."""
    usual = read_usual(values, limits)
    if usual.height == len(values):
        return Messages(usual, [])
    left = (
        pl.int_range(len(values), dtype=_ROW["row"], eager=True)
        .alias("row")
        .to_frame()
        .join(usual, on="row", how="anti")
    )
    others = read_singly(left["row"], values, limits)
    return Messages(pl.concat([usual, others.events]).sort("row"), others.faults)


_TEXT = r'"([^"\\\x00-\x1f]*)"'
_TEXT_OR_NULL = rf"(?:null|{_TEXT})"
_KEY, _VALUE = r'"[A-Za-z0-9_.-]+"', r'"[^"\\\x00-\x1f\x7f]*"'
_METADATA = rf"(\{{(?:{_KEY}:{_VALUE}(?:,{_KEY}:{_VALUE})*)?\}})"
_USUAL = (
    rf'^\{{"id":{_TEXT},"event_type":{_TEXT},"player_id":{_TEXT},"banner_tag":{_TEXT},"metadata":{_METADATA},'
    rf'"source_ip":{_TEXT_OR_NULL},"user_agent":{_TEXT_OR_NULL},"created_at":{_TEXT}\}}$'
)
"""A message with the collector's fields in the collector's order, and no escape in any text."""

_USUAL_FIELDS = ("id", "event_type", "player_id", "banner_tag", "metadata", "source_ip", "user_agent", "created_at")
_GIVEN_VALUE = r':"[^"]*"'


def read_usual(values: Sequence[bytes | None], limits: Contract) -> pl.DataFrame:
    """Read those messages that `_USUAL` knows and whose metadata is sound and sorted; `row` and MESSAGE_COLUMNS."""
    texts = _texts(values).to_frame("message").with_row_index("row")
    found = (
        texts.filter(pl.col("message").str.len_bytes() <= limits.message_bytes)
        .select("row", pl.col("message").str.extract_groups(_USUAL).struct.rename_fields(_USUAL_FIELDS))
        .unnest("message")
        .filter(pl.col("metadata").str.len_bytes() <= limits.metadata_value_length)  # so no value is longer either
        .with_columns(keys=pl.col("metadata").str.replace_all(_GIVEN_VALUE, ""))
    )
    sorted_keys = [keys for keys in found["keys"].unique() if _are_sorted_and_sound(keys, limits)]
    return found.filter(pl.col("keys").is_in(sorted_keys)).select(*_ROW, *MESSAGE_COLUMNS)


def _texts(values: Sequence[bytes | None]) -> pl.Series:
    """Return the messages as text; null where one is not UTF-8."""
    try:
        return pl.Series(values, dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.ComputeError:  # one of them, and Polars does not say which
        return pl.Series([_text(value) for value in values], dtype=pl.String)


def _text(value: bytes | None) -> str | None:
    try:
        return value.decode() if value else None
    except UnicodeDecodeError:
        return None


def _are_sorted_and_sound(written: str, limits: Contract) -> bool:
    """Whether the keys, written as `{"b","s"}`, are in order, none of them twice, and not too many or too long."""
    keys = re.findall('"([^"]*)"', written)
    return (
        len(keys) <= limits.metadata_keys
        and keys == sorted(set(keys))
        and all(len(key) <= limits.metadata_key_length and re.fullmatch(limits.metadata_key, key) for key in keys)
    )


def read_singly(rows: Iterable[int], values: Sequence[bytes | None], limits: Contract) -> Messages:
    """Read the messages of these rows as JSON, one by one."""
    read: list[tuple[object, ...]] = []
    faults: list[Fault] = []
    for row in rows:
        value = values[row]
        try:
            if not value or len(value) > limits.message_bytes:
                raise _Unusable("too_large", f"{len(value or b'')} bytes; at most {limits.message_bytes}")
            e = _decode_event(value)
            metadata = _metadata_text(e.metadata, limits)
        # msgspec's errors and UnicodeDecodeError are ValueErrors.
        except (ValueError, RecursionError, _Unusable) as error:
            faults.append(_fault(row, value, error))
            continue
        read.append(
            (row, e.id, e.player_id, e.event_type, e.banner_tag, metadata, e.source_ip, e.user_agent, e.created_at)
        )
    return Messages(pl.DataFrame(read, schema={**_ROW, **MESSAGE_COLUMNS}, orient="row"), faults)


class _Unusable(Exception):
    """A record that cannot be an event: its reason and what a person should know."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def _metadata_text(metadata: dict[str, str], limits: Contract) -> str:
    """Return it as JSON with sorted keys; raises _Unusable when it breaks the contract."""
    if len(metadata) > limits.metadata_keys:
        raise _Unusable("too_many_parameters", f"{len(metadata)} metadata keys; at most {limits.metadata_keys}")
    for key, value in metadata.items():
        if not key or len(key) > limits.metadata_key_length or len(value) > limits.metadata_value_length:
            raise _Unusable("too_long", f"metadata key {key[:64]!r} is empty, or it or its value is too long")
        if not re.fullmatch(limits.metadata_key, key) or not re.fullmatch(limits.metadata_value, value):
            raise _Unusable("control_characters", f"metadata key {key!r}")
    return _encode_sorted(metadata).decode()


def _fault(row: int, value: bytes | None, error: Exception) -> Fault:
    if not value or not value.strip():
        return Fault(row, "empty_record", "the record has no value")
    match error:
        case _Unusable():
            reason = error.reason
        case UnicodeDecodeError():
            reason = "not_utf8"
        case msgspec.ValidationError():
            reason = "wrong_type"
        case _:
            reason = "not_json"
    return Fault(row, reason, str(error)[:512])
