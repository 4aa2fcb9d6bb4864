"""PIXELS_KAFKA_PROPERTIES: whatever librdkafka takes, save what the promises rest on; what is wrong is told plainly."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer

from pixels.config import load_settings
from pixels.errors import ConfigurationError
from pixels.kafka import kafka_client, kafka_properties

MANUAL = Path(__file__).parents[3] / "docs" / "settings.md"

pytestmark = pytest.mark.usefixtures("pixels_home")


def from_environment(monkeypatch: pytest.MonkeyPatch, text: str) -> dict[str, Any]:
    monkeypatch.setenv("PIXELS_KAFKA_PROPERTIES", text)
    monkeypatch.setenv("PIXELS_KAFKA_BOOTSTRAP_SERVERS", "kafka:9092")
    return kafka_properties(load_settings(), {"linger.ms": 2, "acks": "all"})


def test_what_is_set_stands_above_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """TLS and SASL can be set, and a default of ours changed; the rest stays."""
    properties = from_environment(monkeypatch, '{"security.protocol": "sasl_ssl", "linger.ms": 7, "debug": "all"}')

    assert properties == {
        "bootstrap.servers": "kafka:9092",
        "linger.ms": 7,
        "acks": "all",
        "security.protocol": "sasl_ssl",
        "debug": "all",
    }


@pytest.mark.parametrize("text", ["", " ", "{}"])
def test_an_empty_value_sets_nothing(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """As if the variable were not there."""
    assert from_environment(monkeypatch, text) == {"bootstrap.servers": "kafka:9092", "linger.ms": 2, "acks": "all"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"acks": "1"}', "acknowledged only when all replicas"),
        ('{"topic.acks": 1}', "acknowledged only when all replicas"),
        ('{"request.required.acks": 1}', "acknowledged only when all replicas"),
        ('{"enable.idempotence": false}', "acknowledged only when all replicas"),
        ('{"bootstrap.servers": "other:9092"}', "PIXELS_KAFKA_BOOTSTRAP_SERVERS"),
        ('{"message.timeout.ms": 1}', "PIXELS_KAFKA_ACK_TIMEOUT"),
        ('{"group.id": "g"}', "the warehouse itself keeps"),
        ('{"isolation.level": "read_uncommitted"}', "the warehouse itself keeps"),
        ('{"test.mock.num.brokers": 3}', "makes up"),
        ('{"error_cb": "print"}', "a function of the program"),
        ('{"linger.ms": null}', "must be a text, a number"),
        ('{"linger.ms": [5]}', "must be a text, a number"),
        ('{"linger.ms": 5, "linger.ms": 6}', "there twice"),
        ("[1]", "JSON object"),
        ("linger.ms=5", "JSON object"),
    ],
)
def test_what_the_promises_rest_on_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, text: str, why: str
) -> None:
    """The message names the variable, and the property where there is one."""
    with pytest.raises(ConfigurationError, match=f"PIXELS_KAFKA_PROPERTIES: .*{why}"):
        from_environment(monkeypatch, text)


def test_a_password_is_in_no_message_and_in_no_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is right or wrong."""
    monkeypatch.setenv("PIXELS_KAFKA_PROPERTIES", '{"sasl.password": "hunter2"}')
    assert "hunter2" not in repr(load_settings())
    for wrong in ('{"sasl.password": "hunter2"', '{"acks": "hunter2"}', '{"sasl.password": ["hunter2"]}'):
        with pytest.raises(ConfigurationError) as refused:
            from_environment(monkeypatch, wrong)
        assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("kind", [Producer, Consumer])
@pytest.mark.parametrize(
    "wrong", [{"no.such.property": "1"}, {"linger.ms": "soon"}, {"socket.keepalive.enable": "perhaps"}]
)
def test_what_librdkafka_does_not_take_is_an_explained_error(kind: Any, wrong: dict[str, Any]) -> None:
    """An unknown name or a value of the wrong kind ends the start with one message."""
    with pytest.raises(ConfigurationError, match=r"does not take its properties: .*Mend PIXELS_KAFKA_PROPERTIES"):
        kafka_client(kind, {"group.id": "g", "log_level": 0, **wrong})


def test_what_librdkafka_takes_makes_a_client() -> None:
    """Numbers and truth values as JSON has them."""
    assert kafka_client(
        Producer, {"linger.ms": 0.5, "socket.keepalive.enable": True, "batch.size": 1000, "log_level": 0}
    )


@pytest.mark.parametrize(
    ("amount", "size"), [("10GB", 10**10), ("1.5 MB", 1_500_000), ("2GiB", 2**31), ("1TB", 10**12)]
)
def test_the_spool_limit_is_read_as_bytes(monkeypatch: pytest.MonkeyPatch, amount: str, size: int) -> None:
    """With the units that the memory limit has."""
    monkeypatch.setenv("PIXELS_SPOOL_LIMIT", amount)
    assert load_settings().spool_limit_bytes == size


def test_a_spool_limit_without_a_unit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody should have to guess whether 10 is bytes."""
    monkeypatch.setenv("PIXELS_SPOOL_LIMIT", "10")
    with pytest.raises(ConfigurationError, match="PIXELS_SPOOL_LIMIT"):
        load_settings()


def test_the_example_of_the_manual_makes_a_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody will copy it."""
    (example,) = re.findall(r"PIXELS_KAFKA_PROPERTIES='(.*?)'", MANUAL.read_text("utf-8"), re.DOTALL)

    assert kafka_client(Producer, from_environment(monkeypatch, example) | {"log_level": 0})
