"""Ids for lines that have none: made of what the line says, so that importing it again is the same event.

Lines that say the same are told apart by how many of them stand before in their file. So a log that has grown and is
imported again adds its new lines alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from uuid import UUID, uuid5

from aggregator.imports.lines import NewId

NAMESPACE = UUID("86497c0f-887e-5c43-ad4b-a0d470be00eb")
"""The name space of these ids: the UUIDv5 of pixels-workbench/import as a URL. It never changes."""

_CACHE = "PRAGMA cache_size = -65536"  # KiB; what is more goes to a file
_COUNT = "INSERT INTO occurrences VALUES (?, 1) ON CONFLICT DO UPDATE SET lines = lines + 1 RETURNING lines"


@contextmanager
def new_ids() -> Iterator[NewId]:
    """Yield what gives ids to the lines of one file.

    How often each was there is kept in a temporary file without a name, since a file can have more lines than memory has
    room for.
    """
    with closing(sqlite3.connect("", isolation_level=None)) as db:
        db.execute(_CACHE)
        db.execute("PRAGMA journal_mode = OFF")
        db.execute("CREATE TABLE occurrences (content INTEGER PRIMARY KEY, lines INTEGER NOT NULL)")

        def new_id(content: bytes) -> str:
            digest = sha256(content).digest()
            # 64 bits tell lines apart well enough: two that share them get numbers as if they were alike, and stay two ids.
            (number,) = db.execute(_COUNT, [int.from_bytes(digest[:8], "big", signed=True)]).fetchone()
            return str(uuid5(NAMESPACE, f"{digest.hex()}\n{number}"))

        yield new_id
