"""Passwords as they are kept."""

from __future__ import annotations

import pytest

from pixels.passwords import NOBODYS, is_kept, kept, matches


def test_a_password_is_the_one_that_is_kept_and_no_other() -> None:
    """Blanks and letters of any script belong to it."""
    text = kept(" höher 密 ")

    assert is_kept(text)
    assert matches(" höher 密 ", text)
    assert not matches("höher 密", text)
    assert "höher" not in text


def test_the_same_password_is_kept_in_other_words_each_time() -> None:
    """Each has its own salt; the key is that of scrypt with N = 32768, r = 8, p = 3."""
    assert kept("secret") != kept("secret")
    assert kept("secret", bytes(16)) == kept("secret", bytes(16))


@pytest.mark.parametrize("text", ["", "secret", "scrypt:00:00", NOBODYS.upper(), NOBODYS + "0"])
def test_what_is_no_kept_password_matches_nothing(text: str) -> None:
    """It is refused when the settings are read."""
    assert not is_kept(text)
    assert not matches("secret", text)


def test_a_name_that_nobody_has_has_no_password() -> None:
    """What it is compared with is the form alone."""
    assert is_kept(NOBODYS)
    assert not matches("", NOBODYS)
