"""`pixels dashboard`: one process that serves the overview to any number of browsers."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from pathlib import Path
from typing import Any

import panel as pn
import panel_material_ui as pmui
from bokeh.events import ConnectionLost
from bokeh.models import CustomJS
from bokeh.settings import settings as bokeh_settings
from panel.io.server import Server, get_server
from tornado.websocket import WebSocketClosedError

from panel_app.downloads import ROUTE, Downloads
from panel_app.pages import PAGES
from panel_app.session import Session
from panel_app.source import Published
from pixels.config import Settings
from pixels.errors import ConfigurationError
from pixels.ports import url

_LOST = "The dashboard does not answer. The figures stand still until it is back."
# A new server process knows nothing of the page's session, so the page is loaded anew.
_COME_BACK = """
const look = () => fetch(location.href, {cache: "no-store"}).then(() => location.reload(), () => setTimeout(look, 2000))
look()
"""
_WIDTH = 1_320
_ICON = Path(__file__).with_name("icon.svg")
_DARK = "#1c1f22"
# The bar that says that a page is busy has no name of its own, for those who hear the page.
_NAMED = {"MuiLinearProgress": {"defaultProps": {"aria-label": "Busy"}}}
_THEMES = {
    "light": {"palette": {"primary": {"main": "#0072B2"}}, "components": _NAMED},
    "dark": {
        "palette": {"primary": {"main": "#56B4E9"}, "background": {"default": _DARK, "paper": _DARK}},
        # The title is white in every theme, so the bar behind it stays dark.
        "components": {
            **_NAMED,
            "MuiAppBar": {"styleOverrides": {"root": {"backgroundColor": "#0d3a56", "color": "#fff"}}},
        },
    },
}
_EVERY_ADDRESS = ("", "0.0.0.0", "::")  # noqa: S104 - compared, not bound
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def serve(settings: Settings) -> None:
    """Serve the dashboard until SIGTERM or SIGINT; prints its address on stdout when the port is open.

    Port 0 picks a free one. Raises ConfigurationError when the address cannot be used.
    """
    pn.extension(notifications=True, disconnect_notification=_LOST)
    published = Published(settings.published_dir)
    server = _listen(published, settings)
    loop = server.io_loop
    loop.asyncio_loop.set_exception_handler(_log_unless_a_browser_left)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.add_callback_from_signal(loop.stop))
    server.start()
    print(f"dashboard: listening on {url(settings.host, server.port)}", flush=True)
    loop.start()
    server.stop()
    published.close()


def page(published: Published, settings: Settings) -> pmui.Page:
    """Return the dashboard for one session."""
    pn.state.curdoc.js_on_event(ConnectionLost, CustomJS(code=_COME_BACK))
    before = _busy_watchers()
    shown = pmui.Page(
        title="Pixels",
        favicon=_ICON,
        main=[Session(published, settings, PAGES, _asked()).view],
        main_width=_WIDTH,
        busy_indicator=None,
        theme_config=_THEMES,
    )
    # A Page listens to Panel's global `state.busy`, which would keep the pages of all sessions there ever were.
    for watcher in _busy_watchers():
        if watcher not in before:
            pn.state.param.unwatch(watcher)
    return shown


def _asked() -> str:
    """Return the address that the browser asked for, relative to the dashboard's."""
    location = pn.state.location
    return f"./{location.pathname.rpartition('/')[2]}{location.search}" if location else "./"


def _busy_watchers() -> list[Any]:
    return list(pn.state.param.watchers.get("busy", {}).get("value", []))


def _listen(published: Published, settings: Settings) -> Server:
    try:
        server = get_server(
            {f"/{shown.slug}": lambda: page(published, settings) for shown in PAGES},
            title="Pixels",
            address=settings.host or None,
            port=settings.dashboard_port,
            show=False,
            extra_patterns=[(ROUTE, Downloads, {"source": published, "pages": PAGES, "allowed": lambda *_: True})],
            warm=True,
        )
    except OSError as error:
        raise ConfigurationError(
            f"The dashboard cannot listen on {settings.host} port {settings.dashboard_port}: {error}. "
            "Set PIXELS_HOST and PIXELS_DASHBOARD_PORT, or end the program that has the port."
        ) from error
    if not os.environ.get("BOKEH_ALLOW_WS_ORIGIN"):
        bokeh_settings.allowed_ws_origin = origins(settings.host, server.port)
    return server


def _log_unless_a_browser_left(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what went wrong in a task; a page that was closed while figures were on their way to it is nothing wrong."""
    if not isinstance(context.get("exception"), WebSocketClosedError):
        loop.default_exception_handler(context)


def origins(host: str, port: int) -> list[str]:
    """Return the addresses by which a browser may have come: a page of another site must not read the figures."""
    names = {host, *_LOOPBACK}
    if host in _EVERY_ADDRESS:
        names = {*_LOOPBACK, socket.gethostname(), socket.getfqdn(), *_own_addresses()}
    return sorted(f"[{name}]:{port}" if ":" in name else f"{name}:{port}" for name in names)


def _own_addresses() -> set[str]:
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(socket.gethostname(), None)}
    except OSError:
        return set()
