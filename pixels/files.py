"""Replacing a file at once, so that who reads it sees the old one or the new one."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4


def replace_file(path: Path, content: bytes, *, durable: bool = False) -> None:
    """Write a file anew, whoever else does so at the same time; `durable`: it is on disk when this returns. Raises OSError."""
    fresh = path.with_name(f".{path.name}.{uuid4().hex}.new")
    try:
        with fresh.open("wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
