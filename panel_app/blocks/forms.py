"""Forms that lead to another state of the page, and keep all else of it."""

from __future__ import annotations

from panel_app.address import Address
from panel_app.blocks.markup import text


def hidden_fields(address: Address) -> str:
    """Return the rest of an address as fields that nobody sees."""
    return "".join(
        f'<input type="hidden" name="{text(field)}" value="{text(value)}">' for field, value in address.pairs
    )
