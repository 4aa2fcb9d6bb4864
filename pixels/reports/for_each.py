"""One report for each banner, or each affiliate: all on one snapshot, several at a time."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event

import polars as pl

from pixels.config import Settings
from pixels.errors import BadParameter, PixelsError
from pixels.files import replace_file
from pixels.opening import open_warehouse
from pixels.period import Period
from pixels.pointer import utc_text
from pixels.reports.asked import SNAPSHOT, Asked, ask
from pixels.reports.days import chosen_days
from pixels.reports.pdf import chromium_program
from pixels.reports.run import Form, ReportFailed, make_folder, make_report
from pixels.reports.workplace import Workplace
from pixels.warehouse import Warehouse

RECORD = "for_each.json"
_LONGEST_SLUG = 40
_HASH_DIGITS = 10
_PAGE_AND_PDF = Form()


@dataclass(frozen=True)
class One:
    """What became of the report of one value."""

    value: str
    folder: str
    """Within the folder of them all."""
    status: str
    """ok or failed."""
    error: str | None
    seconds: float


@dataclass(frozen=True)
class ForEach:
    """What became of all; `why_no_pdf` as in ReportResult."""

    folder: Path
    reports: tuple[One, ...]
    why_no_pdf: str = ""

    @property
    def exit_code(self) -> int:
        """That of a report that failed when one did, else 0."""
        return ReportFailed.exit_code if self.failed else 0

    @property
    def failed(self) -> list[One]:
        """Those that were not made."""
        return [one for one in self.reports if one.error is not None]


def run_for_each(
    name: str,
    parameters: Mapping[str, str],
    dimension: str,
    settings: Settings,
    out: Path,
    *,
    notebooks: Path | None = None,
    as_of: datetime | None = None,
    form: Form = _PAGE_AND_PDF,
    jobs: int | None = None,
) -> ForEach:
    """Make the report of every value of the dimension that has events in the days, each in a folder of its own under `out`.

    `dimension`: a parameter that the report declares and that numbers can be split by (`banner` is the banner tag).
    `jobs` reports are made at a time, by default one a core. One that fails does not stop the others; for_each.json says
    what became of each. The other arguments are those of `run_report`, and so is what it raises before anything runs;
    BadParameter also for what is no dimension or no parameter, or is given already.
    """
    if form.pdf:
        chromium_program(settings)
    asked = ask(name, parameters, settings, notebooks=notebooks, as_of=as_of)
    values = _values(dimension, asked)
    jobs = max(1, min(jobs or len(os.sched_getaffinity(0)), len(values)))
    make_folder(out)
    started_at = datetime.now(UTC)
    work = _Work(dimension, asked, settings, out, form, values)
    reports = work.done_by(jobs)
    seconds = (datetime.now(UTC) - started_at).total_seconds()
    record = _record(asked, dimension, reports, jobs, seconds)
    replace_file(out / RECORD, (json.dumps(record, indent=1) + "\n").encode())
    return ForEach(out, reports, work.why_no_pdf)


def _record(asked: Asked, dimension: str, reports: tuple[One, ...], jobs: int, seconds: float) -> dict[str, object]:
    """Return for_each.json."""
    return {
        "name": asked.notebook.name,
        "for_each": dimension,
        "asked": {"parameters": dict(asked.given), "as_of": utc_text(asked.as_of)},
        "parameters": {name: value for name, value in asked.parameters.items() if name != dimension},
        "snapshot": asked.pointer.snapshot,
        "as_of": utc_text(asked.pointer.as_of),
        "jobs": jobs,
        "seconds": round(seconds, 3),
        "reports": [asdict(one) for one in reports],
    }


def folder_name(value: str) -> str:
    """Return a name that is safe in every file system for whatever strangers sent, and another one for another value."""
    slug = re.sub(r"[^a-z0-9]+", "-", value.lower())[:_LONGEST_SLUG].strip("-")
    digits = sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_DIGITS]
    return f"{slug}-{digits}" if slug else digits


def _values(dimension: str, asked: Asked) -> list[str]:
    """Return the values with events in the days, in order; events without a value are of none."""
    declared = {parameter.name: parameter for parameter in asked.declared}
    if dimension not in declared:
        raise BadParameter("for-each", f"{asked.notebook.name} has no parameter {dimension!r}")
    if declared[dimension].variable in asked.values:
        raise BadParameter("for-each", f"{dimension} is given with -p too: leave one of them out")
    by = "banner_tag" if dimension == "banner" else dimension
    with open_warehouse(str(asked.values[SNAPSHOT])) as wh:
        period = _days(wh, asked)
        try:
            counts = wh.summary(period.start, period.end, by=by)
        except BadParameter as error:
            raise BadParameter("for-each", f"numbers are not split by {dimension}: {error}") from error
    found: list[str] = counts.filter(pl.col("count") > 0)[by].drop_nulls().unique().sort().to_list()
    return [value for value in found if value]


def _days(wh: Warehouse, asked: Asked) -> Period:
    """Return the days that the report shows: its from and to, as `days.chosen_days` takes them."""
    start, end = (str(asked.parameters.get(name, "")) for name in ("from", "to"))
    return chosen_days(wh, start, end)


class _Work:
    """The values that are still to be done, and those that are."""

    def __init__(
        self, dimension: str, asked: Asked, settings: Settings, out: Path, form: Form, values: list[str]
    ) -> None:
        self._variable = next(each.variable for each in asked.declared if each.name == dimension)
        self._dimension, self._asked, self._settings, self._out, self._form = dimension, asked, settings, out, form
        self._values, self._waiting, self._stopped = values, SimpleQueue[str](), Event()
        self.why_no_pdf = ""

    def done_by(self, jobs: int) -> tuple[One, ...]:
        """Do all of them, so many at a time, each with a kernel and a Chromium that are kept for the next."""
        from tqdm import tqdm

        for value in self._values:
            self._waiting.put(value)
        done: list[One] = []
        with (
            ThreadPoolExecutor(jobs, "report") as workers,
            tqdm(total=len(self._values), unit="report", disable=not sys.stderr.isatty()) as bar,
        ):

            def work() -> None:
                for one in self._one_by_one():
                    done.append(one)
                    bar.update()

            try:
                for running in [workers.submit(work) for _ in range(jobs)]:
                    running.result()
            except BaseException:
                self._stopped.set()  # those that run come to their end, and no other begins
                raise
        return tuple(sorted(done, key=lambda one: self._values.index(one.value)))

    def _one_by_one(self) -> Iterator[One]:
        with Workplace(self._settings, progress="none") as workplace:
            while not self._stopped.is_set():
                try:
                    value = self._waiting.get_nowait()
                except Empty:
                    return
                yield self._one(value, workplace)

    def _one(self, value: str, workplace: Workplace) -> One:
        asked = replace(
            self._asked,
            given={**self._asked.given, self._dimension: value},
            values={**self._asked.values, self._variable: value},
        )
        folder, started_at, error = folder_name(value), datetime.now(UTC), None
        try:
            result = make_report(self._out / folder, asked, self._form, workplace)
            self.why_no_pdf = self.why_no_pdf or result.why_no_pdf
        except PixelsError as failure:
            error = str(failure)
        except Exception as failure:  # whatever it is, it is told, and the others are made
            error = f"{type(failure).__name__}: {failure}"
        seconds = (datetime.now(UTC) - started_at).total_seconds()
        return One(value, folder, "failed" if error else "ok", error, round(seconds, 3))
