"""The command line: a thin layer. Each command reads the settings, calls one function, and turns errors into exit codes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo, available_timezones

import click

from pixels import __version__
from pixels.alerts.commands import alerts
from pixels.config import Settings, load_settings
from pixels.errors import CANNOT_READ_OR_WRITE, PixelsError
from pixels.reports.commands import report

if TYPE_CHECKING:
    from pixels.listing import Format

_LONGEST_S = 86_400
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class Duration(click.ParamType[float]):
    """A span of time such as 5s, 500ms or 2m, as seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds."""
        if isinstance(value, int | float):
            return float(value)
        text = str(value).strip()
        unit = next((u for u in ("ms", "s", "m", "h") if text.endswith(u)), "")
        try:
            seconds = float(text.removesuffix(unit)) * _UNITS.get(unit, 1.0)
        except ValueError:
            self.fail(f"{text!r} is not a duration; write for example 5s, 500ms or 2m", param, ctx)
        if not 0 < seconds <= _LONGEST_S:
            self.fail("a duration is longer than nothing and at most a day", param, ctx)
        return seconds


class TimeZone(click.ParamType[ZoneInfo]):
    """A place of the time zone database such as Europe/Berlin."""

    name = "zone"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> ZoneInfo:
        """Return the zone."""
        if value not in available_timezones():
            self.fail(f"{str(value)!r} is no time zone; write for example Europe/Berlin or UTC", param, ctx)
        return ZoneInfo(str(value))


def _settings(**overrides: object) -> Settings:
    """Read the settings; an option that was given wins over the environment."""
    return load_settings(**{name: value for name, value in overrides.items() if value is not None})


class _Commands(click.Group):
    """Prints expected errors as one message on stderr and exits with their code."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return self._invoke(ctx)
        except PixelsError as error:
            click.echo(f"pixels: {error}", err=True)
            ctx.exit(error.exit_code)
        except BrokenPipeError:  # whoever read our output has left; click knows what to do
            raise
        except OSError as error:
            where = f" {error.filename}" if error.filename else ""
            click.echo(
                f"pixels: {error.strerror or error}:{where}. Check the folder, its owner and the disk.", err=True
            )
            ctx.exit(CANNOT_READ_OR_WRITE)

    def _invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except RuntimeError as error:
            if isinstance(error.__cause__, PixelsError | KeyboardInterrupt):
                raise error.__cause__ from None  # raised by a signal in a statement: DuckDB makes "Query interrupted" of it
            raise


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="pixels")
def main() -> None:
    """Pixels: what each banner brings, in numbers you can prove.

    All state lives under PIXELS_HOME (default ./var). Every setting is an environment variable PIXELS_*; see docs/settings.md.
    """


_port = click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 picks a free one.")
_host = click.option("--host", help="Address to listen on (default 127.0.0.1).")


@main.command()
@click.option(
    "--demo", is_flag=True, help="Use PIXELS_HOME/demo, fill it with 90 days of history, and keep sending pixels."
)
@click.option("--lab/--no-lab", default=True, help="Start JupyterLab too.")
def up(demo: bool, lab: bool) -> None:
    """Run everything on this machine until Ctrl-C: collector, passes, API, dashboard, JupyterLab."""
    from pixels.up import run_up

    sys.exit(run_up(_settings(), demo=demo, lab=lab))


@main.command()
@_host
@_port
@click.option("--workers", type=click.IntRange(1, 64), help="Worker processes.")
def collect(host: str | None, port: int | None, workers: int | None) -> None:
    """Take pixels over HTTP; answer each one when it is durable."""
    from collector.serve import serve

    serve(_settings(host=host, collector_port=port, collector_workers=workers))


@main.command()
@click.option(
    "--every", type=Duration(), help="Keep running, one pass every so often (5s); without it one pass and exit."
)
def aggregate(every: float | None) -> None:
    """Drain all that the log holds now, store it, publish a snapshot. Prints one JSON line per pass."""
    from aggregator.run import aggregate as run

    sys.exit(run(_settings(), every=every))


@main.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["ndjson", "csv", "parquet", "access-log"]),
    help="What the files hold; without it told by their names, else by how they begin.",
)
@click.option(
    "--time-zone", type=TimeZone(), help="Time zone of times that have no offset; without it they are refused."
)
@click.option("--prefix", default="", help="What stands before /visit in the paths of an access log, such as /pixels.")
@click.option("--trusted", is_flag=True, help="Believe the key (_key) that a row says it was signed with.")
@click.option("--check", is_flag=True, help="Store nothing; only say what would become of the lines.")
@click.option(
    "--refused",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for the lines that were refused, with number, reason and detail, as NDJSON.",
)
@click.option(
    "--wait", type=Duration(), default="10m", help="How long to wait for another process that writes (default 10m)."
)
def import_(
    files: tuple[str, ...],
    format_: Literal["ndjson", "csv", "parquet", "access-log"] | None,
    time_zone: ZoneInfo | None,
    prefix: str,
    trusted: bool,
    check: bool,
    refused: Path | None,
    wait: float,
) -> None:
    """Bring history in: NDJSON, CSV, Parquet, access logs; - is standard input. Importing a file twice changes nothing."""
    from aggregator.imports.run import Import, run_import
    from collector.past import PastEvents

    settings = _settings()
    # The two meet here alone: the importer knows files and the warehouse, the collector what a pixel is.
    judge = PastEvents(settings, trusted=trusted, time_zone=time_zone)
    what = Import(files, judge, format_, prefix, check, refused, wait)
    sys.exit(run_import(settings, what))


@main.command()
@click.option(
    "--check",
    is_flag=True,
    help="Only compare, row by row: change no figure, say what differs, exit with 65 if anything does.",
)
@click.option(
    "--time-zone", metavar="ZONE", help="Count all days anew in this time zone; set PIXELS_TIMEZONE to it after."
)
@click.option(
    "--count-bots/--no-count-bots",
    default=None,
    help="Whether visits of declared crawlers count from now on; set PIXELS_COUNT_BOTS to it after.",
)
@click.option("--wait", is_flag=True, help="Wait for a pass that is at work, instead of ending with 75.")
@click.option("--json", "as_json", is_flag=True, help="With --check: print the result as one JSON object.")
def rebuild(check: bool, time_zone: str | None, count_bots: bool | None, wait: bool, as_json: bool) -> None:
    """Compute every figure anew from the records and the archive, and put the result in the warehouse's place."""
    from aggregator.rebuild import run_check, run_rebuild

    if check and (time_zone is not None or count_bots is not None):
        raise click.UsageError("--check compares and changes nothing: leave --time-zone and --count-bots out")
    if as_json and not check:
        raise click.UsageError("--json goes with --check; without it the result is a JSON line anyway")
    if check:
        sys.exit(run_check(_settings(), wait=wait, as_json=as_json))
    settings = _settings(timezone=time_zone, count_bots=count_bots)
    sys.exit(run_rebuild(settings, time_zone is not None, count_bots is not None, wait=wait))


@main.command()
@click.argument("players", nargs=-1, metavar="[PLAYER_ID]...")
@click.option("--yes", is_flag=True, help="Do not ask; needed where there is no terminal.")
@click.option("--wait", is_flag=True, help="Wait for a pass that is at work, instead of ending with 75.")
def erase(players: tuple[str, ...], yes: bool, wait: bool) -> None:
    """Forget players for good: rename them everywhere, so that no figure changes; - reads ids from standard input."""
    from aggregator.erasure import checked_names
    from aggregator.erasure_record import run_erase

    settings = _settings()
    given = [player for player in players if player != "-"]
    if "-" in players:
        given += [line for line in sys.stdin if line.strip()]
    names = checked_names(given)
    if names and not yes:
        if "-" in players or not sys.stdin.isatty():
            raise click.UsageError("nobody can be asked here whether this is meant: add --yes")
        _confirm_erasure(settings, names)
    sys.exit(run_erase(settings, names, wait=wait))


def _confirm_erasure(settings: Settings, names: set[str]) -> None:
    from pixels.errors import NoSnapshot
    from pixels.opening import open_warehouse

    try:
        count = "SELECT count(*) FROM counted_events WHERE list_contains($names, player_id)"
        with open_warehouse(settings.home) as warehouse:
            held = f"{warehouse.sql(count, {'names': list(names)}).item()} counted events in the newest snapshot"
    except NoSnapshot:
        held = "no snapshot is published yet"
    click.echo(f"{len(names)} and their visitor keys are renamed: {held}. Nothing brings the names back.", err=True)
    click.confirm("Erase?", abort=True, err=True)


@main.command()
@_host
@_port
def api(host: str | None, port: int | None) -> None:
    """Serve the numbers over REST."""
    from metrics_api.serve import serve

    serve(_settings(host=host, api_port=port))


@main.command()
@_host
@_port
def dashboard(host: str | None, port: int | None) -> None:
    """Serve the dashboard."""
    from panel_app.serve import serve

    serve(_settings(host=host, dashboard_port=port))


@main.command()
def password() -> None:
    """Ask for a password and write it as PIXELS_DASHBOARD_USERS keeps it."""
    from pixels.passwords import kept

    click.echo(kept(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)))


@main.command()
@_host
@_port
@click.option("--browser/--no-browser", default=True, help="Open a browser on it.")
def lab(host: str | None, port: int | None, browser: bool) -> None:
    """Start JupyterLab with the notebooks, and the numbers one line away."""
    from pixels.lab import run_lab

    sys.exit(run_lab(_settings(host=host, lab_port=port), browser=browser))


main.add_command(report)
main.add_command(alerts)


_output = click.option(
    "--format", "output", type=click.Choice(["table", "csv", "json"]), default="table", help="How to write the result."
)
_limit = click.option("--limit", type=click.IntRange(0), default=100, help="Rows shown at most (default 100); 0: all.")


@main.command()
@click.argument("date")
@click.argument("type")
@click.argument("banner", required=False)
@_output
@_limit
def why(date: str, type: str, banner: str | None, output: Format, limit: int) -> None:  # noqa: A002 - what it is called
    """List what was received for a day, a type and a banner, and why each record counted or did not."""
    from pixels.opening import open_warehouse
    from pixels.period import parse_day
    from pixels.why_text import as_text

    with open_warehouse() as warehouse:
        found = warehouse.why(date, type, banner)
    click.echo(as_text(found, parse_day("date", date), type, banner, output, limit))


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("type")
@click.option("--from", "start", metavar="DAY", help="First day compared (default: of the file).")
@click.option("--to", "end", metavar="DAY", help="Last day compared, included (default: of the file).")
@click.option(
    "--banner",
    "banners",
    multiple=True,
    help="Compare this banner; may be given several times (default: those of the file).",
)
@click.option(
    "--by",
    multiple=True,
    help="Compare this: day, banner, player, click_id or txid; may be given several times (default: all that there is).",
)
@click.option(
    "--column", "columns", multiple=True, help="Which column says what, such as player=Customer; count= reads none."
)
@click.option("--time-zone", help="Whose clock and days the file has (default: the warehouse's).")
@click.option("--date-format", help="How it writes days or times, such as %d.%m.%Y (default: 2026-11-22).")
@click.option(
    "--decimal", type=click.Choice([".", ","]), default=".", help="What stands before the decimals of an amount."
)
@_output
@_limit
def reconcile(
    file: Path,
    type: str,  # noqa: A002 - what it is called
    start: str | None,
    end: str | None,
    banners: tuple[str, ...],
    by: tuple[str, ...],
    columns: tuple[str, ...],
    time_zone: str | None,
    date_format: str | None,
    decimal: str,
    output: Format,
    limit: int,
) -> None:
    """Lay somebody else's log (CSV, Parquet) beside ours, and say what differs and why."""
    from pixels.opening import open_warehouse
    from pixels.reconciliation.text import as_text, chosen_columns

    chosen = chosen_columns(columns)
    with open_warehouse() as warehouse:
        found = warehouse.reconcile(
            file, type, start, end, banners or None, by or None, chosen, time_zone, date_format, decimal
        )
    click.echo(as_text(found, output, limit))


@main.group("rejected")
def rejected_group() -> None:
    """Look at what was refused, and try it again after a fix."""


_reasons = click.option("--reason", "reasons", multiple=True, help="Only this reason; may be given several times.")
_since = click.option("--since", metavar="DAY", help="Only from this day on.")
_until = click.option("--until", metavar="DAY", help="Only up to this day.")


@rejected_group.command("ls")
@_reasons
@_since
@_until
@_output
@_limit
def rejected_ls(reasons: tuple[str, ...], since: str | None, until: str | None, output: Format, limit: int) -> None:
    """List refusals, the newest first, below how many there are for each reason."""
    from pixels.opening import open_warehouse
    from pixels.rejected_text import list_as_text

    with open_warehouse() as warehouse:
        found = warehouse.rejected(since, until, reasons, limit)
        by_reason = warehouse.rejected_by_reason(since, until, reasons)
    click.echo(list_as_text(found, by_reason, output))


@rejected_group.command("show")
@click.argument("id")
@click.option(
    "--format", "output", type=click.Choice(["text", "json"]), default="text", help="How to write the result."
)
def rejected_show(id: str, output: str) -> None:  # noqa: A002 - what it is called
    """Show one refusal, with its payload as far as it was kept."""
    from pixels.opening import open_warehouse
    from pixels.rejected_text import refusal_as_text

    with open_warehouse() as warehouse:
        click.echo(refusal_as_text(warehouse.refusal(id), output))


@rejected_group.command("requeue")
@click.argument("ids", metavar="[ID]...", nargs=-1)
@_reasons
@_since
@_until
@click.option("--all", "every", is_flag=True, help="Try all refusals; without it an id, a reason or a day is needed.")
def rejected_requeue(
    ids: tuple[str, ...], reasons: tuple[str, ...], since: str | None, until: str | None, every: bool
) -> None:
    """Try refused records again: what is an event now is stored. Prints one JSON line."""
    from aggregator.requeue import requeue
    from aggregator.store.refused import Choice
    from collector.refused_again import RefusedRequests
    from pixels.errors import BadParameter
    from pixels.rejected import period_of

    if not (ids or reasons or since or until or every):
        raise BadParameter("id", "say which: ids, --reason, --since, --until, or --all for every refusal there is")
    settings, period = _settings(), period_of(since, until)
    result = requeue(settings, Choice(reasons, period.start, period.end, ids), RefusedRequests(settings).judge)
    click.echo(result.as_json())


@main.group("banners")
def banners_group() -> None:
    """Say to whom banners belong and what they cost."""


@banners_group.command("import")
@click.argument("file", metavar="FILE")
@click.option("--replace", is_flag=True, help="Remove the banners that the file does not name.")
@click.option("--check", is_flag=True, help="Store nothing; only say what would change.")
@click.option("--wait", is_flag=True, help="Wait for a pass that is at work, instead of ending with 75.")
def banners_import(file: str, replace: bool, check: bool, wait: bool) -> None:
    """Take affiliate, campaign, name and cost of banners from a CSV file; - is standard input. Prints one JSON line."""
    from aggregator.banners import run_banner_import

    run_banner_import(_settings(), file, replace=replace, check=check, wait=wait)


@banners_group.command("ls")
@_output
def banners_ls(output: Format) -> None:
    """List what is known of banners; the CSV can be imported again."""
    from pixels.known_banners import as_text
    from pixels.opening import open_warehouse

    with open_warehouse() as warehouse:
        click.echo(as_text(warehouse.known_banners(), output))
