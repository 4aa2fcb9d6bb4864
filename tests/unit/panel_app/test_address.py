"""The address of a page says all that was chosen on it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panel_app.address import COMPARISONS, Address, read_address
from panel_app.periods import LABELS

DIMENSIONS = ("banner_tag", "affiliate", "site")
OPTIONS = {"metric": ("ftd", "visitors"), "q": None}
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)

addresses = st.builds(
    Address,
    page=st.just("banners"),
    days=st.sampled_from(["", *LABELS, "2026-11-01..2026-11-07"]),
    against=st.sampled_from(COMPARISONS),
    where=st.lists(st.tuples(st.sampled_from(DIMENSIONS), st.one_of(st.none(), NAMES)), max_size=4, unique=True).map(
        tuple
    ),
    by=st.sampled_from(DIMENSIONS),
).flatmap(lambda address: st.builds(lambda q: address.with_options(q=q, metric="ftd"), NAMES))


@given(address=addresses)
def test_an_address_that_was_written_is_read_as_it_was(address: Address) -> None:
    """Whatever banners are called; nothing of it is told to be wrong."""
    page, _, search = address.href.partition("?")
    read = read_address(page.removeprefix("./"), search, OPTIONS, DIMENSIONS)

    assert read.problems == ()
    assert (read.address.page, read.address.days, read.address.against, read.address.by, read.address.options) == (
        address.page, address.days, address.against, address.by, address.options,
    )  # fmt: skip
    assert set(read.address.where) == set(address.where)


@pytest.mark.parametrize(
    ("search", "told"),
    [
        ("days=soon", "days=soon is neither a preset nor days such as"),
        ("against=last+year", "against=last year is not one of weekday, previous, none"),
        ("by=player_id", "'player_id' is no dimension here; there are banner_tag, affiliate, site"),
        ("is.colour=red", "'colour' is no dimension here"),
        ("without=colour", "'colour' is no dimension here"),
        ("metric=money", "metric=money is not one of ftd, visitors"),
        ("colour=red", "This page knows no 'colour'"),
    ],
)
def test_what_is_not_understood_is_told_and_left_out(search: str, told: str) -> None:
    """The rest is shown as it was asked for."""
    read = read_address("", f"?{search}&days=7d" if "days" not in search else search, OPTIONS, DIMENSIONS)

    assert len(read.problems) == 1
    assert told in read.problems[0]
    assert read.address == Address(days="" if "days" in search else "7d")


def test_the_two_fields_of_a_form_are_days_in_either_order() -> None:
    """They become one part of the address."""
    assert read_address("", "?start=2026-11-07&end=2026-11-01", {}, ()).address.days == "2026-11-01..2026-11-07"
    assert read_address("", "?start=2026-11-07&end=", {}, ()).problems


def test_a_value_chosen_twice_is_chosen_no_longer() -> None:
    """A click on a chosen banner takes the filter away again."""
    once = Address().only("banner_tag", "a")

    assert once.where == (("banner_tag", "a"),)
    assert once.only("banner_tag", "a") == Address()


@given(text=st.text(max_size=60))
def test_no_text_breaks_the_reading(text: str) -> None:
    """Addresses come from anybody."""
    read_address("", text, OPTIONS, DIMENSIONS)


def test_half_a_surrogate_pair_can_be_written_again() -> None:
    """No browser sends one; a cell's caller may."""
    read = read_address("", "?q=a\ud83d", OPTIONS, DIMENSIONS)

    assert read.address.option("q") == "a?"
    assert read.address.href == "./?q=a%3F"
