"""The limits of an event and the reasons of a refusal, as `schema/*.schema.json` states them: the collector holds to the same files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache

from pixels.resources import resource_path


@dataclass(frozen=True)
class Contract:
    """What an event or a refusal may hold. Lengths are in characters, `message_bytes` in bytes."""

    event_types: tuple[str, ...]
    id_length: int
    name_length: int
    printable: str
    placeholders: tuple[str, ...]
    macro: str
    source_ip_length: int
    user_agent_length: int
    metadata_keys: int
    metadata_key_length: int
    metadata_key: str
    metadata_value_length: int
    metadata_value: str
    created_at: str
    amount: str
    currencies: tuple[str, ...]
    txid: str
    txid_length: int
    message_bytes: int
    reasons: frozenset[str]
    refusals_at_once: int


@cache
def contract() -> Contract:
    """Read the contract once."""
    schema, refusal = (
        json.loads((resource_path("schema") / f"{name}.schema.json").read_text("utf-8"))
        for name in ("event", "refusal")
    )
    fields, shared = schema["properties"], schema["$defs"]
    key, value = fields["metadata"]["propertyNames"], fields["metadata"]["additionalProperties"]
    return Contract(
        event_types=tuple(fields["event_type"]["enum"]),
        id_length=fields["id"]["maxLength"],
        name_length=shared["name"]["maxLength"],
        printable=shared["name"]["pattern"],
        placeholders=tuple(shared["placeholder"]["enum"]),
        macro=shared["macro"]["pattern"],
        source_ip_length=fields["source_ip"]["maxLength"],
        user_agent_length=fields["user_agent"]["maxLength"],
        metadata_keys=fields["metadata"]["maxProperties"],
        metadata_key_length=key["maxLength"],
        metadata_key=key["pattern"],
        metadata_value_length=value["maxLength"],
        metadata_value=value["pattern"],
        created_at=fields["created_at"]["pattern"],
        amount=shared["amount"]["pattern"],
        currencies=tuple(shared["currency"]["enum"]),
        txid=shared["txid"]["pattern"],
        txid_length=shared["txid"]["maxLength"],
        message_bytes=shared["message"]["maxLength"],
        reasons=frozenset(refusal["$defs"]["reason"]["enum"]),
        refusals_at_once=refusal["properties"]["count"]["maximum"],
    )
