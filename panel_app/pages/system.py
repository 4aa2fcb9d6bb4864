"""For those who run Pixels: passes, what waits, the snapshot, the rebuild check, settings, versions, room."""

from __future__ import annotations

from datetime import timedelta

from panel_app import words
from panel_app.blocks.attention import attention
from panel_app.blocks.exports import exports
from panel_app.blocks.layout import section, side_by_side, stack
from panel_app.blocks.markup import text
from panel_app.blocks.passes import passes_bars, passes_table, with_times
from panel_app.blocks.rebuild_check import last_check_of, rebuild_check
from panel_app.blocks.system import log_and_spool, settings_facts, snapshot_facts, system_cards, versions
from panel_app.page import Go, Page, Shown
from panel_app.screen import Screen
from panel_app.system import RUNS, System, read_system

_HOLDS_FOR = timedelta(seconds=4)


class SystemView:
    """The widgets of one session."""

    def __init__(self, go: Go, moves_address: bool) -> None:
        self._is_served = moves_address
        self._top, self._passes, self._waits, self._snapshot, self._check, self._settings, self._versions = (
            Screen(on_go=go, moves_address=moves_address) for _ in range(7)
        )
        self.layout = stack(
            section(self._top),
            section(self._passes),
            side_by_side(section(self._snapshot), section(self._waits)),
            side_by_side(stack(section(self._check), section(self._versions)), section(self._settings)),
        )

    def show(self, shown: Shown) -> None:
        """Draw all of it."""
        system: System = shown.answer
        zone = shown.situation.time_zone
        runs = with_times(system.runs)
        self._top.show(f"<h2>What asks for attention</h2>{attention(shown, runs)}{system_cards(shown)}{_seen(shown)}")
        ways = exports(shown.address, "runs", notebook=True) if self._is_served else ""
        self._passes.show(
            f'<div class="line"><h2>Passes</h2>{ways}</div>{passes_bars(runs, zone)}{passes_table(runs, zone)}{_of_passes(shown)}'
        )
        self._waits.show(log_and_spool(shown))
        self._snapshot.show(snapshot_facts(shown))
        self._check.show(f"<h2>Rebuild check</h2>{rebuild_check(last_check_of(shown.standing), zone)}{_how_to_check()}")
        self._settings.show(settings_facts(shown))
        self._versions.show(versions(shown))


def _seen(shown: Shown) -> str:
    """Say when this was looked at, and what cannot be seen from here."""
    system: System = shown.answer
    at = text(words.instant_to_the_second(system.looked_at, shown.situation.time_zone))
    return (
        f'<p class="note">Looked at {at}. Whether the collector answers is not seen from here: <code>/readyz</code> and '
        "<code>/metrics</code> on its own port say so.</p>"
    )


def _of_passes(shown: Shown) -> str:
    return (
        f'<p class="note">The newest {RUNS} runs that snapshot {shown.standing.snapshot} knows. Took: until all was stored, without '
        "publishing. Behind: how old the newest event could be that it did not count. Passes since then found nothing new, or are not "
        "published yet. One that failed before it stored anything has no row: the log of <code>pixels aggregate</code> has it.</p>"
    )


def _how_to_check() -> str:
    return (
        '<p class="note">To check again: <code>pixels rebuild --check --wait</code> on the machine of the warehouse, once a week by '
        "cron, say. Passes wait meanwhile; it exits with 65 when anything differs.</p>"
    )


SYSTEM = Page(
    slug="system",
    title="System",
    read=read_system,
    view=SystemView,
    tables={"runs": lambda shown: shown.answer.runs},
    notebook=lambda shown: [f"wh.runs({RUNS})", "wh.provenance()", "wh.status()"],
    is_in_more=True,
    shows_before_events=True,
    holds_for=_HOLDS_FOR,
    filters=(),
)
