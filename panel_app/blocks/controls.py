"""What a person clicks: native Panel widgets, which also work in a notebook without a network, in the page's look."""

from __future__ import annotations

from collections.abc import Sequence

import panel as pn

from panel_app.blocks.markup import style

_BUTTONS = """
:host { flex: 0 1 auto; }
.bk-btn-group { display: flex; width: 100%; }
.bk-btn-group > .bk-btn, .bk-btn {
  flex: 1 1 auto; min-width: 0; padding: 7px 12px; border: 1px solid var(--px-line) !important; box-shadow: none !important;
  background: var(--px-card) !important; color: var(--px-text) !important;
  font-size: 13.5px; font-weight: 500; line-height: 1.3; text-transform: none; letter-spacing: 0;
}
.bk-btn-group > .bk-btn:hover, .bk-btn:hover { background: var(--px-tint) !important; }
.bk-btn-group > .bk-btn.bk-active { background: var(--px-accent) !important; color: var(--px-on-accent) !important; }
.bk-btn:focus-visible { outline: 2px solid var(--px-accent); outline-offset: 1px; }
.bk-btn-group > .bk-btn:not(:first-child) { border-left: 0 !important; border-radius: 0; }
.bk-btn-group > .bk-btn:first-child { border-radius: 8px 0 0 8px; }
.bk-btn-group > .bk-btn:last-child { border-radius: 0 8px 8px 0; }
.bk-btn { border-radius: 8px; }
@media (max-width: 480px) { .bk-btn-group > .bk-btn { padding: 7px 5px; font-size: 13px; } }
"""

_FILLED = """
.bk-btn, .bk-btn:hover { background: var(--px-accent) !important; color: var(--px-on-accent) !important; min-width: 90px; }
"""

_FIELD = """
.bk-input-group > label { display: none; }
input.bk-input {
  border: 1px solid var(--px-line); border-radius: 8px; background: var(--px-card); color: var(--px-text);
  font-size: 13.5px; height: 34px; min-height: 34px; padding: 0 12px; text-align: center; margin: 0;
}
.flatpickr-calendar, .flatpickr-months .flatpickr-month, .flatpickr-weekdays, span.flatpickr-weekday,
.flatpickr-current-month .flatpickr-monthDropdown-months {
  background: var(--px-card) !important; color: var(--px-text) !important; fill: var(--px-text) !important;
}
.flatpickr-calendar { border: 1px solid var(--px-line); box-shadow: 0 6px 20px rgb(0 0 0 / 25%); }
.flatpickr-calendar.arrowTop::before, .flatpickr-calendar.arrowTop::after { display: none; }
.flatpickr-prev-month, .flatpickr-next-month { color: var(--px-text) !important; fill: var(--px-text) !important; }
.flatpickr-current-month { font-size: 15px; }
.flatpickr-day { color: var(--px-text); }
.flatpickr-day.prevMonthDay, .flatpickr-day.nextMonthDay { color: var(--px-muted); }
.flatpickr-day:hover, .flatpickr-day.inRange {
  background: var(--px-tint); border-color: var(--px-tint);
  box-shadow: -5px 0 0 var(--px-tint), 5px 0 0 var(--px-tint);
}
.flatpickr-day.selected, .flatpickr-day.startRange, .flatpickr-day.endRange {
  background: var(--px-accent) !important; border-color: var(--px-accent) !important; color: var(--px-on-accent);
}
"""


def choices(name: str, options: Sequence[str], value: str, css_class: str) -> pn.widgets.RadioButtonGroup:
    """Return buttons beside each other, of which one is chosen."""
    return pn.widgets.RadioButtonGroup(
        label=name,
        options=list(options),
        value=value,
        margin=0,
        css_classes=[css_class],
        stylesheets=[style(), _BUTTONS],
    )


def days_picker() -> pn.widgets.DateRangePicker:
    """Return a field for a first and a last day, both included."""
    return pn.widgets.DateRangePicker(
        label="Days", width=230, margin=0, css_classes=["days"], stylesheets=[style(), _FIELD]
    )


def button(name: str, css_class: str, *, filled: bool = False) -> pn.widgets.Button:
    """Return a button; `filled` with the accent colour where it is the thing to do."""
    sheets = [style(), _BUTTONS, _FILLED] if filled else [style(), _BUTTONS]
    return pn.widgets.Button(label=name, margin=0, css_classes=[css_class], stylesheets=sheets)
