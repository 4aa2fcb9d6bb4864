"""Reports: what can be made, how far it is, and what was made."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from panel_app import words
from panel_app.address import Address
from panel_app.blocks.forms import hidden_fields
from panel_app.blocks.markup import link, name, text
from panel_app.report_files import address_of
from panel_app.report_runs import FAILED, MADE, MAKING, STOPPED, WAITING, ReportRun, takes
from pixels.reports.notebooks import ReportNotebook
from pixels.reports.parameters import Parameter
from pixels.reports.record import title_of
from pixels.reports.shelf import ShelvedReport, shelved_report

NOT_HERE = '<p class="note">Only a snapshot is known here: reports are in the dashboard of its own machine.</p>'
_ABOUT = {
    "anomaly_investigation": "Which days stood out, who explains them, at which hours, and what became of what was received.",
    "affiliate_report": "What one affiliate's banners brought, to send out. It names no banner of anybody else, and no person.",
    "banner_experiment": "Which banner is better, how sure that is, what it does not prove, and what an experiment would take.",
    "campaign_report": "What a range of days brought, of all banners or of one: figures, days, banners, conversions.",
    "cohort_forecast": "How soon people convert, how many of the newest weeks still will, and how often such a forecast was right.",
    "funnel_analysis": "How people go from visit to deposit: how many, how long it takes, and where banners stand out.",
    "weekly_report": "For the team: what the latest week brought against the one before, and which banner explains it.",
}
_AS_WRITTEN = re.compile(r", as \d{4}-\d\d-\d\d")
"""How a day is written on the command line; here the browser's own field says how."""
_STATES = {
    WAITING: "waits for its turn",
    MAKING: "is being made",
    MADE: "is ready",
    FAILED: "failed",
    STOPPED: "was stopped",
}


def kinds(notebooks: Mapping[str, ReportNotebook], address: Address) -> str:
    """Draw the reports that can be made, the chosen one marked."""
    chosen = address.option("report")
    chips = "".join(
        link(
            address.with_options(report=None if name_ == chosen else name_),
            text(title_of({"name": name_})),
            "chip",
            current=name_ == chosen,
        )
        for name_ in notebooks
    )
    unknown = "" if not chosen or chosen in notebooks else f'<p class="down">There is no report {name(chosen)}.</p>'
    return f'<h2>Make a report</h2><div class="asked">{chips}</div>{unknown}'


def fields(notebooks: Mapping[str, ReportNotebook], address: Address, problem: str) -> str:
    """Draw the form of the chosen report: a field for each parameter, with its help."""
    notebook = notebooks.get(address.option("report"))
    if notebook is None:
        return ""
    rows = "".join(_field(parameter) for parameter in takes(notebook))
    about = _ABOUT.get(notebook.name, "")
    wrong = f'<p class="down" role="alert">{text(problem)}</p>' if problem else ""
    return (
        f'<p class="note">{text(about)}</p>{wrong}<div class="sized"><form data-send class="parameters">'
        f'<input type="hidden" name="report" value="{text(notebook.name)}">{rows}'
        '<div><button type="submit" class="filled">Make it</button></div></form></div>'
    )


def _field(parameter: Parameter) -> str:
    """Draw a field. Left empty, the report's own default is taken."""
    type_ = {"Day": "date", "int": "number"}.get(parameter.type, "text")
    default = f' placeholder="{text(parameter.default)}"' if parameter.default != "" else ""
    label = parameter.name.replace("_", " ").capitalize()
    told = _AS_WRITTEN.sub("", parameter.help) if type_ == "date" else parameter.help
    return (
        f'<label for="parameter-{text(parameter.name)}">{text(label)}</label>'
        f'<input id="parameter-{text(parameter.name)}" name="{text(parameter.name)}" type="{type_}"{default} autocomplete="off">'
        f'<span class="note">{text(told)}</span>'
    )


def runs_table(runs: Iterable[ReportRun], shelf: Path, zone: str) -> str:
    """Draw what waits, what is being made, and what ended last; empty when there is nothing of these."""
    rows = "".join(_run(run, shelf, zone) for run in runs)
    if not rows:
        return ""
    return f'<h2>Asked for here</h2><ul class="runs" aria-live="polite">{rows}</ul>'


def _run(run: ReportRun, shelf: Path, zone: str) -> str:
    given = ", ".join(f"{parameter} {value}" for parameter, value in run.given)
    what = f"<b>{text(title_of({'name': run.name}))}</b> {name(given) if given else ''}"
    asked = f'<span class="muted">asked for {text(words.instant_to_the_second(run.asked_at, zone))}</span>'
    state = f'<span class="{"down" if run.state == FAILED else ""}">{_STATES[run.state]}</span>'
    return f'<li><div class="line"><span>{what} {state}</span>{asked}</div>{_progress(run)}{_way(run, shelf)}</li>'


def _progress(run: ReportRun) -> str:
    """Draw how far a report is, by cells of its notebook; the page and the PDF follow the last one."""
    if run.state != MAKING:
        return ""
    if not run.cells:
        return '<progress aria-label="Progress"></progress> <span class="note">it begins</span>'
    done = run.cells_done
    said = f"cell {done} of {run.cells}" if done < run.cells else "writing page and PDF"
    return (
        f'<progress aria-label="Progress" value="{done}" max="{run.cells}"></progress> <span class="note">{said}</span>'
    )


def _way(run: ReportRun, shelf: Path) -> str:
    """Draw what can be done now."""
    if not run.is_over:
        return (
            f'<form data-send><input type="hidden" name="stop" value="{run.number}">'
            f'<button type="submit" class="plain" aria-label="Stop {text(run.name)}">Stop</button></form>'
        )
    report = shelved_report(shelf, str(run.folder.relative_to(shelf))) if run.folder else None
    files = _files(report, shelf) if report else ""
    problem = f'<p class="down">{text(run.problem)}</p>' if run.problem else ""
    return f'{problem}<p class="exports">{files}</p>' if problem or files else ""


def search_field(address: Address) -> str:
    """Draw the field that narrows the list."""
    rest = hidden_fields(address.with_options(search=None))
    value = text(address.option("search"))
    return (
        f'<form data-go action="./{address.page}" class="asked">{rest}'
        f'<input type="search" name="search" value="{value}" placeholder="Search reports" aria-label="Search reports"></form>'
    )


def made_reports(reports: Iterable[ShelvedReport], found: int, there_are: int, shelf: Path, address: Address) -> str:
    """Draw the reports on the shelf, the newest first."""
    if not there_are:
        return (
            '<p class="note">None was made yet. Choose one above; or <code>pixels report</code> makes one on the command line, and '
            "schedules make them by themselves.</p>"
        )
    if not found:
        clear = link(address.with_options(search=None), "Show all")
        return f'<p class="nothing">No report holds {name(address.option("search"))}. {clear}</p>'
    rows = [_made(report, shelf) for report in reports]
    headings = (
        '<th scope="col">Made</th><th scope="col">Report</th><th scope="col" class="wide-only">Snapshot</th>'
        '<th scope="col">Open</th>'
    )
    more = f'<p class="note">The newest {len(rows)} of {words.number(found)}: search for others.</p>'
    return (
        '<div class="scrolls tall" tabindex="0" role="group" aria-label="Reports"><div class="sized"><table class="records made"><thead><tr>'
        f"{headings}</tr></thead><tbody>{''.join(rows)}</tbody></table></div></div>{more if found > len(rows) else ''}"
    )


def _made(report: ShelvedReport, shelf: Path) -> str:
    """Draw one report. Parameters may come from anybody who writes to the shelf, and stay text."""
    chosen = ", ".join(f"{parameter} {value}" for parameter, value in report.chosen.items())
    demo = ' <span class="muted">demo data</span>' if report.record.get("is_demo") else ""
    failed = "" if report.is_ok else f'<br><b class="down">failed</b> {text(report.record["error"])}'
    at = words.instant_to_the_second(report.finished_at, str(report.record["time_zone"]))
    return (
        f'<tr><th scope="row">{text(at)}</th><td>{text(report.title)}{demo}<br><span class="muted">{name(chosen)}</span>{failed}</td>'
        f'<td class="wide-only">{text(report.record["snapshot"])}</td>'
        f'<td><span class="exports">{_files(report, shelf)}</span></td></tr>'
    )


def _files(report: ShelvedReport, shelf: Path) -> str:
    """Draw links to the files: pages and PDFs open beside the dashboard, the others are saved."""
    return " ".join(
        f'<a href="{text(address_of(report, file, shelf))}" target="_blank" rel="noopener">{text(kind)}</a>'
        for kind, file in report.files.items()
    )
