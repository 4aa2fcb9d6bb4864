"""What waits, what is published and by which settings, and which versions made it."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from datetime import datetime

import duckdb
import panel as pn
import polars as pl

from panel_app import words
from panel_app.blocks.markup import name, text
from panel_app.figures import WINDOW_DAYS
from panel_app.machine import Machine, Slot, Slots
from panel_app.page import Shown
from panel_app.system import System
from pixels import __version__

_MOST_SNAPSHOTS = 40
_NO_MACHINE = '<p class="note">Only a snapshot is known here: what waits beside it is told by the dashboard of its own machine.</p>'


def system_cards(shown: Shown) -> str:
    """Draw how far the figures are behind, what waits, and the room that is left."""
    system: System = shown.answer
    standing, zone, machine = shown.standing, shown.situation.time_zone, system.machine
    behind = f"data through {_clock(standing.complete_until, zone)}"
    parts = [
        _card("Last pass", _since(standing.last_pass_at, system), f"ended {_clock(standing.last_pass_at, zone)}"),
        _card("Figures are behind", _age(standing.complete_until, system), behind),
    ]
    if machine:
        parts += [
            _not_counted_card(machine, system),
            _spool_card(machine, system),
            _card("Left on the disk", words.size(machine.free_bytes), f"of {words.size(machine.total_bytes)}"),
        ]
    return f'<div class="sized"><div class="cards cards-{len(parts)}">{"".join(parts)}</div></div>'


def _card(label: str, value: str, note: str) -> str:
    return (
        f'<div class="card"><span class="card-label">{text(label)}</span><span class="card-line"><span class="card-value">'
        f'{text(value)}</span></span><span class="card-note">{text(note)}</span></div>'
    )


def _not_counted_card(machine: Machine, system: System) -> str:
    if machine.uses_kafka and not machine.log.waiting:
        return _card("Not counted yet", words.NONE, "Kafka is not asked from here")
    return _waiting_card("Not counted yet", machine.log, system)


def _spool_card(machine: Machine, system: System) -> str:
    if machine.spool.is_missing and not machine.log.is_missing:
        return _card("In the spool", words.number(0), "there is no spool here")
    return _waiting_card("In the spool", machine.spool, system)


def _waiting_card(label: str, slots: Slots, system: System) -> str:
    if slots.problem:
        return _card(label, words.NONE, "not known here")
    note = f"the oldest for {_age(slots.oldest, system)}" if slots.oldest else "nothing waits"
    if slots.unreadable:
        note = f"without {words.counted(len(slots.unreadable), 'file')} that cannot be read"
    return _card(label, words.number(slots.waiting), note)


def log_and_spool(shown: Shown) -> str:
    """Draw what waits in each file of the log and of the spool."""
    system: System = shown.answer
    lost = system.provenance.records_lost
    told = (
        f'<p class="down">{words.counted(lost, "record")} of the log were deleted before a pass read them, ever (table '
        "<code>log_gaps</code>): they are in no figure.</p>"
        if lost
        else '<p class="note">No record of the log was ever deleted before a pass read it.</p>'
    )
    if system.machine is None:
        return f"<h2>Log and spool</h2>{_NO_MACHINE}{told}"
    zone = shown.situation.time_zone
    return f"<h2>Log and spool</h2>{_log(system.machine, zone)}{told}{_spool(system.machine.spool, zone)}"


def _log(machine: Machine, zone: str) -> str:
    kafka = (
        '<p class="note">Events go to Kafka. How far its topic is ahead is not known here: monitors of lag see it in the consumer '
        "group <code>pixels-aggregator</code>.</p>"
        if machine.uses_kafka
        else ""
    )
    log = machine.log
    if not log.problem:
        return f"<h3>Log: received, and in no figure yet</h3>{kafka}{_slots(log.slots, zone)}"
    why = (
        ""
        if machine.uses_kafka
        else f"<p>What waits is not known: the folder <code>log</code> cannot be looked into ({text(log.problem)}). Nothing was received "
        "on this machine yet, or the collector runs on another one or as another user: run the dashboard beside it.</p>"
    )
    return f"<h3>Log: received, and in no figure yet</h3>{kafka}{why}"


def _spool(spool: Slots, zone: str) -> str:
    head = "<h3>Spool: waits for Kafka</h3>"
    if spool.is_missing:
        return f'{head}<p class="note">There is no spool here; a collector with Kafka makes one where it runs.</p>'
    if spool.problem:
        return f'{head}<p class="down">What waits is not known: the folder cannot be looked into ({text(spool.problem)}).</p>'
    return head + _slots(spool.slots, zone)


def _slots(slots: Iterable[Slot], zone: str) -> str:
    rows = "".join(_slot(slot, zone) for slot in slots)
    if not rows:
        return '<p class="note">No worker has a file here.</p>'
    headings = "".join(f'<th scope="col">{one}</th>' for one in ("File", "Events", "Refusals", "Oldest", "Size"))
    return (
        '<div class="scrolls" tabindex="0" role="group" aria-label="Files"><table class="slots"><thead><tr>'
        f"{headings}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _slot(slot: Slot, zone: str) -> str:
    if slot.problem:
        what = f'<td class="why" colspan="3">cannot be read: {text(slot.problem)}</td>'
    else:
        oldest = _clock(slot.oldest, zone) if slot.oldest else words.NONE
        what = f"<td>{words.number(slot.events)}</td><td>{words.number(slot.refusals)}</td><td>{text(oldest)}</td>"
    return f'<tr><th scope="row">{text(slot.name)}</th>{what}<td>{words.size(slot.size)}</td></tr>'


def snapshot_facts(shown: Shown) -> str:
    """Draw which snapshot is shown, what it is of, and which others are kept."""
    system: System = shown.answer
    zone, standing, what = shown.situation.time_zone, shown.standing, system.provenance
    kept = "; ".join(f"{number} ({words.size(size)})" for number, size in _newest(system.machine))
    size = (
        f"{words.size(system.machine.warehouse_bytes)}, " if system.machine and system.machine.warehouse_bytes else ""
    )
    return "<h2>Snapshot</h2>" + _facts(
        ("Number", f"{standing.snapshot}, the newest run that changed a figure"),
        ("Made", f"{_clock(standing.as_of, zone)}, {_since(standing.as_of, system)}"),
        ("File", f"{system.snapshot_file}, {words.size(system.snapshot_bytes)}"),
        ("Also kept", kept),
        ("Archive", f"{words.counted(what.archived_files, 'file')}, {words.size(what.archived_bytes)}"),
        ("Warehouse", what.warehouse_uuid),
        ("Its file", f"{size}made {_clock(what.made_at, zone)}"),
    )


def _newest(machine: Machine | None) -> list[tuple[int, int]]:
    return sorted(machine.snapshots.items(), reverse=True)[1 : _MOST_SNAPSHOTS + 1] if machine else []


def settings_facts(shown: Shown) -> str:
    """Draw the settings that decide numbers, and where each is written."""
    system: System = shown.answer
    settings = system.settings
    crawlers = "count" if system.provenance.count_bots else "do not count"
    own: list[tuple[str, str]] = []
    if settings is not None:
        own = [
            ("Records stay", f"{words.counted(settings.retention_days, 'day')}, then they go to the archive"),
            ("The log keeps", f"stored records for {words.as_text(f'{settings.log_retention_days:g}')} days"),
            (
                "Snapshots kept",
                f"{settings.keep_snapshots}, and the last of {words.counted(settings.keep_months, 'month')}",
            ),
        ]
    return (
        "<h2>Settings that decide numbers</h2>"
        + _facts(
            ("Time zone", shown.situation.time_zone),
            ("Crawlers", f"their visits {crawlers}"),
            ("Conversion", f"within {WINDOW_DAYS} days of the entry"),
            ("Parts of a tag", system.tag_pattern),
            *own,
        )
        + '<p class="note">Time zone and crawlers are written in the warehouse; the others are what this dashboard was started with, '
        "and passes may have been started with others.</p>"
    )


def versions(shown: Shown) -> str:
    """Draw which versions made and show the figures."""
    writer = getattr(shown.standing, "code_version", "") or words.NONE
    schema = getattr(shown.standing, "schema_version", None)
    return "<h2>Versions</h2>" + _facts(
        ("Pixels", f"{__version__} here, {writer} in the last pass"),
        *([("Schema", str(schema))] if schema is not None else []),
        ("Python", platform.python_version()),
        ("Libraries", f"DuckDB {duckdb.__version__}, Polars {pl.__version__}, Panel {pn.__version__}"),
    )


def _facts(*pairs: tuple[str, str]) -> str:
    lines = "".join(f"<dt>{text(label)}</dt><dd>{name(value)}</dd>" for label, value in pairs if value)
    return f'<dl class="facts">{lines}</dl>'


def _clock(instant: datetime, zone: str) -> str:
    return words.instant_to_the_second(instant, zone)


def _age(instant: datetime | None, system: System) -> str:
    return words.short_duration((system.looked_at - instant).total_seconds()) if instant else words.NONE


def _since(instant: datetime, system: System) -> str:
    return f"{_age(instant, system)} ago"
