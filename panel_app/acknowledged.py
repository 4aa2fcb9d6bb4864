"""What people have noted of anomalies: who looked, when, and what came of it. A file beside the warehouse."""

from __future__ import annotations

import fcntl
import json
import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pixels.files import replace_file

FILE = "acknowledged.json"
LONGEST = 500
_MOST = 10_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Acknowledged:
    """A note on one day of one series."""

    measure: str
    banner: str | None
    """None: of all together."""
    day: str
    """ISO 8601."""
    note: str
    who: str
    at: str

    def is_of(self, run: dict[str, Any]) -> bool:
        """Whether it is of a run of days, a row of `pixels.anomalies.figures.runs` by banner."""
        banner = None if run["is_total"] else run["banner_tag"]
        same = self.measure == run["measure"] and self.banner == banner
        return same and run["start"].isoformat() <= self.day <= run["end"].isoformat()


def read_acknowledged(home: Path) -> list[Acknowledged]:
    """Return what was noted, the oldest first. A file that cannot be read is told of in the log, and is nothing."""
    try:
        return [Acknowledged(**note) for note in json.loads((home / FILE).read_bytes())]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError):
        _log.exception("%s cannot be read", FILE)
        return []


def acknowledge(home: Path, run: dict[str, Any], note: str, who: str) -> None:
    """Note something of a run of days, in the place of what was noted of it before. Raises OSError; the file is whole at any time."""
    banner = None if run["is_total"] else run["banner_tag"]
    day: date = run["event_date"]
    new = Acknowledged(
        run["measure"],
        banner,
        day.isoformat(),
        note.strip()[:LONGEST],
        who,
        datetime.now(UTC).isoformat(timespec="seconds"),
    )
    with (home / f"{FILE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = [one for one in read_acknowledged(home) if not one.is_of(run)]
        _write(home, [*kept, new][-_MOST:])


def _write(home: Path, notes: Iterable[Acknowledged]) -> None:
    replace_file(home / FILE, (json.dumps([asdict(note) for note in notes], indent=1) + "\n").encode(), durable=True)
