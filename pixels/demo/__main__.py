"""`python -m pixels.demo`: the two processes that make a demo, the history and the live pixels."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime
from threading import Event

import click

from pixels.config import load_settings
from pixels.demo import backfill, live
from pixels.errors import PixelsError


@click.command()
@click.option("--backfill", "fill", is_flag=True, help="Write the history into the demo home PIXELS_HOME, once.")
@click.option("--collector", metavar="URL", help="Send live pixels to this collector, until SIGINT or SIGTERM.")
@click.option("--seed", type=int, help="Invent the same visitors again.")
def main(fill: bool, collector: str | None, seed: int | None) -> None:
    """Make demo data: with --backfill the history, with --collector live pixels."""
    if fill == bool(collector):
        raise click.UsageError("give either --backfill or --collector URL")
    try:
        if collector:
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            with suppress(KeyboardInterrupt):
                live(collector, Event(), seed)
        else:
            click.echo(f"{backfill(load_settings(), now=datetime.now(UTC))} events written")
    except PixelsError as error:
        click.echo(f"pixels: {error}", err=True)
        sys.exit(error.exit_code)


main(prog_name="python -m pixels.demo")
