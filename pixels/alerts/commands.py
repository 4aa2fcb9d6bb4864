"""`pixels alerts`."""

from __future__ import annotations

import sys

import click

from pixels.config import load_settings

_NOT_DELIVERED = 69


@click.group()
def alerts() -> None:
    """Tell people what they are to hear of without looking: the rules of alerts.toml."""


@alerts.command()
def check() -> None:
    """Look at every rule once, and tell what is new and what is over; for cron."""
    from pixels.alerts.check import Checker

    found = Checker(load_settings()).check()
    if found is None:
        click.echo("pixels: another check is at work", err=True)
        return
    if not found:
        click.echo("There is no rule: docs/insight.md says how alerts.toml is written.")
    for one in found:
        click.echo(one.as_text(), err=bool(one.is_undelivered or one.problem))
    if any(one.is_undelivered for one in found):
        sys.exit(_NOT_DELIVERED)
    sys.exit(next((one.exit_code for one in found if one.problem), 0))
