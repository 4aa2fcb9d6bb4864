"""UUIDs that sort by time (RFC 9562, section 5.7)."""

from __future__ import annotations

RANDOM_BYTES = 10
_TIME_LIMIT = 1 << 48


def uuid7(milliseconds: int, random: bytes) -> str:
    """Return the version 7 UUID of an instant in lower-case text.

    In:  Unix milliseconds, 0 <= milliseconds < 2**48; 10 random bytes, of which 74 bits are used.
    Raises `ValueError` when either is outside these bounds.
    """
    if not 0 <= milliseconds < _TIME_LIMIT or len(random) != RANDOM_BYTES:
        raise ValueError("a version 7 UUID takes 48 bits of milliseconds and 10 random bytes")
    high = 0x7000 | int.from_bytes(random[:2]) & 0x0FFF  # version, rand_a
    low = 1 << 63 | int.from_bytes(random[2:]) & 0x3FFF_FFFF_FFFF_FFFF  # variant, rand_b
    digits = f"{milliseconds:012x}{high:04x}{low:016x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
