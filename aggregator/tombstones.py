"""The names that were erased, as HMACs: who has the key can tell whether a name is one of them, and nobody can read one.

The key lies in `PIXELS_HOME/erasure.key` and in no snapshot. It is made at the first erasure and never changes: the same
name is erased to the same name, so that what arrives later of an erased player joins what is there.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from pathlib import Path

import duckdb
import polars as pl

from pixels.errors import CANNOT_READ_OR_WRITE, PixelsError

KEY_FILE = "erasure.key"
ERASED = "erased-"
"""What an erased name begins with; the HMAC of the name follows."""

_KEY_BYTES = 32
# No name has a NUL, so none of these is the HMAC of a name.
_TRANSACTION, _REMOVED, _CHECK = b"txid\0", b"removed\0", b"check\0"


class NoErasureKey(PixelsError):
    """Players were erased, and the key that tells who they are is missing or another one."""

    exit_code = CANNOT_READ_OR_WRITE


class ErasureKey:
    """The key of the HMACs (SHA-256, hexadecimal). All are of UTF-8."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def tombstone(self, name: str) -> str:
        """Return what is kept of an erased name."""
        return self.digest(name).hex()

    def digest(self, name: str) -> bytes:
        """Return the same in bytes, as it is compared."""
        return hmac.digest(
            self._secret, name.encode("utf-8", "surrogatepass"), "sha256"
        )  # a refusal's words are anything

    def transaction(self, txid: str) -> str:
        """Return what stands for a transaction of an erased player."""
        return ERASED + self._hmac(_TRANSACTION + txid.encode())

    def removed(self, content: bytes) -> str:
        """Return what stands for the content that was removed from a record."""
        return self._hmac(_REMOVED + content)

    @cached_property
    def check(self) -> str:
        """The value by which a warehouse knows its key."""
        return self._hmac(_CHECK)

    def _hmac(self, message: bytes) -> str:
        return hmac.digest(self._secret, message, "sha256").hex()


class Tombstones:
    """Which names are erased, and to which: a name belongs to a player or to a visitor."""

    def __init__(self, key: ErasureKey | None, tombstones: Iterable[str]) -> None:
        self._key = key
        self.names = frozenset(ERASED + digest for digest in tombstones)
        """The erased names themselves: as they stand where the others stood."""
        self._digests = frozenset(bytes.fromhex(name.removeprefix(ERASED)) for name in self.names)

    def __bool__(self) -> bool:
        return bool(self.names)

    @property
    def key(self) -> ErasureKey:
        """The key; ask for it only where there are tombstones."""
        assert self._key is not None  # noqa: S101 - `stored_tombstones` gives none without it
        return self._key

    def and_of(self, key: ErasureKey, names: Iterable[str]) -> Tombstones:
        """Return these and those of the names, under the key."""
        return Tombstones(key, {name.removeprefix(ERASED) for name in self.names} | set(map(key.tombstone, names)))

    def erased(self, names: Iterable[str | None]) -> dict[str, str]:
        """Return the erased name of each of these names that is erased."""
        if not self:
            return {}
        digest, digests = (
            self.key.digest,
            self._digests,
        )  # a batch has tens of thousands of names, and hardly one of them is erased
        found = [name for name in set(names) if name is not None and digest(name) in digests]
        return {name: ERASED + self.key.tombstone(name) for name in found}


def stored_tombstones(con: duckdb.DuckDBPyConnection, home: Path) -> Tombstones:
    """Return the warehouse's tombstones. Raises NoErasureKey when there are some, and not the key they were made with."""
    tombstones = con.execute("SELECT name_hmac FROM erasures").pl()["name_hmac"]
    (check,) = con.execute("SELECT erasure_key_check FROM warehouse").fetchone() or (None,)
    if tombstones.is_empty() and check is None:
        return Tombstones(None, ())
    return Tombstones(_key_of_warehouse(home / KEY_FILE, check), tombstones)


def key_for_erasing(con: duckdb.DuckDBPyConnection, home: Path) -> ErasureKey:
    """Return the warehouse's key; make one, safe on disk before it is used, when nobody was ever erased.

    Raises NoErasureKey as `stored_tombstones` does.
    """
    path = home / KEY_FILE
    (check,) = con.execute("SELECT erasure_key_check FROM warehouse").fetchone() or (None,)
    if check is not None:
        return _key_of_warehouse(path, check)
    if not path.exists():
        _write_key(path)
    return ErasureKey(_read_key(path))


def save_tombstones(con: duckdb.DuckDBPyConnection, tombstones: Tombstones, now: datetime) -> None:
    """Add tombstones to those of the warehouse, in the caller's transaction."""
    con.execute("UPDATE warehouse SET erasure_key_check = ?", [tombstones.key.check])
    rows = {"name_hmac": [name.removeprefix(ERASED) for name in tombstones.names]}
    con.register("tombstones", pl.DataFrame(rows, schema={"name_hmac": pl.String}))
    con.execute("INSERT OR IGNORE INTO erasures SELECT name_hmac, $now FROM tombstones", {"now": now})


def _key_of_warehouse(path: Path, check: str | None) -> ErasureKey:
    try:
        key = ErasureKey(_read_key(path))
    except FileNotFoundError:
        raise NoErasureKey(f"Players were erased from this warehouse, and {path} is missing. {_WHAT_TO_DO}") from None
    if key.check != check:
        raise NoErasureKey(f"{path} is not the key that players of this warehouse were erased with. {_WHAT_TO_DO}")
    return key


_WHAT_TO_DO = (
    "Without it their late events would come in under their names again, so nothing is written. Put the file back from a "
    "back-up; if it is lost for good, see docs/erasure.md."
)


def _read_key(path: Path) -> bytes:
    secret = path.read_bytes()
    if len(secret) != _KEY_BYTES:
        raise NoErasureKey(f"{path} has {len(secret)} bytes, a key has {_KEY_BYTES}. {_WHAT_TO_DO}")
    return secret


def _write_key(path: Path) -> None:
    """Write a new key under its name only when it is on the disk as a whole: half a key would be taken for one."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as writer:
        writer.write(secrets.token_bytes(_KEY_BYTES))
        writer.flush()
        os.fsync(writer.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
