"""The analyst's own copies of the notebooks that come with Pixels: kept up to date until somebody changes them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pixels.files import replace_file

_RECORD = ".copied.json"


def copy_notebooks(shipped: Path, work: Path) -> list[str]:
    """Bring the notebooks of `shipped` into `work`; return those left alone although there is something newer.

    A copy that is as it was copied is replaced by a newer one; a changed copy is never touched and named once for each
    newer one. A deleted copy is made again. What was copied is recorded in `work`, as hashes.
    """
    work.mkdir(parents=True, exist_ok=True)
    record_path = work / _RECORD
    record: dict[str, str] = json.loads(record_path.read_text("utf-8")) if record_path.exists() else {}
    left_alone = []
    for source in sorted(shipped.glob("*.ipynb")):
        content, copy = source.read_bytes(), work / source.name
        newest = _hash(content)
        if record.get(source.name) == newest and copy.exists():
            continue
        present = _hash(copy.read_bytes()) if copy.exists() else None
        if present in {None, newest, record.get(source.name)}:
            replace_file(copy, content)
        else:
            left_alone.append(source.name)
        record[source.name] = newest
    replace_file(record_path, json.dumps(record, indent=1).encode())
    return left_alone


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
