"""How numbers are written where a reader lives: 12,345.6 or 12.345,6, by the data of Unicode (CLDR)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.numbers import format_decimal, get_decimal_symbol

_LONGEST = 300
_NUMBER = re.compile(r"[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?")
_WISH = re.compile(r"([A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*)(?:;q=([01](?:\.[0-9]{1,3})?))?")


@dataclass(frozen=True)
class Numbers:
    """A way to write numbers; digits are 0 to 9 in all of them."""

    language: str = "en"
    """As browsers name it: en, de, de-CH."""

    def written(self, english: str) -> str:
        """Return a text with its numbers, which are written as in 12,345.6, in this way. No digit changes."""
        if self.language == "en":
            return english
        return _NUMBER.sub(lambda found: _written(found[0], self.language), english)


ENGLISH = Numbers()


@lru_cache(maxsize=256)
def numbers_for(accept_language: str) -> Numbers:
    """Return the way of whoever sends `Accept-Language: de-CH,de;q=0.9,en;q=0.5`; English where none is known."""
    for tag in _wished(accept_language[:_LONGEST]):
        for name in (tag, tag.partition("-")[0]):
            try:
                locale = Locale.parse(name, sep="-")
            except (UnknownLocaleError, ValueError):
                continue
            known = "-".join(part for part in (locale.language, locale.script, locale.territory) if part)
            return ENGLISH if known in ("en", "en-US", "en-GB") else Numbers(known)
    return ENGLISH


def _wished(header: str) -> Iterator[str]:
    """Yield the languages, the most wanted first, without those that are not wanted."""
    found = [_WISH.fullmatch(part.replace(" ", "")) for part in header.split(",")]
    weighed = [(float(match[2] or 1), match[1]) for match in found if match]
    yield from (tag for weight, tag in sorted(weighed, key=lambda one: -one[0]) if weight > 0)


@lru_cache(maxsize=4096)
def _written(english: str, language: str) -> str:
    locale = _locale(language)
    whole, _, fraction = english.replace(",", "").partition(".")
    grouped = format_decimal(int(whole), locale=locale)
    return f"{grouped}{get_decimal_symbol(locale)}{fraction}" if fraction else grouped


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    return Locale.parse(language, sep="-")
