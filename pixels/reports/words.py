"""Names and changes as a report's sentences have them; what all screens share stands in `pixels.words`."""

from __future__ import annotations

from pixels.words import number

ISOLATE, END_ISOLATE = "\u2068", "\u2069"  # Unicode Standard Annex 9: first strong isolate, pop directional isolate


def change(now: int, before: int) -> str:
    """Write by how much a count rose or fell: +8.2 %."""
    if now == before:
        return "no change"
    return f"{(now - before) / before * 100:+.1f} %".replace("-", "\u2212") if before else f"from 0 to {number(now)}"


def quoted(name: str) -> str:
    """Quote a name that strangers chose, set apart so that right-to-left writing in it does not reach the words around."""
    return f"“{ISOLATE}{name}{END_ISOLATE}”"


def listed(names: list[str], limit: int = 3) -> str:
    """Write a and b, or a, b, c and 4 more."""
    rest = len(names) - limit
    parts = names if rest <= 0 else [*names[:limit], f"{number(rest)} more"]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
