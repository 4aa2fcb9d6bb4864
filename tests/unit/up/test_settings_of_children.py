"""What `pixels up` runs reads the settings that `pixels up` has, secrets and lists of keys too."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pixels.config import load_settings
from pixels.processes import settings_environment


def test_a_child_reads_the_same_settings(pixels_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From its environment alone, wherever it runs; also those that are secret or no plain text."""
    given = {
        "SIGNING_KEYS": '{"shop": "a secret \\"with quotes\\" \\u00e4"}',
        "HASH_KEY": "another secret of enough length",
        "API_KEYS": '{"bi": {"secret": "0123456789abcdef", "scope": "figures"}}',
        "API_KEY": "fedcba9876543210",
        "KAFKA_PROPERTIES": '{"sasl.password": "p\'w", "enable.ssl.certificate.verification": false}',
        "RATE_LIMIT": "2.5",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"PIXELS_{name}", value)
    settings = load_settings()

    environment = settings_environment(settings)
    for name in [name for name in os.environ if name.startswith("PIXELS_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert load_settings() == settings.model_copy(update={"home": pixels_home.absolute()})
