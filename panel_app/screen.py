"""HTML in a page, whose links and forms lead to other states of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent

_STATIC = Path(__file__).with_name("static")


@cache
def _script() -> str:
    # Idiomorph changes what is on the page into what is to be on it: scroll, focus and open menus stay as they are.
    return "\n".join(_STATIC.joinpath(name).read_text("utf-8") for name in ("idiomorph.min.js", "screen.js"))


@cache
def style() -> str:
    """Return the style sheet of all blocks."""
    return _STATIC.parent.joinpath("style.css").read_text("utf-8")


class Screen(JSComponent):
    """Shows HTML. New HTML changes the old in place; links and forms with `data-go` call `on_go` with their address.
    Forms with `data-send` call `on_send` with what is filled in: for what is to happen once, and in nobody's address.

    data-go on `a`, `form`   where it leads, instead of loading the page
    data-copy on `button`    copies the text of the element with that id
    data-narrows on `input`  leaves of the list with that id what holds the text that is typed
    data-menu on `details`   closes when something else is clicked, or with Escape
    """

    html = param.String()
    moves_address = param.Boolean(default=False, doc="Whether the browser's address follows, as on a page of its own.")
    address = param.String(doc="What the browser's address is to be, where it says the same in other words.")
    hears_back = param.Boolean(default=False, doc="Whether this one tells of the browser's back and forward.")

    _esm = _script()

    def __init__(
        self,
        html: str = "",
        on_go: Callable[[str], None] | None = None,
        on_send: Callable[[Mapping[str, str]], None] | None = None,
        **options: Any,
    ) -> None:
        look = {"sizing_mode": "stretch_width", "margin": 0, "stylesheets": [style(), *options.pop("stylesheets", [])]}
        super().__init__(html=html, **look, **options)
        self._on_go, self._on_send = on_go, on_send

    def show(self, html: str) -> None:
        """Show other HTML; the same as before sends nothing to the browser."""
        self.html = html

    def _handle_msg(self, data: Any) -> None:
        href = data.get("go") if isinstance(data, dict) else None
        if isinstance(href, str) and self._on_go is not None:
            self._on_go(href)
        sent = data.get("send") if isinstance(data, dict) else None
        if isinstance(sent, dict) and self._on_send is not None:
            self._on_send({str(name): value for name, value in sent.items() if isinstance(value, str)})
