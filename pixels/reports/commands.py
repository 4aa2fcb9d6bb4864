"""`pixels report`: a command for each report, made of its notebook when somebody asks for it.

The parameters cell is the one place that says what a report takes; `pixels report NAME --help` shows it.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

import click

from pixels.config import load_settings

if TYPE_CHECKING:
    from pixels.config import Settings
    from pixels.delivery import Recipient
    from pixels.reports.notebooks import ReportNotebook
    from pixels.reports.run import Form

SNAPSHOT = "snapshot"
_NOT_DELIVERED, _FAILED = 69, 70
_HINT = "`pixels report NAME --help` says what a report takes."


class ReportCommand(click.Command):
    """Runs one report; its help lists the parameters of the notebook."""

    def __init__(self, notebook: ReportNotebook) -> None:
        super().__init__(
            notebook.name,
            callback=click.pass_obj(_run),
            params=_options(),
            help=notebook.title,
            short_help=notebook.title,
        )
        self.notebook = notebook

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: object
    ) -> click.Context:
        """Hand the notebook to the function that runs it."""
        context = super().make_context(info_name, args, parent, **extra)
        context.obj = self.notebook
        return context

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the parameters before the options."""
        from pixels.reports.parameters import declared_parameters, described

        with formatter.section("Parameters (-p NAME=VALUE)"):
            formatter.write_dl(described(declared_parameters(self.notebook)))
        super().format_options(ctx, formatter)


class ReportGroup(click.Group):
    """The reports there are, and the commands about them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List reports first."""
        from pixels.reports.notebooks import report_notebooks

        return [*report_notebooks(), *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, or that of a report. Raises BadParameter that lists the reports when there is none."""
        from pixels.reports.notebooks import report_notebook

        return super().get_command(ctx, cmd_name) or ReportCommand(report_notebook(cmd_name))


@click.group(cls=ReportGroup, epilog=_HINT, subcommand_metavar="NAME [OPTIONS]")
def report() -> None:
    """Run a report (a notebook with parameters) on one snapshot and write it as one HTML file and a PDF."""


@report.command(short_help="Compare a report with its data again.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def verify(folder: Path) -> None:
    """Run a report again on the snapshot it was made of, and say whether the figures are the same."""
    from pixels.reports.verify import verify_report

    found = verify_report(folder, load_settings())
    click.echo(found.as_text())
    sys.exit(0 if found.same else 1)


@report.command("run-due")
def run_due() -> None:
    """Run the schedules of reports.toml that are due, once, and send them; for cron."""
    from pixels.reports.run_due import Scheduler

    done = Scheduler(load_settings()).run_due()
    if done is None:
        click.echo("pixels: another run-due is at work; it does what is due", err=True)
        return
    for one in done:
        click.echo(one.as_text(), err=one.is_failed or one.is_undelivered)
    if any(one.is_failed for one in done):
        sys.exit(_FAILED)
    if any(one.is_undelivered for one in done):
        sys.exit(_NOT_DELIVERED)


@report.group()
def schedule() -> None:
    """See the schedules of reports.toml."""


_as_json = click.option("--json", "as_json", is_flag=True, help="Write JSON instead of a table.")


@schedule.command("ls")
@_as_json
def schedule_ls(as_json: bool) -> None:
    """List the schedules: how the last run went, and when the next one is."""
    from pixels.reports.schedule_list import listed_schedules

    _write(listed_schedules(load_settings()), as_json)


@schedule.command("next")
@click.argument("number", type=click.IntRange(1, 100), default=5)
@_as_json
def schedule_next(number: int, as_json: bool) -> None:
    """List the next NUMBER runs (5 when it is not given) of all schedules together."""
    from pixels.reports.schedule_list import coming_runs

    _write(coming_runs(load_settings(), number), as_json)


def _write(rows: list[dict[str, str | None]], as_json: bool) -> None:
    import polars as pl

    from pixels.listing import as_json as json_of
    from pixels.listing import as_table

    if as_json:
        click.echo(json_of(rows))
    elif rows:
        click.echo(as_table(pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.String)).fill_null("")))
    else:
        click.echo("There is no schedule: docs/reports.md says how reports.toml is written.")


def _options() -> list[click.Parameter]:
    """Return the options that all reports share."""
    return [
        click.Option(
            ["-p", "parameters"],
            multiple=True,
            callback=_parameters,
            metavar="NAME=VALUE",
            help="A parameter of the report.",
        ),
        click.Option(
            ["--out"],
            type=click.Path(file_okay=False, path_type=Path),
            help="Folder for the result; by default one of its own under PIXELS_HOME/reports.",
        ),
        click.Option(
            ["--to", "recipients"],
            multiple=True,
            metavar="RECIPIENT",
            help="Send it: to an e-mail address, the https:// address of a webhook, or an Apprise address.",
        ),
        click.Option(
            ["--snapshot"], metavar="FOLDER", help="The data of an earlier report: a folder under reports/snapshots."
        ),
        click.Option(["--code"], is_flag=True, help="Show the code in the page and in the PDF."),
        click.Option(
            ["--pdf/--no-pdf"],
            default=None,
            help="Write a PDF too; by default where there is a Chromium to print with.",
        ),
        click.Option(
            ["--for-each", "dimension"],
            metavar="NAME",
            help="One report for each value of a parameter, such as banner or affiliate, that has events in the days.",
        ),
        click.Option(
            ["--jobs"], type=click.IntRange(1, 256), help="Reports made at a time with --for-each (default: all cores)."
        ),
        click.Option(["--progress"], is_flag=True, help="Write a line on stderr for each cell, for other programs."),
    ]


def _parameters(ctx: click.Context, param: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    split = [pair.partition("=") for pair in pairs]
    for name, equals, _ in split:
        if not equals or not name:
            raise click.BadParameter(f"{name!r}: write key=value", ctx=ctx, param=param)
    names = [name for name, _, _ in split]
    for name in names:
        if names.count(name) > 1:
            raise click.BadParameter(f"{name!r} is given twice", ctx=ctx, param=param)
    return {name: value for name, _, value in split}


def _run(
    notebook: ReportNotebook,
    parameters: dict[str, str],
    out: Path | None,
    recipients: tuple[str, ...],
    snapshot: str | None,
    code: bool,
    pdf: bool | None,
    dimension: str | None,
    jobs: int | None,
    progress: bool,
) -> None:
    from pixels.delivery import read_recipients
    from pixels.reports.run import Form, ReportFailed, run_report
    from pixels.reports.shelf import new_folder, write_index

    settings, form = load_settings(), Form(code, pdf)
    if snapshot is not None:
        if SNAPSHOT in parameters:
            raise click.UsageError("--snapshot and -p snapshot= say the same: give one of them")
        parameters = {**parameters, SNAPSHOT: snapshot}
    whom = read_recipients(recipients)
    if progress:
        sys.stderr = cast("TextIO", _Unbroken(sys.stderr))
    if dimension is not None:
        if progress:
            raise click.UsageError("--progress tells of one report, and --for-each makes many")
        if whom:
            raise click.UsageError("--to sends one report, and --for-each makes many: send each by itself")
        _run_for_each(dimension, notebook.name, parameters, settings, out, form, jobs)
        return
    if jobs is not None:
        raise click.UsageError("--jobs goes with --for-each: one report is one job")
    folder = out or new_folder(settings.reports_dir, notebook.name)
    try:
        result = run_report(
            notebook.name, parameters, settings, folder, form=form, progress="lines" if progress else None
        )
    except ReportFailed:
        write_index(settings.reports_dir)
        _send(folder, whom, settings)
        raise
    _tell_of_pdf(result.why_no_pdf)
    click.echo(result.html)
    write_index(settings.reports_dir)
    _send(folder, whom, settings)


class _Unbroken(io.TextIOBase):
    """Writes to a stream as long as somebody reads it: a report goes on when whoever followed it is gone."""

    def __init__(self, stream: TextIO) -> None:
        self._stream: TextIO | None = stream

    def write(self, text: str) -> int:
        """Write at once, or to nobody."""
        if self._stream is not None:
            try:
                self._stream.write(text)
                self._stream.flush()
            except BrokenPipeError:
                self._stream = None
        return len(text)


def _send(folder: Path, recipients: list[Recipient], settings: Settings) -> None:
    """Send a report, and end with 69 when somebody did not get it."""
    from pixels.delivery import send
    from pixels.reports.message import message_of

    if not recipients:
        return
    picture = any(recipient.is_mail for recipient in recipients)
    receipts = send(message_of(folder, settings, picture=picture), recipients, settings)
    for receipt in receipts:
        click.echo(f"pixels: {receipt.as_text()}", err=True)
    if any(receipt.error for receipt in receipts):
        sys.exit(_NOT_DELIVERED)


def _run_for_each(
    dimension: str,
    name: str,
    parameters: dict[str, str],
    settings: Settings,
    out: Path | None,
    form: Form,
    jobs: int | None,
) -> None:
    from pixels.reports.for_each import run_for_each
    from pixels.reports.shelf import new_folder, write_index

    found = run_for_each(
        name,
        parameters,
        dimension,
        settings,
        out or new_folder(settings.reports_dir, f"{name}-each-{dimension}"),
        form=form,
        jobs=jobs,
    )
    write_index(settings.reports_dir)
    _tell_of_pdf(found.why_no_pdf)
    for one in found.failed:
        click.echo(f"pixels: {one.value!r}: {one.error}", err=True)
    if not found.reports:
        click.echo(f"pixels: there is no {dimension} with events in these days.", err=True)
    made = len(found.reports) - len(found.failed)
    click.echo(f"{made} of {len(found.reports)} reports made in {found.folder}")
    sys.exit(found.exit_code)


def _tell_of_pdf(why_no_pdf: str) -> None:
    if why_no_pdf:
        click.echo(f"pixels: no PDF: {why_no_pdf}.", err=True)
