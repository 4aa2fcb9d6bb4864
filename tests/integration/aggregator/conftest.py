"""What the tests of the aggregator share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kafka_broker import KafkaBroker


@pytest.fixture
def topic(kafka: KafkaBroker, pixels_home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A fresh topic that the settings name."""
    name = kafka.new_topic()
    monkeypatch.setenv("PIXELS_KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrap_servers)
    monkeypatch.setenv("PIXELS_KAFKA_TOPIC", name)
    return name
