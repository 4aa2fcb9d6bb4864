"""What a spreadsheet would take for a formula, and the apostrophe before it, put there and taken off again."""

from __future__ import annotations

import re

BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # the last four: full width

_FORMULA = re.compile(f"'*[{re.escape(''.join(BEGINNINGS))}]")


def guarded(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: with an apostrophe before what begins like one.

    It gets one more if it has some already, so that `unguarded` gives back every text.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """Return the text that `guarded` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
