"""The command line: a thin layer. Each command reads the settings, calls one function, and turns errors into exit codes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pixels import __version__
from pixels.config import Settings, load_settings
from pixels.errors import CANNOT_READ_OR_WRITE, PixelsError

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


def _settings(**overrides: object) -> Settings:
    """Read the settings; an option that was given wins over the environment."""
    return load_settings(**{name: value for name, value in overrides.items() if value is not None})


class _Commands(click.Group):
    """Prints expected errors as one message on stderr and exits with their code."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
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
@_host
@_port
@click.option("--browser/--no-browser", default=True, help="Open a browser on it.")
def lab(host: str | None, port: int | None, browser: bool) -> None:
    """Start JupyterLab with the notebooks, and the numbers one line away."""
    from pixels.lab import run_lab

    sys.exit(run_lab(_settings(host=host, lab_port=port), browser=browser))


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


@main.command()
@click.argument("name")
@click.option(
    "-p", "parameters", multiple=True, callback=_parameters, metavar="KEY=VALUE", help="A parameter of the report."
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for the result.")
def report(name: str, parameters: dict[str, str], out: Path | None) -> None:
    """Run the report NAME (a notebook with parameters) and write it as one HTML file."""
    from pixels.reports import run_report

    settings = _settings()
    result = run_report(name, parameters, settings, out=out or settings.reports_dir)
    click.echo(result.html)


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
    from pixels.period import parse_day
    from pixels.warehouse import open_warehouse
    from pixels.why_text import as_text

    with open_warehouse() as warehouse:
        found = warehouse.why(date, type, banner)
    click.echo(as_text(found, parse_day("date", date), type, banner, output, limit))
