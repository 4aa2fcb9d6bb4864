"""`pixels report verify`: run a report again on the snapshot it was made of, and compare the figures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pixels import __version__
from pixels.config import Settings
from pixels.errors import BadParameter, NoSnapshot
from pixels.pointer import utc_text
from pixels.reports.asked import SNAPSHOT, Asked, ask
from pixels.reports.fingerprint import total
from pixels.reports.record import OK, RECORD
from pixels.reports.run import Form, run_into


@dataclass(frozen=True)
class Verification:
    """What came of running a report again."""

    name: str
    snapshot: int
    differing: tuple[str, ...]
    """The headings of the sections whose figures differ; empty: all figures are the same."""
    remarks: tuple[str, ...]
    """What else is not as it was: the notebook, the version of Pixels, report.json itself."""

    tampered: bool = False
    """Whether report.json contradicts itself."""

    @property
    def same(self) -> bool:
        """Whether all figures are those of the report."""
        return not (self.differing or self.tampered)

    def as_text(self) -> str:
        """Say it in lines for a person."""
        subject = f"the figures of {self.name} on snapshot {self.snapshot}"
        lines = [f"same: {subject}" if self.same else f"differs: {subject}{', in' if self.differing else ''}"]
        return "\n".join([*lines, *(f"  {heading}" for heading in self.differing), *self.remarks])


def verify_report(folder: Path, settings: Settings, *, notebooks: Path | None = None) -> Verification:
    """Run the report of a folder again, in a temporary one, and compare.

    Raises BadParameter for a folder without a report that ran, NoSnapshot when its snapshot is gone, ReportFailed.
    """
    kept = _read(folder)
    asked = _asked_again(kept, settings, notebooks)
    with TemporaryDirectory(prefix="pixels-verify-") as work:
        run_into(Path(work), asked, settings, Form(pdf=False))
        again = json.loads((Path(work) / RECORD).read_text("utf-8"))["figures"]
    before = kept["figures"]
    return Verification(
        asked.notebook.name,
        asked.pointer.snapshot,
        _differing(before["sections"], again["sections"]),
        _remarks(kept, asked),
        _is_tampered(before),
    )


def _read(folder: Path) -> dict[str, Any]:
    """Return what was recorded of a report that ran."""
    path = folder / RECORD
    try:
        kept = json.loads(path.read_text("utf-8"))
        usable = (
            isinstance(kept["name"], str)
            and isinstance(kept["parameters"], dict)
            and isinstance(kept["parameters"][SNAPSHOT], str)
            and (kept["status"] != OK or all(map(_is_section, kept["figures"]["sections"])))
        )
    except OSError as error:
        raise BadParameter("dir", f"{path} cannot be read: {error.strerror}. Give the folder of a report.") from error
    except (ValueError, KeyError, TypeError):
        usable = False
    if not usable:
        raise BadParameter("dir", f"{path} does not say what it takes to run a report again")
    if kept["status"] != OK:
        raise BadParameter("dir", f"{path} is of a report that failed: there are no figures to compare")
    return dict(kept)


def _is_section(section: object) -> bool:
    return isinstance(section, dict) and all(isinstance(section.get(key), str) for key in ("section", "sha256"))


def _asked_again(kept: Mapping[str, Any], settings: Settings, notebooks: Path | None) -> Asked:
    """Return the same report with the parameters that were meant. Raises NoSnapshot for another snapshot, or none."""
    given = {name: str(value) for name, value in kept["parameters"].items() if value != ""}
    gone = f"the snapshot that {kept['name']} was made of is gone: {given[SNAPSHOT]}"
    try:
        asked = ask(str(kept["name"]), given, settings, notebooks=notebooks)
    except NoSnapshot as error:
        raise NoSnapshot(
            f"{gone}. The ten newest are kept; copy the folder of one that is to stay. ({error})"
        ) from error
    if (asked.pointer.snapshot, utc_text(asked.pointer.as_of)) != (kept.get("snapshot"), kept.get("as_of")):
        raise NoSnapshot(f"{gone} holds snapshot {asked.pointer.snapshot} of {utc_text(asked.pointer.as_of)} now")
    return asked


def _differing(before: Sequence[Mapping[str, str]], again: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """Return the headings of sections that only one has, or whose figures differ; in the order of the report."""
    known, found = (_by_heading(sections) for sections in (before, again))
    return tuple(name for name in {**known, **found} if known.get(name) != found.get(name))


def _by_heading(sections: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    hashes: dict[str, list[str]] = {}
    for section in sections:
        hashes.setdefault(section["section"] or "(before the first heading)", []).append(section["sha256"])
    return hashes


def _is_tampered(figures: Mapping[str, Any]) -> bool:
    return bool(figures.get("sha256") != total(figures["sections"]))


def _remarks(kept: Mapping[str, Any], asked: Asked) -> tuple[str, ...]:
    remarks = []
    if _is_tampered(kept["figures"]):
        remarks.append(f"{RECORD} was changed: its hash of all figures is not that of its sections")
    if kept.get("notebook_sha256") != asked.notebook.source_sha256:
        remarks.append(f"the notebook {asked.notebook.name} is another one than the report was made with")
    if kept.get("code_version") != __version__:
        remarks.append(f"the report was made with Pixels {kept.get('code_version')}, this is {__version__}")
    return tuple(remarks)
