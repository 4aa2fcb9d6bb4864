"""What somebody asks for: a report, its parameters, and the snapshot that answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pixels.config import Settings
from pixels.errors import BadParameter
from pixels.opening import open_warehouse
from pixels.pointer import Pointer, read_pointer
from pixels.reports.notebooks import ReportNotebook, report_notebook
from pixels.reports.parameters import Parameter, Value, check_parameters, declared_parameters, read_parameters
from pixels.reports.pinned import pin_newest

SNAPSHOT = "snapshot"
"""The parameter that every report has: which data it opens."""


@dataclass(frozen=True)
class Asked:
    """A report that can run: everything is read and checked."""

    notebook: ReportNotebook
    declared: tuple[Parameter, ...]
    given: Mapping[str, str]
    """The texts as they were given, by name."""
    as_of: datetime
    """The instant that words such as last_week are meant at."""
    values: Mapping[str, Value]
    """What they come to, by variable; `snapshot` among them."""
    pointer: Pointer
    """The snapshot's facts."""

    @property
    def parameters(self) -> dict[str, Value]:
        """The value of every parameter by name, defaults too."""
        return {each.name: self.values.get(each.variable, each.default) for each in self.declared}


def ask(
    name: str,
    parameters: Mapping[str, str],
    settings: Settings,
    *,
    notebooks: Path | None = None,
    as_of: datetime | None = None,
) -> Asked:
    """Read what is asked, and pin the newest snapshot unless the parameter `snapshot` names one.

    `as_of`: an aware instant, by default now; days are those of the snapshot's time zone then.
    Raises BadParameter, before anything is pinned, and NoSnapshot.
    """
    if as_of is not None and as_of.tzinfo is None:
        raise BadParameter("as_of", f"{as_of!r} has no time zone")
    as_of = as_of or datetime.now(UTC)
    notebook = report_notebook(name, notebooks)
    declared = tuple(declared_parameters(notebook))
    check_parameters(declared, parameters)
    given = parameters.get(SNAPSHOT)
    pinned = Path(given).expanduser().absolute() if given else None
    zone = ZoneInfo((_pointer_of(pinned) if pinned else read_pointer(settings.published_dir)).time_zone)
    values = read_parameters(declared, parameters, as_of.astimezone(zone).date())
    pinned = pinned or pin_newest(settings)
    return Asked(notebook, declared, parameters, as_of, {**values, SNAPSHOT: str(pinned)}, _pointer_of(pinned))


def _pointer_of(snapshot: Path) -> Pointer:
    with open_warehouse(snapshot) as wh:
        return wh.status()
