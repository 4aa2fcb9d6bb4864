"""Numbers as readers of other languages write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixels.numbers import ENGLISH, numbers_for

LANGUAGES = ("de", "fr", "de-CH", "pl", "en-IN", "ar-EG", "fa", "hi", "pt-BR", "sv")


@pytest.mark.parametrize(
    ("wished", "written"),
    [
        ("de-DE,de;q=0.9,en;q=0.8", "1.234.567,50 %"),
        ("fr", "1\u202f234\u202f567,50 %"),
        ("de-CH", "1\u2019234\u2019567.50 %"),
        ("en-IN", "12,34,567.50 %"),
        ("en;q=0.2, pl;q=0.8", "1\u00a0234\u00a0567,50 %"),
        ("xx-XX, de-XX", "1.234.567,50 %"),
        ("ar-EG", "1,234,567.50 %"),
        ("en-US,en;q=0.9", "1,234,567.50 %"),
        ("de;q=0", "1,234,567.50 %"),
        ("*", "1,234,567.50 %"),
        ("", "1,234,567.50 %"),
        (";;q=,=" * 99, "1,234,567.50 %"),
    ],
)
def test_the_most_wanted_language_that_is_known_decides(wished: str, written: str) -> None:
    """As CLDR groups and divides; English where none is known, and for what no browser sends."""
    assert numbers_for(wished).written("1,234,567.50 %") == written


@given(header=st.text(max_size=400))
def test_any_header_gives_a_way(header: str) -> None:
    """Strangers send it."""
    assert numbers_for(header).written("7") == "7"


@given(language=st.sampled_from(LANGUAGES), value=st.integers(0, 10**15), fractions=st.integers(0, 3))
def test_no_digit_changes(language: str, value: int, fractions: int) -> None:
    """Whoever reads another language reads the same figure: signs, words and digits stay."""
    english = f"-{value:,}{'.' if fractions else ''}{'0' * fractions} points"

    written = numbers_for(language).written(english)

    assert [one for one in written if one.isdigit()] == [one for one in english if one.isdigit()]
    assert written.startswith("-")
    assert written.endswith(" points")


def test_names_of_days_and_words_stay() -> None:
    """Only numbers are written anew."""
    assert numbers_for("de").written("no change") == "no change"
    assert ENGLISH.written("1,234") == "1,234"
