"""What the last comparison of the figures with the records found."""

from __future__ import annotations

from panel_app import words
from panel_app.blocks.markup import text
from panel_app.source import Standing
from pixels.pointer import LastCheck


def last_check_of(standing: Standing) -> LastCheck | None:
    """Return the newest comparison that is known; None when there was none, or whoever says what is published does not say."""
    found = getattr(standing, "last_check", None)
    return found if isinstance(found, LastCheck) else None


def rebuild_check(last: LastCheck | None, time_zone: str) -> str:
    """Draw when the figures were compared with the records, and what differed."""
    if last is None:
        return (
            "<p>No check was made yet. <code>pixels rebuild --check</code> computes every figure anew from the records, "
            "compares, and says here what it found; it changes nothing.</p>"
        )
    at = text(words.instant(last.checked_at, time_zone))
    if last.equal:
        return f'<p class="proved">Every figure of snapshot {last.snapshot} was computed anew on {at}: <b>all are equal</b>.</p>'
    tables = ", ".join(f"{text(table)} {words.number(rows)}" for table, rows in last.differences.items())
    return (
        f'<p class="down"><b>Figures of snapshot {last.snapshot} differ from their records</b> (checked {at}): {tables} rows. '
        "<code>pixels rebuild</code> computes them anew.</p>"
    )
