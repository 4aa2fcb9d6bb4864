"""UUIDs that sort by time (RFC 9562, section 5.7)."""

from __future__ import annotations

RANDOM_BYTES = 10
_TIME_LIMIT = 1 << 48
VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
"""The hex digit that says how a UUID is laid out, by the digit that stood in its place; two bits of that remain."""


def uuid7(milliseconds: int, random: bytes) -> str:
    """Return the version 7 UUID of an instant in lower-case text.

    In:  Unix milliseconds, 0 <= milliseconds < 2**48; 10 random bytes, of which 74 bits are used.
    Raises `ValueError` when either is outside these bounds.
    """
    if not 0 <= milliseconds < _TIME_LIMIT or len(random) != RANDOM_BYTES:
        raise ValueError("a version 7 UUID takes 48 bits of milliseconds and 10 random bytes")
    time, digits = f"{milliseconds:012x}", random.hex()
    variant = VARIANT[digits[4]]  # two bits; the version takes the place of the first digit
    return f"{time[:8]}-{time[8:]}-7{digits[1:4]}-{variant}{digits[5:8]}-{digits[8:]}"
