"""What somebody should look at, with what to do, by the same limits as the alerts of docs/operations.md."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import polars as pl

from panel_app import words
from panel_app.blocks.markup import text
from panel_app.blocks.rebuild_check import last_check_of
from panel_app.machine import Machine, Slots
from panel_app.page import Shown
from panel_app.system import System
from pixels import __version__

TOO_LONG = timedelta(minutes=10)
"""From when on something that waits is told of."""
LEAST_FREE = 1_000_000_000


def attention(shown: Shown, runs: pl.DataFrame) -> str:
    """Draw what is to be looked at; `runs` as `with_times` returns them."""
    system: System = shown.answer
    found = [*_of_figures(shown, runs), *(_of_machine(shown, system, system.machine) if system.machine else ())]
    if not found:
        return '<p class="proved">Nothing that can be seen from here asks for attention.</p>'
    return f'<ul class="look">{"".join(f"<li>{one}</li>" for one in found)}</ul>'


def _of_figures(shown: Shown, runs: pl.DataFrame) -> Iterator[str]:
    age = shown.answer.looked_at - shown.standing.last_pass_at
    if age > words.LATE:
        yield (
            f'<b class="down">No pass has ended for {words.short_duration(age.total_seconds())}.</b> Events are received and kept all '
            "the same. See that <code>pixels aggregate</code> runs: its log says why it does not."
        )
    check = last_check_of(shown.standing)
    if check is not None and not check.equal:
        yield '<b class="down">The rebuild check found differences.</b> They are listed below, with what to do.'
    last = runs.filter(pl.col("kind") == "pass").head(1).to_dicts()
    if last and last[0]["moved"] is False and shown.standing.complete_until <= last[0]["complete_until"]:
        yield (
            f'<b class="down">Pass {last[0]["run_id"]} did not store all that waited</b>: it was cut short, or the spool held '
            "older records. The next pass goes on; when none does, the log of <code>pixels aggregate</code> says why."
        )
    writer = getattr(shown.standing, "code_version", "")
    if writer and writer != __version__:
        yield (
            f"Passes run Pixels {text(writer)}, this dashboard {text(__version__)}: restart what was started before the update."
        )


def _of_machine(shown: Shown, system: System, machine: Machine) -> Iterator[str]:
    zone = shown.situation.time_zone
    if waited := _too_long(machine.log, system):
        came_later = machine.log.oldest is not None and machine.log.oldest > shown.standing.last_pass_at
        why = (
            "No pass has ended since they came: see that <code>pixels aggregate</code> runs; its log says why it does not."
            if came_later
            else "Passes ended since they came, and yet they are in no figure: the log of <code>pixels aggregate</code> says why."
        )
        yield f'<b class="down">Received records wait for {waited}</b> to be counted. They are safe. {why}'
    if waited := _too_long(machine.spool, system):
        yield (
            f'<b class="down">The spool holds records for {waited}</b>: Kafka does not take them. Nothing is lost; mend Kafka, '
            "and the spool empties by itself."
        )
    for place, slots in (("log", machine.log), ("spool", machine.spool)):
        for slot in slots.unreadable:
            yield f'<b class="down">{text(slot.name)} of the {place} cannot be read</b>: {text(slot.problem)}.'
    needed = max(2 * machine.warehouse_bytes, LEAST_FREE)
    if machine.free_bytes < needed:
        yield (
            f'<b class="down">{words.size(machine.free_bytes)} are left on the disk.</b> A snapshot and a rebuild check take as much '
            f"as the warehouse each ({words.size(machine.warehouse_bytes)}), and a collector without room answers 503."
        )
    wanted = system.settings.timezone if system.settings else zone
    if wanted != zone:
        yield (
            f"Days are those of {text(zone)}, and PIXELS_TIMEZONE says {text(wanted)} here: passes with that setting do not start."
        )


def _too_long(slots: Slots, system: System) -> str:
    age = system.looked_at - slots.oldest if slots.oldest else timedelta()
    return words.duration(age.total_seconds()) if age > TOO_LONG else ""
