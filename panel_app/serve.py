"""`pixels dashboard`: one process that serves the overview to any number of browsers."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex
from typing import Any

import panel as pn
import panel_material_ui as pmui
from bokeh.events import ConnectionLost
from bokeh.models import CustomJS
from bokeh.server.util import check_allowlist
from bokeh.settings import settings as bokeh_settings
from panel.io.server import Server, get_server
from tornado.web import RequestHandler
from tornado.websocket import WebSocketClosedError

from panel_app import report_files
from panel_app.downloads import ROUTE, Downloads
from panel_app.page import Page
from panel_app.pages import PAGES
from panel_app.roles import Role, pages_for, role_of
from panel_app.session import Session
from panel_app.sign_in import SignIn
from panel_app.source import Published
from pixels.config import Settings
from pixels.errors import ConfigurationError
from pixels.numbers import numbers_for
from pixels.ports import is_this_machine, url

_LOST = "The dashboard does not answer. The figures stand still until it is back."
# A new server process knows nothing of the page's session, so the page is loaded anew.
_COME_BACK = """
const look = () => fetch(location.href, {cache: "no-store"}).then(() => location.reload(), () => setTimeout(look, 2000))
look()
"""
# What the browser draws itself, such as the calendar of a field, follows the theme too.
_BROWSERS_OWN = ":root.dark { color-scheme: dark; }"
_WIDTH = 1_320
_ICON = Path(__file__).with_name("icon.svg")
_DARK = "#1c1f22"
# The bar that says that a page is busy has no name of its own, for those who hear the page.
# And its button, on the bar, has no frame of its own where the keyboard is.
_FRAMED = {
    "styleOverrides": {"root": {"&:focus-visible": {"outline": "2px solid currentColor", "outlineOffset": "-4px"}}}
}
_NAMED = {"MuiLinearProgress": {"defaultProps": {"aria-label": "Busy"}}, "MuiIconButton": _FRAMED}
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
    pn.extension(notifications=True, disconnect_notification=_LOST, raw_css=[_BROWSERS_OWN])
    published = Published(settings.published_dir, settings)
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
    """Return the dashboard for one session, with the pages that its user may see."""
    user = pn.state.user if settings.dashboard_users else None
    role = role_of(settings.dashboard_users, user)
    pn.state.curdoc.js_on_event(ConnectionLost, CustomJS(code=_COME_BACK))
    before = _busy_watchers()
    shown = pmui.Page(
        title="Pixels",
        favicon=_ICON,
        main=[_main(published, settings, role, user)],
        main_width=_WIDTH,
        busy_indicator=None,
        theme_config=_THEMES,
    )
    # A Page listens to Panel's global `state.busy`, which would keep the pages of all sessions there ever were.
    for watcher in _busy_watchers():
        if watcher not in before:
            pn.state.param.unwatch(watcher)
    return shown


def _main(published: Published, settings: Settings, role: Role | None, user: str | None) -> Any:
    if role is None:  # signed in once, and taken off the list since
        return pn.pane.HTML('<p>You are not on the list of this dashboard. <a href="./logout">Sign out</a></p>')
    sees_people = role >= Role.ANALYST
    pages = pages_for(role, PAGES)
    numbers = numbers_for(pn.state.headers.get("Accept-Language", ""))
    return Session(published, settings, pages, _asked(), sees_people=sees_people, user=user or "", numbers=numbers).view


def _may_download(settings: Settings, door: SignIn | None) -> Callable[[RequestHandler, Page, str], bool]:
    """Return what says whether a request may have a table of a page."""

    def may(handler: RequestHandler, page: Page, table: str) -> bool:
        role = _role(settings, door, handler)
        return role is not None and (role >= Role.ANALYST or not (page.names_people or table in page.people_tables))

    return may


def _may_read_reports(settings: Settings, door: SignIn | None) -> Callable[[RequestHandler], bool]:
    """Return what says whether a request may have the files of reports: the notebooks in them may name people."""

    def may(handler: RequestHandler) -> bool:
        role = _role(settings, door, handler)
        return role is not None and role >= Role.ANALYST

    return may


def _role(settings: Settings, door: SignIn | None, handler: RequestHandler) -> Role | None:
    """Return the role of who sent a request; None: nobody that is known, or by a name that is not this dashboard's."""
    if not _came_by_a_known_name(handler.request.host):
        return None
    return role_of(settings.dashboard_users, door.user_of(handler) if door else None)


def _came_by_a_known_name(host: str) -> bool:
    """Whether a request names this dashboard as its host: a page whose name somebody points here (DNS rebinding) does not."""
    known = bokeh_settings.allowed_ws_origin() or []
    return host in known or check_allowlist(host, known)


def _asked() -> str:
    """Return the address that the browser asked for, relative to the dashboard's."""
    location = pn.state.location
    return f"./{location.pathname.rpartition('/')[2]}{location.search}" if location else "./"


def _busy_watchers() -> list[Any]:
    return list(pn.state.param.watchers.get("busy", {}).get("value", []))


def _listen(published: Published, settings: Settings) -> Server:
    if not settings.dashboard_users and not _is_here(settings.host):
        raise ConfigurationError(
            f"The dashboard would show its figures to whoever reaches {settings.host}: set PIXELS_DASHBOARD_USERS, so that people "
            "sign in (docs/dashboard.md), or PIXELS_HOST=127.0.0.1, so that only this machine reaches it."
        )
    door = _door(settings)
    secret = settings.dashboard_cookie_secret.get_secret_value() or token_hex(32)
    pn.config.cookie_secret = secret
    files = {"shelf": settings.reports_dir, "allowed": _may_read_reports(settings, door)}
    downloads = {"source": published, "pages": PAGES, "allowed": _may_download(settings, door)}
    try:
        server = get_server(
            {f"/{shown.slug}": lambda: page(published, settings) for shown in PAGES},
            title="Pixels",
            address=settings.host or None,
            port=settings.dashboard_port,
            show=False,
            extra_patterns=[(ROUTE, Downloads, downloads), (report_files.ROUTE, report_files.ReportFiles, files)],
            warm=True,
            **({"auth_provider": door, "cookie_secret": secret} if door else {}),
        )
    except OSError as error:
        raise ConfigurationError(
            f"The dashboard cannot listen on {settings.host} port {settings.dashboard_port}: {error}. "
            "Set PIXELS_HOST and PIXELS_DASHBOARD_PORT, or end the program that has the port."
        ) from error
    if not os.environ.get("BOKEH_ALLOW_WS_ORIGIN"):
        bokeh_settings.allowed_ws_origin = origins(settings.host, server.port)
    return server


def _door(settings: Settings) -> SignIn | None:
    """Return what people sign in by; None: nobody has to."""
    if not settings.dashboard_users:
        return None
    if settings.dashboard_oauth is None:
        return SignIn(settings.dashboard_users)
    from panel_app.oauth import OAuthSignIn

    return OAuthSignIn(settings.dashboard_users, settings.dashboard_oauth)


def _is_here(host: str) -> bool:
    """Whether an address to listen on is reached from this machine alone."""
    try:
        found = socket.getaddrinfo(host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        return True  # it cannot be listened on: that is said then
    return all(is_this_machine(str(address[0])) for *_, address in found)


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
