"""Sign requests in the tests' own words: the specification of docs/pixel.md written out once more."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from pixels.config import Settings
from tests.unit.collector.asgi import NOW

KEYS = {
    "shop": b"sixteen and more",
    "shop-2": b"another secret, longer than the block of 64 bytes that SHA-256 works on",
}


def signature_over(
    path: str, sorted_query: bytes = b"", body: bytes = b"", *, key_id: str = "shop", at: datetime = NOW
) -> str:
    """Return a signature over a query that is sorted already."""
    seconds = int(at.timestamp())
    text = f"{seconds}\n{path}\n".encode() + sorted_query + b"\n" + body
    return f"k={key_id},t={seconds},v1={hmac.new(KEYS[key_id], text, hashlib.sha256).hexdigest()}"


def signed_header(
    path: str, sorted_query: bytes = b"", body: bytes = b"", *, key_id: str = "shop", at: datetime = NOW
) -> tuple[bytes, bytes]:
    """Return the header as an ASGI server hands it over."""
    return b"x-pixels-signature", signature_over(path, sorted_query, body, key_id=key_id, at=at).encode()


def signing_settings(**settings: Any) -> Settings:
    """Return settings with both keys, all else as by default."""
    keys = {key_id: SecretStr(secret.decode()) for key_id, secret in KEYS.items()}
    return Settings.model_construct(signing_keys=keys, **settings)
