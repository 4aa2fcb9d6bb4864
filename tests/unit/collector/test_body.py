"""A body is unpacked within its limit, whatever is packed."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.body import gunzipped
from collector.contract import InvalidEvent

LIMIT = 10_000


def reason(packed: bytes) -> str:
    with pytest.raises(InvalidEvent) as refused:
        gunzipped(packed, LIMIT)
    return refused.value.reason


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=5))
def test_one_gzip_or_several_are_unpacked(parts: list[bytes]) -> None:
    """RFC 1952 lets a file be several members, one after the other."""
    assert gunzipped(b"".join(gzip.compress(part) for part in parts), LIMIT) == b"".join(parts)


def test_the_limit_itself_is_taken_and_one_more_is_refused() -> None:
    """It counts unpacked bytes."""
    assert gunzipped(gzip.compress(b"x" * LIMIT), LIMIT) == b"x" * LIMIT
    assert reason(gzip.compress(b"x" * (LIMIT + 1))) == "too_long"
    assert reason(gzip.compress(b"x" * LIMIT) + gzip.compress(b"x")) == "too_long"


def test_a_bomb_is_not_unpacked() -> None:
    """A gigabyte of zeros packed into a megabyte stops at the limit, many tiny members as well."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    zeros = bytes(1_000_000)
    bomb = b"".join([packer.compress(zeros) for _ in range(100)]) + packer.flush()

    assert reason(bomb) == "too_long"
    assert reason(gzip.compress(b"") * 50_000) == "bad_body"


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"{}",
        zlib.compress(b"{}"),
        gzip.compress(b"{}", mtime=0)[:-1],
        gzip.compress(b"{}", mtime=0) + b"\0",
        b"\x1f\x8b" + bytes(20),
    ],
)
def test_what_is_not_gzip_is_refused(packed: bytes) -> None:
    """Cut off, another format, or followed by something else."""
    assert reason(packed) == "bad_body"
