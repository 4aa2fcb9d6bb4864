"""Keys come from the settings, and no secret ever leaves them by a message."""

from __future__ import annotations

import json
import traceback
from pathlib import Path

import pytest

from pixels.config import Settings, load_settings
from pixels.errors import ConfigurationError

SECRET = "correct horse battery staple"


def test_keys_are_a_json_object(pixels_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the environment, several at once."""
    monkeypatch.setenv("PIXELS_SIGNING_KEYS", json.dumps({"shop": SECRET, "shop-2026.11": "ü" * 16}))

    keys = load_settings().signing_keys

    assert {key_id: secret.get_secret_value() for key_id, secret in keys.items()} == {
        "shop": SECRET,
        "shop-2026.11": "ü" * 16,
    }


def test_keys_are_read_from_the_file_as_well(pixels_home: Path) -> None:
    """The line in .env needs no more quotes than JSON has."""
    Path(".env").write_text(f'PIXELS_SIGNING_KEYS={{"shop": "{SECRET}"}}\n', "utf-8")

    assert load_settings().signing_keys["shop"].get_secret_value() == SECRET


@pytest.mark.parametrize("text", ["", "{}"])
def test_there_may_be_no_keys(pixels_home: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """An empty variable is as good as none."""
    monkeypatch.setenv("PIXELS_SIGNING_KEYS", text)

    assert load_settings().signing_keys == {}


def test_a_secret_is_in_no_text_of_the_settings(pixels_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody will log them."""
    monkeypatch.setenv("PIXELS_SIGNING_KEYS", json.dumps({"shop": SECRET}))

    settings = load_settings()

    assert SECRET not in repr(settings) + str(settings) + settings.model_dump_json()


@pytest.mark.parametrize(
    "text",
    [SECRET, json.dumps(SECRET), json.dumps([SECRET]), json.dumps([["shop", SECRET]]), f'{{"shop": "{SECRET}"', f"{{'shop': '{SECRET}'}}",
     json.dumps({SECRET: "shop"}), json.dumps({"shop": [SECRET]}), json.dumps({"shop": {"is": SECRET}}), json.dumps({"shop": 12345678901234567890}),
     json.dumps({"shop": SECRET[:15]}), json.dumps({"shop": SECRET + "\n"}), json.dumps({"shop": SECRET + "\ud800"}), json.dumps({"": SECRET}),
     json.dumps({"a,b": SECRET}), json.dumps({"x" * 65: SECRET}), f'{{"shop": "{SECRET}", "shop": "{SECRET}2"}}', '{"a":' * 9000, "[" * 9000],
)  # fmt: skip
def test_what_cannot_be_a_key_is_told_without_a_word_of_it(
    pixels_home: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """Not even when id and secret are swapped, nor in the chain of exceptions that a crash report would show."""
    monkeypatch.setenv("PIXELS_SIGNING_KEYS", text)

    with pytest.raises(ConfigurationError, match="PIXELS_SIGNING_KEYS") as refused:
        load_settings()

    assert SECRET[:15] not in "".join(traceback.format_exception(refused.value))
    with pytest.raises(ValueError, match="signing_keys") as invalid:
        Settings()
    assert SECRET[:15] not in "".join(traceback.format_exception(invalid.value))


@pytest.mark.parametrize("rule", ["", "Require", "on", "true"])
def test_a_rule_is_one_of_three_words(pixels_home: Path, monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    """A typo must not mean that anybody's deposits are taken."""
    monkeypatch.setenv("PIXELS_SIGNATURE_DEPOSIT", rule)

    with pytest.raises(ConfigurationError, match="'off', 'accept' or 'require'"):
        load_settings()
