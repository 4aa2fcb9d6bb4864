"""A reader in a process of its own: `python -m tests.snapshot_reader`; SIGTERM ends it, then it prints what it saw.

It opens the newest snapshot of PIXELS_HOME over and over, and reads enough of it to see whether it is one whole state. The
first one it keeps open to the end, and reads again then.
"""

from __future__ import annotations

import json
import signal
from collections import Counter

import pixels
from pixels.errors import PixelsError
from pixels.warehouse import Warehouse
from tests.stored_tables import CLAIMS


class _Asked:
    """Whether SIGTERM came."""

    def __init__(self) -> None:
        self.end = False
        signal.signal(signal.SIGTERM, self.take)

    def take(self, *_: object) -> None:
        self.end = True


def main() -> None:
    asked, seen, errors, torn, newest = _Asked(), Counter[int](), list[str](), list[str](), 0
    with pixels.open() as first:
        kept = figures(first)
        print("open", flush=True)
        while not asked.end:
            try:
                with pixels.open() as wh:
                    torn += contradictions(wh)
                    if wh.snapshot < newest:
                        torn.append(f"snapshot {wh.snapshot} after {newest}")
                    newest = max(newest, wh.snapshot)
                    seen[wh.snapshot] += 1
            except PixelsError as error:
                errors.append(str(error))
        if figures(first) != kept:
            torn.append("the snapshot that was kept open changed")
    print(json.dumps({"reads": seen.total(), "snapshots": len(seen), "errors": errors, "torn": torn}))


def contradictions(wh: Warehouse) -> list[str]:
    """The claims that do not hold in a snapshot."""
    return [c for c, query in CLAIMS.items() if wh.sql(f"SELECT count(*) AS keys FROM ({query})").item()]


def figures(wh: Warehouse) -> list[tuple[object, ...]]:
    """All counts of a snapshot."""
    return wh.summary("2026-01-01", "2026-12-31").rows()


if __name__ == "__main__":
    main()
