"""What the demo's deposits are worth: drawn apart from the journeys, so that these are the same whatever is paid."""

from __future__ import annotations

from random import Random

from pixels.demo.story import ABROAD

CASHIER = "cashier"
"""The id of the key that the site's cashier signs with."""
_AMOUNTS, _WEIGHTS = (10, 20, 25, 50, 100, 200, 500), (18, 24, 16, 22, 13, 5, 2)
_KRONOR = 10  # to the euro, more or less
_UNSIGNED = 0.04


def paid(player_id: str, at_ms: int, banner_tag: str) -> dict[str, str]:
    """Return amount, currency and txid of a deposit, the same for the same deposit."""
    rng = _of(player_id, at_ms)
    amount = rng.choices(_AMOUNTS, _WEIGHTS)[0]
    abroad = banner_tag == ABROAD.tag
    return {
        "amount": f"{amount * _KRONOR if abroad else amount}.00",
        "currency": "SEK" if abroad else "EUR",
        "txid": f"t-{rng.getrandbits(48):012x}",
    }


def signature(player_id: str, at_ms: int) -> dict[str, str]:
    """Return the mark of a deposit that the cashier signed; of the few that a page told alone, nothing."""
    return {} if _of(f"{player_id} signed", at_ms).random() < _UNSIGNED else {"_key": CASHIER}


def _of(name: str, at_ms: int) -> Random:
    return Random(f"{name} {at_ms}")  # noqa: S311 - invented payments, no secrets
