"""Folders named after what strangers sent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pixels.reports.for_each import folder_name


@given(value=st.text(min_size=1))
@example(value="../../etc/passwd")
@example(value="..")
@example(value="/")
@example(value="CON")
@example(value="a\x00b")
@example(value="\udc80")
@example(value="x" * 10_000)
def test_a_folder_is_a_plain_name_within_its_folder(value: str) -> None:
    """Nothing leads out of it, nothing is hidden, and every file system takes it."""
    name = folder_name(value)

    assert re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,50}[a-z0-9])?", name)
    assert (Path("out") / name).resolve().parent == Path("out").resolve()


@given(one=st.text(), other=st.text())
@example(one="brandA", other="branda")
@example(one="a b", other="a-b")
def test_two_values_never_share_a_folder(one: str, other: str) -> None:
    """Names that look alike are told apart by their hash, also where case does not count."""
    assert (folder_name(one) == folder_name(other)) == (one == other)


@pytest.mark.parametrize(("value", "begins"), [("brandA", "branda-"), ("a_x b_y", "a-x-b-y-"), ("Ünïcode", "n-code-")])
def test_a_folder_says_whose_it_is(value: str, begins: str) -> None:
    """As far as letters and digits tell."""
    assert folder_name(value).startswith(begins)
