"""HTML blocks: one style, and text that stays text."""

from __future__ import annotations

import html
from functools import cache
from pathlib import Path
from typing import Any

import panel as pn

GAP = "14px"
_CARD = """
:host {
  background: var(--panel-surface-color, var(--jp-layout-color1, #fff));
  border: 1px solid color-mix(in srgb, var(--panel-on-surface-color, #1c1c1c) 14%, transparent);
  border-radius: 10px; padding: 16px; gap: 10px; box-sizing: border-box; min-width: 0;
}
"""
_LINE = ":host { flex-wrap: wrap; gap: 8px 12px; align-items: center; min-height: 36px; }"
_PAGE = """
:host { padding: 14px 24px 32px; box-sizing: border-box; }
@media (max-width: 600px) { :host { padding: 12px 16px 24px; } }
"""
_SIDE_BY_SIDE = f"""
:host {{
  display: grid !important; gap: {GAP}; align-items: start; width: 100%;
  grid-template-columns: minmax(0, 1fr);
}}
@media (min-width: 1000px) {{ :host {{ grid-template-columns: minmax(0, 5fr) minmax(0, 7fr); }} }}
"""


@cache
def style() -> str:
    """Return the style sheet of all blocks."""
    return Path(__file__).parents[1].joinpath("style.css").read_text("utf-8")


def text(value: object) -> str:
    """Escape what is to be read as text, in an element or in a quoted attribute."""
    return html.escape(str(value), quote=True)


def block(content: Any, **options: Any) -> pn.pane.HTML:
    """Return a pane for HTML, or for a function of parameters that returns HTML; what it shows is replaced in place."""
    return pn.pane.HTML(
        content, stylesheets=[style()], sizing_mode="stretch_width", margin=0, disable_math=True, **options
    )


def title(words: str) -> pn.pane.HTML:
    """Return the heading of a section, as wide as its words, so that controls fit beside it."""
    return pn.pane.HTML(
        f"<h2>{text(words)}</h2>",
        stylesheets=[style(), ":host { flex: 1 1 auto; }"],
        align="center",
        margin=0,
        disable_math=True,
    )


def stack(*parts: Any, **options: Any) -> pn.Column:
    """Return the parts one above the other."""
    return pn.Column(*parts, sizing_mode="stretch_width", margin=0, styles={"gap": GAP}, **options)


def whole_page(*parts: Any) -> pn.Column:
    """Return the parts one above the other, with room around them."""
    return pn.Column(*parts, stylesheets=[_PAGE], sizing_mode="stretch_width", margin=0, styles={"gap": GAP})


def section(*parts: Any) -> pn.Column:
    """Return a card that holds the parts one above the other."""
    return pn.Column(*parts, stylesheets=[_CARD], sizing_mode="stretch_width", margin=0)


def line(*parts: Any) -> pn.Row:
    """Return the parts beside each other, in as many lines as the page's width asks for."""
    return pn.Row(*parts, stylesheets=[_LINE], sizing_mode="stretch_width", margin=0)


def side_by_side(*parts: Any) -> pn.Column:
    """Return the parts beside each other where the page is wide enough, else one above the other."""
    return pn.Column(*parts, stylesheets=[_SIDE_BY_SIDE], sizing_mode="stretch_width", margin=0)
