"""How parts of a page stand: above each other, beside each other, as a card."""

from __future__ import annotations

from typing import Any

import panel as pn

GAP = "12px"
# Panel gives every column a button that is never seen here, and that would take a gap: before the parts, or after them.
_PARTS_ALONE = ".scroll-button { display: none; }"
_CARD = """
:host {
  background: var(--panel-surface-color, var(--jp-layout-color1, #fff));
  border: 1px solid color-mix(in srgb, var(--panel-on-surface-color, #1c1c1c) 14%, transparent);
  border-radius: 10px; padding: 12px 16px; gap: 6px; box-sizing: border-box; min-width: 0;
}
"""
_PAGE = """
:host { padding: 8px 24px 24px; box-sizing: border-box; }
@media (max-width: 600px) { :host { padding: 8px 12px 24px; } }
"""
_SIDE_BY_SIDE = f"""
:host {{
  display: grid !important; gap: {GAP}; align-items: stretch; width: 100%;
  grid-template-columns: minmax(0, 1fr);
}}
@media (min-width: 1100px) {{ :host {{ grid-template-columns: minmax(0, 5fr) minmax(0, 7fr); }} }}
"""


def stack(*parts: Any, **options: Any) -> pn.Column:
    """Return the parts one above the other."""
    return pn.Column(
        *parts, stylesheets=[_PARTS_ALONE], sizing_mode="stretch_width", margin=0, styles={"gap": GAP}, **options
    )


def whole_page(*parts: Any) -> pn.Column:
    """Return the parts one above the other, with room around them."""
    return pn.Column(
        *parts, stylesheets=[_PARTS_ALONE, _PAGE], sizing_mode="stretch_width", margin=0, styles={"gap": GAP}
    )


def section(*parts: Any) -> pn.Column:
    """Return a card that holds the parts one above the other."""
    return pn.Column(*parts, stylesheets=[_PARTS_ALONE, _CARD], sizing_mode="stretch_width", margin=0)


def side_by_side(*parts: Any) -> pn.Column:
    """Return the parts beside each other where the page is wide enough, else one above the other."""
    return pn.Column(*parts, stylesheets=[_PARTS_ALONE, _SIDE_BY_SIDE], sizing_mode="stretch_width", margin=0)
