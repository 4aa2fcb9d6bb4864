"""Reports: those that were made, to open, and the notebooks to make one of, with their parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from panel_app.address import Address
from panel_app.blocks.layout import section, stack
from panel_app.blocks.reports import NOT_HERE, fields, kinds, made_reports, runs_table, search_field
from panel_app.page import Go, Page, Shown
from panel_app.report_runs import ReportRun, ReportRuns, can_be_made_here
from panel_app.screen import Screen
from panel_app.situation import Situation
from panel_app.source import Answers, Standing
from pixels.errors import PixelsError
from pixels.reports.notebooks import ReportNotebook, report_notebooks
from pixels.reports.shelf import ShelvedReport, shelved_reports

_HOLDS_FOR = timedelta(seconds=2)
LISTED = 200


@dataclass(frozen=True)
class Reports:
    """What the page shows."""

    desk: ReportRuns | None = None
    """Makes reports; None: only a snapshot is known here."""
    shelf: Path = Path()
    notebooks: Mapping[str, ReportNotebook] = field(default_factory=dict)
    runs: tuple[ReportRun, ...] = ()
    made: tuple[ShelvedReport, ...] = ()
    """The newest of those that were searched for."""
    found: int = 0
    """How many there are of these."""
    there_are: int = 0


def read_reports(answers: Answers, address: Address, where: Situation, standing: Standing) -> Iterator[Reports]:
    """Look at the folder of reports, and at what is being made."""
    if answers.reports is None or answers.settings is None:
        yield Reports()
        return
    shelf = answers.settings.reports_dir
    every = shelved_reports(shelf)
    found = [report for report in every if _holds(report, address.option("search"))]
    yield Reports(
        desk=answers.reports,
        shelf=shelf,
        notebooks={name: notebook for name, notebook in report_notebooks().items() if can_be_made_here(notebook)},
        runs=tuple(answers.reports.runs()),
        made=tuple(found[:LISTED]),
        found=len(found),
        there_are=len(every),
    )


def _holds(report: ShelvedReport, searched: str) -> bool:
    """Whether every word that is searched for stands in the title, a parameter or what became of it."""
    said = " ".join([report.title, *report.chosen.keys(), *report.chosen.values(), str(report.record["status"])])
    return all(word in said.casefold() for word in searched.casefold().split())


class ReportsView:
    """The widgets of one session."""

    def __init__(self, go: Go, moves_address: bool) -> None:
        self._go = go
        self._kinds, self._form, self._runs, self._made = (
            Screen(on_go=go, on_send=self._heard, moves_address=moves_address) for _ in range(4)
        )
        self._running = section(self._runs)
        self.layout = stack(section(self._kinds, self._form), self._running, section(self._made))
        self._shown: Shown | None = None
        self._problem = ""

    def show(self, shown: Shown) -> None:
        """Draw what can be made, what is being made, and what was."""
        if self._shown is not None and self._shown.address != shown.address:
            self._problem = ""
        self._shown = shown
        reports: Reports = shown.answer
        self._kinds.show(kinds(reports.notebooks, shown.address) if reports.desk else NOT_HERE)
        # By itself, and the same while nothing changes: what somebody is filling in stays.
        self._form.show(fields(reports.notebooks, shown.address, self._problem))
        runs = runs_table(reports.runs, reports.shelf, shown.situation.time_zone)
        self._runs.show(runs)
        self._running.visible = bool(runs)
        self._made.show(
            f'<div class="line"><h2>Made</h2>{search_field(shown.address)}</div>'
            f"{made_reports(reports.made, reports.found, reports.there_are, reports.shelf, shown.address)}"
        )

    def _heard(self, said: Mapping[str, str]) -> None:
        """Have a report made, or stopped, as a form of this page says."""
        shown = self._shown
        if shown is None or shown.answer.desk is None:
            return
        self._problem = _do(shown.answer.desk, said)
        self._go(shown.address.href)
        if self._problem:
            self.show(shown)


def _do(desk: ReportRuns, said: Mapping[str, str]) -> str:
    """Do what was asked for; return what is wrong with it."""
    try:
        if "stop" in said:
            desk.stop(int(said["stop"]))
        else:
            desk.start(
                said.get("report", ""), {name: value for name, value in said.items() if name != "report" and value}
            )
    except (PixelsError, ValueError) as error:
        return str(error)
    return ""


REPORTS = Page(
    slug="reports",
    title="Reports",
    read=read_reports,
    view=ReportsView,
    options={"report": None, "search": None},
    is_in_more=True,
    names_people=True,
    shows_before_events=True,
    holds_for=_HOLDS_FOR,
    filters=(),
)
