"""What a view shows, without a browser."""

from __future__ import annotations

import panel as pn

from panel_app.screen import Screen


def html(view: pn.viewable.Viewable) -> str:
    """All that the screens of a view show."""
    return "\n".join(screen.html for screen in view.select(Screen))
