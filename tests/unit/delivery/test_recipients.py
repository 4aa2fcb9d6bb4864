"""Who can be sent to, and what is said of them."""

from __future__ import annotations

import pytest

from pixels.delivery import read_recipients
from pixels.errors import BadParameter


def test_mail_webhooks_and_chats_are_told_apart() -> None:
    """In their order, each once; addresses that are secrets are in no label."""
    read = read_recipients(
        ["anna@example.com", " mailto:anna@example.com", "https://hooks.example/T0KEN", "slack://AAAAAAAAA/BBBBBBBBB/cccccccccccccccccccccccc"]
    )  # fmt: skip

    assert [(one.label, one.is_mail) for one in read] == [
        ("anna@example.com", True), ("https://hooks.example/...", False), ("slack://...", False),
    ]  # fmt: skip
    assert read[1].address == "jsons://hooks.example/T0KEN"
    assert "T0KEN" not in repr(read)


@pytest.mark.parametrize(
    "wrong",
    ["", "anna", "anna@", "@example.com", "a b@example.com", "anna@example.com\nBcc: x@example.com", "ännä@example.com",
     "slack://t0ken", "nosuch://host/t0ken", "://t0ken"],
)  # fmt: skip
def test_what_nothing_can_be_sent_to_is_refused_without_being_quoted(wrong: str) -> None:
    """It may hold a token; its place in the list says which one it is."""
    with pytest.raises(BadParameter, match="number 2") as refused:
        read_recipients(["anna@example.com", wrong])
    assert "t0ken" not in str(refused.value)
