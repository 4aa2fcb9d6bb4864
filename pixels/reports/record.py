"""report.json: what it takes to run a report again, and how it went."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pixels import __version__
from pixels.errors import BadParameter
from pixels.pointer import utc_text
from pixels.reports.asked import Asked

RECORD = "report.json"
OK, FAILED = "ok", "failed"


@dataclass(frozen=True)
class Outcome:
    """How a run went."""

    figures: dict[str, object] | None
    """The hash of all figures, and by section (`fingerprint.of_notebook`); None when it failed."""
    error: str | None = None
    pdf: bool = False


def record_of(asked: Asked, started_at: datetime, outcome: Outcome) -> dict[str, object]:
    """Return what is recorded of a run that ends now."""
    finished_at, pointer = datetime.now(UTC), asked.pointer
    return {
        "name": asked.notebook.name,
        "asked": {"parameters": dict(asked.given), "as_of": utc_text(asked.as_of)},
        "parameters": asked.parameters,
        "snapshot": pointer.snapshot,
        "as_of": utc_text(pointer.as_of),
        "complete_until": utc_text(pointer.complete_until),
        "time_zone": pointer.time_zone,
        "is_demo": pointer.is_demo,
        "code_version": __version__,
        "notebook_sha256": asked.notebook.source_sha256,
        "started_at": utc_text(started_at),
        "finished_at": utc_text(finished_at),
        "seconds": round((finished_at - started_at).total_seconds(), 3),
        "status": FAILED if outcome.figures is None else OK,
        "error": outcome.error,
        "pdf": f"{asked.notebook.name}.pdf" if outcome.pdf else None,
        "figures": outcome.figures,
    }


def read_record(folder: Path) -> dict[str, Any]:
    """Read report.json of a folder. Raises BadParameter when it holds no report."""
    try:
        record = json.loads((folder / RECORD).read_bytes())
    except (OSError, ValueError) as error:
        raise BadParameter("folder", f"{folder} holds no report: {RECORD} cannot be read") from error
    if not isinstance(record, dict) or not isinstance(record.get("name"), str):
        raise BadParameter("folder", f"{folder} holds no report: {RECORD} is something else")
    return record


def title_of(record: dict[str, Any]) -> str:
    """Return what a report is called: its name in words."""
    return str(record["name"]).replace("_", " ").capitalize()
