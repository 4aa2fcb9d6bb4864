"""The funnel as bars that are a table: every bar's number can be read as text."""

from __future__ import annotations

from typing import Any

from panel_app import words
from panel_app.blocks.markup import text
from panel_app.figures import WINDOW_DAYS, Figures
from pixels.plots.theme import EVENT_COLORS, STEP_LABELS


def funnel_table(figures: Figures) -> str:
    """Draw a bar for each step: people, and their share of those who entered."""
    funnel = figures.now.funnel
    rows = "".join(_row(step) for step in funnel.iter_rows(named=True))
    return (
        '<div class="sized"><table class="funnel"><thead><tr><th>Step</th><th></th><th>People</th>'
        f"<th>Of those who entered</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def funnel_note(figures: Figures) -> str:
    """Say who is counted, and how many of them may still go on."""
    immature = figures.now.funnel["immature"].item(0) if not figures.now.funnel.is_empty() else 0
    entered = "on " if figures.period.start == figures.period.end else ""
    said = f"People who entered {entered}{words.days(figures.period)}, their next steps within {WINDOW_DAYS} days of the entry."
    if immature:
        said += (
            f" {words.counted(immature, 'person', 'people')} entered less than {WINDOW_DAYS} days before the data ends"
            " and may still go on."
        )
    return f'<p class="note funnel-note">{text(said)}</p>'


def _row(step: dict[str, Any]) -> str:
    name, rate = step["event_type"], step["rate"]
    width = max(0.6, 100 * rate) if rate else 0  # a bar that stands for somebody can be seen
    return (
        f'<tr><th scope="row">{text(STEP_LABELS[name])}</th>'
        f'<td class="funnel-bar"><div style="width:{width:.2f}%;background:{EVENT_COLORS[name]}"></div></td>'
        f'<td class="people funnel-step-{text(name)}">{text(words.number(step["players"]))}</td>'
        f'<td class="funnel-rate-{text(name)}">{text(words.percent(rate))}</td></tr>'
    )
