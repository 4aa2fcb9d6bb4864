"""The line above everything: what data this is and until when it is complete."""

from __future__ import annotations

from panel_app import words
from panel_app.blocks.markup import text
from panel_app.figures import Figures
from panel_app.state import OverviewState


def status_line(state: OverviewState) -> str:
    """Draw time zone, "data through", age of the last pass, refused events, and the badge of demo data."""
    standing = state.standing
    if standing is None:
        return ""
    parts = [
        f'<span>Data through <b class="data-through">{text(state.data_through())}</b></span>',
        f'<span class="last-pass {"late" if state.passes_are_late else "muted"}">{text(_pass(state))}</span>',
    ]
    if standing.is_demo:
        parts.insert(0, '<span class="demo-badge">Demo data</span>')
    if state.figures is not None and not state.figures.refused.is_empty():
        parts.append(f'<span class="refused">{text(refusals(state.figures))}</span>')
    return f'<div class="status">{"".join(parts)}</div>'


def problem(message: str) -> str:
    """Draw what stands in the way of newer figures."""
    return f'<div class="problem" role="alert">{text(message)}</div>' if message else ""


def refusals(figures: Figures) -> str:
    """Say how many events of the period were refused, and why."""
    reasons = ", ".join(f"{words.number(count)} {reason}" for reason, count in figures.refused.iter_rows())
    return f"{words.counted(int(figures.refused['count'].sum()), 'refused event', 'refused events')}: {reasons}"


def _pass(state: OverviewState) -> str:
    late = ": is `pixels aggregate` running?" if state.passes_are_late else ""
    return f"Last pass {state.last_pass}{late}"
