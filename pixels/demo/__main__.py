"""`python -m pixels.demo`: the two processes that make a demo, the history and the live pixels."""

from __future__ import annotations

import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event

import click

from pixels.config import load_settings
from pixels.demo import backfill, live
from pixels.errors import PixelsError

_LOOK_EVERY_S = 0.5


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
            _send_until_told_to_end(collector, seed)
        else:
            click.echo(f"{backfill(load_settings(), now=datetime.now(UTC))} events written")
    except PixelsError as error:
        click.echo(f"pixels: {error}", err=True)
        sys.exit(error.exit_code)


def _send_until_told_to_end(collector: str, seed: int | None) -> None:
    """Send in a thread, and take the signals where this one waits: an exception that a signal raises can get lost."""
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    stop = Event()
    with ThreadPoolExecutor(1) as sender:
        sending = sender.submit(live, collector, stop, seed)
        while not sending.done() and signal.sigtimedwait(ends, _LOOK_EVERY_S) is None:
            pass
        stop.set()
        sending.result()


main(prog_name="python -m pixels.demo")
