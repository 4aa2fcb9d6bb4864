"""Passwords as they are kept: scrypt (RFC 7914) with a salt of each one's own."""

from __future__ import annotations

import hashlib
import hmac
import os
import re

_N, _R, _P = 2**15, 8, 3  # OWASP, Password Storage Cheat Sheet
_SALT, _KEY = 16, 32
_FORM = re.compile(r"scrypt:([0-9a-f]{32}):([0-9a-f]{64})")
NOBODYS = f"scrypt:{'0' * 32}:{'0' * 64}"
"""What is compared with for a name that nobody has, so that it takes as long."""


def kept(password: str, salt: bytes | None = None) -> str:
    """Return a password as it is kept: scrypt:SALT:KEY, hexadecimal."""
    salt = os.urandom(_SALT) if salt is None else salt
    return f"scrypt:{salt.hex()}:{_key(password, salt).hex()}"


def is_kept(text: str) -> bool:
    """Whether a text is a password as it is kept."""
    return _FORM.fullmatch(text) is not None


def matches(password: str, text: str) -> bool:
    """Whether a password is the one that is kept as the text; takes as long when it is not."""
    form = _FORM.fullmatch(text)
    if form is None:
        return False
    return hmac.compare_digest(_key(password, bytes.fromhex(form[1])), bytes.fromhex(form[2]))


def _key(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"), salt=salt, n=_N, r=_R, p=_P, maxmem=64 * 2**20, dklen=_KEY
    )
