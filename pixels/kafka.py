"""How Pixels talks to Kafka: the properties of its clients, ours and those of PIXELS_KAFKA_PROPERTIES, in one place."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pixels.errors import ConfigurationError

if TYPE_CHECKING:
    from pixels.config import Settings

KafkaProperty = str | int | float | bool
"""A value as librdkafka takes it from JSON."""

Client = TypeVar("Client")

_DURABLE = "an event is acknowledged only when all replicas in sync have it, once"
_READER = "the warehouse itself keeps how far it has read, and reads what was committed, up to the end"
_CALLBACK = "it is a function of the program, not a value"
_GUARDED: Mapping[str, str] = {
    "bootstrap.servers": "set PIXELS_KAFKA_BOOTSTRAP_SERVERS",
    "metadata.broker.list": "set PIXELS_KAFKA_BOOTSTRAP_SERVERS",
    "message.timeout.ms": "set PIXELS_KAFKA_ACK_TIMEOUT",
    "delivery.timeout.ms": "set PIXELS_KAFKA_ACK_TIMEOUT",
    **dict.fromkeys(
        ("acks", "request.required.acks", "enable.idempotence", "transactional.id", "delivery.report.only.error"), _DURABLE
    ),
    **dict.fromkeys(
        ("group.id", "group.instance.id", "group.protocol", "enable.auto.commit", "auto.commit.enable",
         "enable.auto.offset.store", "auto.offset.reset", "isolation.level", "enable.partition.eof"), _READER
    ),
    **dict.fromkeys(("on_delivery", "on_commit", "logger"), _CALLBACK),
}  # fmt: skip


def read_kafka_properties(text: str) -> dict[str, KafkaProperty]:
    """Read the JSON object of PIXELS_KAFKA_PROPERTIES; ValueError says what is wrong, and never repeats a value."""
    try:
        properties = json.loads(text, object_pairs_hook=_without_repetition) if text.strip() else {}
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(
            f'this is no JSON object of librdkafka properties such as {{"linger.ms": 5}}: {error.msg} at character {error.pos}'
        ) from None
    return checked_kafka_properties(properties)


def checked_kafka_properties(properties: object) -> dict[str, KafkaProperty]:
    """Return the properties when each may be set; ValueError names one that may not, and says why."""
    if not isinstance(properties, dict):
        raise ValueError('write a JSON object of librdkafka properties such as {"linger.ms": 5}')  # noqa: TRY004
    for name, value in properties.items():
        if reason := _reason_against(name):
            raise ValueError(f"{name} is not to be set here: {reason}")
        if not isinstance(value, str | int | float):
            raise ValueError(f"{name} must be a text, a number, true or false")  # noqa: TRY004
    return properties


def kafka_properties(settings: Settings, own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties for a client: the brokers, `own`, and above both those of PIXELS_KAFKA_PROPERTIES."""
    return {"bootstrap.servers": settings.kafka_bootstrap_servers, **own, **settings.kafka_properties}


def kafka_client(kind: Callable[..., Client], properties: Mapping[str, Any], **options: Any) -> Client:
    """Make a Producer, Consumer or AdminClient; a property that librdkafka does not take is a `ConfigurationError`."""
    from confluent_kafka import KafkaException

    try:
        return kind(dict(properties), **options)
    except (KafkaException, TypeError, ValueError, AttributeError) as error:
        reason = error.args[0].str() if isinstance(error, KafkaException) else str(error)
        raise ConfigurationError(
            f"Kafka's client does not take its properties: {reason}. Mend PIXELS_KAFKA_PROPERTIES; the names and values "
            "are those of librdkafka's CONFIGURATION.md."
        ) from error


def _reason_against(name: str) -> str | None:
    bare = name.removeprefix("topic.")  # librdkafka reads topic.acks as acks
    if bare.startswith("test."):
        return "the broker would be one that librdkafka makes up"
    if bare.endswith("_cb"):
        return _CALLBACK
    return _GUARDED.get(bare)


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    properties = dict(pairs)
    if len(properties) < len(pairs):
        raise ValueError("a property is there twice")
    return properties
