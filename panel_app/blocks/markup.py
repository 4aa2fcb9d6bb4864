"""Pieces of HTML: text that stays text, links that lead to other states of the page."""

from __future__ import annotations

import html
from collections.abc import Iterable

from panel_app.address import Address
from panel_app.words import Quoted


def text(value: object) -> str:
    """Escape what is to be read as text, in an element or in a quoted attribute."""
    return html.escape(str(value), quote=True)


def name(value: str | None) -> str:
    """Write what a stranger named: set apart, so that its direction does not turn the words around it."""
    return '<span class="muted">(none)</span>' if value is None else f"<bdi>{text(value)}</bdi>"


def sentence(parts: Iterable[str | Quoted]) -> str:
    """Write a sentence with the names in it."""
    return "".join(f"<b>{name(part.name)}</b>" if isinstance(part, Quoted) else text(part) for part in parts)


def link(to: Address, inside: str, css: str = "", *, current: bool = False, label: str = "") -> str:
    """Return a link to another state of the page; `inside` is markup. A modifier key opens it in a page of its own."""
    classes = f"{css}{' current' if current else ''}".strip()
    more = [f'class="{classes}"'] if classes else []
    more += ['aria-current="true"'] if current else []
    more += [f'aria-label="{text(label)}"'] if label else []
    return f'<a data-go href="{text(to.href)}" {" ".join(more)}>{inside}</a>'


def skeleton(width: str) -> str:
    """Return a bar in the place of what is not known yet, as high as the text will be."""
    return f'<span class="skeleton" style="width:{width}" aria-label="loading">&nbsp;</span>'
