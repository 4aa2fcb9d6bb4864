"""The limits of an event, read from `schema/event.schema.json`, so that they stand in one place."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from pixels.resources import resource_path


@dataclass(frozen=True, slots=True)
class Contract:
    """What a field may hold. Lengths count characters; a pattern must match the whole value (`fullmatch`)."""

    name_length: int
    name: re.Pattern[str]
    metadata_keys: int
    key_length: int
    key: re.Pattern[str]
    value_length: int
    value: re.Pattern[str]
    user_agent_length: int
    placeholders: frozenset[str]
    macro: re.Pattern[str]
    payload_length: int
    detail_length: int


def read_contract() -> Contract:
    """Read the contract from the schema files that travel with the code."""
    folder = resource_path("schema")
    event = json.loads((folder / "event.schema.json").read_text("utf-8"))
    refusal = json.loads((folder / "refusal.schema.json").read_text("utf-8"))
    fields, shared = event["properties"], event["$defs"]
    metadata = fields["metadata"]
    return Contract(
        name_length=shared["name"]["maxLength"],
        name=re.compile(shared["name"]["pattern"]),
        metadata_keys=metadata["maxProperties"],
        key_length=metadata["propertyNames"]["maxLength"],
        key=re.compile(metadata["propertyNames"]["pattern"]),
        value_length=metadata["additionalProperties"]["maxLength"],
        value=re.compile(metadata["additionalProperties"]["pattern"]),
        user_agent_length=fields["user_agent"]["maxLength"],
        placeholders=frozenset(shared["placeholder"]["enum"]),
        macro=re.compile(shared["macro"]["pattern"]),
        payload_length=refusal["properties"]["payload"]["maxLength"],
        detail_length=refusal["properties"]["detail"]["maxLength"],
    )
