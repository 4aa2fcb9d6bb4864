"""Signing in: names and passwords, in the session cookies of Panel."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from panel import config
from panel.auth import BasicAuthProvider, BasicLoginHandler
from tornado.web import RequestHandler

from pixels.config import DashboardUser
from pixels.passwords import NOBODYS, matches

_TEMPLATE = Path(__file__).with_name("static") / "sign_in.html"
_SIGNED_OUT = Path(__file__).with_name("static") / "signed_out.html"
TRIES = 5
WAIT_S = 60.0
_NAMES_REMEMBERED = 10_000
_SIGNED_IN = "signed_in"
_MESSAGES = {
    "wrong": "This name and password do not belong together.",
    "wait": "Too many tries with this name: wait a minute.",
}


class Tries:
    """How often a wrong password was sent for a name: after `TRIES` of them nobody may try for `WAIT_S` seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._failed: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def must_wait(self, name: str) -> bool:
        """Whether tries with this name are turned away for now."""
        number, last = self._failed.get(name, (0, 0.0))
        return number >= TRIES and self._now() - last < WAIT_S

    def failed(self, name: str) -> None:
        """Count a wrong password. Names are remembered up to a bound, the newest of them."""
        number, last = self._failed.pop(name, (0, 0.0))
        self._failed[name] = (number % TRIES + 1 if self._now() - last >= WAIT_S else number + 1, self._now())
        if len(self._failed) > _NAMES_REMEMBERED:
            self._failed.popitem(last=False)

    def succeeded(self, name: str) -> None:
        """Forget what was wrong before."""
        self._failed.pop(name, None)


class SignIn(BasicAuthProvider):
    """Panel's sign-in, over the users of PIXELS_DASHBOARD_USERS."""

    def __init__(self, users: Mapping[str, DashboardUser]) -> None:
        self._users, self._tries = users, Tries()  # before the rest, which asks for the handlers
        super().__init__(login_template=str(_TEMPLATE), logout_template=str(_SIGNED_OUT))

    @property
    def login_handler(self) -> type[RequestHandler]:
        """The page with name and password."""
        return type(
            "Door", (_Door,), {"_login_template": self._login_template, "users": self._users, "tries": self._tries}
        )

    @property
    def get_user(self) -> Callable[[RequestHandler], str | None]:
        """Return what says who sent a request; a cookie from before the password was changed says nobody."""
        known = super().get_user

        def user(handler: RequestHandler) -> str | None:
            return known(handler) if self._still_holds(handler) else None

        return user

    def _still_holds(self, handler: RequestHandler) -> bool:
        name, since = (handler.get_secure_cookie(cookie) or b"" for cookie in ("user", _SIGNED_IN))
        user = self._users.get(name.decode("utf-8", "replace"))
        return user is not None and since.decode("utf-8", "replace") == _fingerprint(user)

    def user_of(self, handler: RequestHandler) -> str | None:
        """Return who sent a request; None: nobody who is signed in."""
        user: Any = self.get_user(handler)
        return user if user in self._users else None


def _fingerprint(user: DashboardUser) -> str:
    """Return what changes with the password, and tells nothing of it."""
    password = user.password.get_secret_value() if user.password else ""
    return sha256(b"signed in\n" + password.encode()).hexdigest()


def came_encrypted(handler: RequestHandler) -> bool:
    """Whether a request came by TLS, here or at a proxy before here."""
    return "https" in (handler.request.protocol, handler.request.headers.get("X-Forwarded-Proto", ""))


def remember(handler: RequestHandler, name: str, user: DashboardUser) -> None:
    """Remember who signed in, and under which password; other sites' pages cannot send the cookies along."""
    for cookie, value in (("user", name), (_SIGNED_IN, _fingerprint(user))):
        handler.set_secure_cookie(
            cookie, value, expires_days=config.oauth_expiry, path=config.cookie_path,
            httponly=True, samesite="Lax", secure=came_encrypted(handler),
        )  # fmt: skip


class _Door(BasicLoginHandler):
    """GET shows the page, POST signs in. The password is checked beside the loop that serves everybody else."""

    users: Mapping[str, DashboardUser]
    tries: Tries

    def get(self) -> None:
        """Show the page, with what went wrong in words of its own: anybody can write an address."""
        message = _MESSAGES.get(self.get_argument("error", ""), "")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Frame-Options", "DENY")
        self.write(self._login_template.render(errormessage=message, asked=self._asked()))

    async def post(self) -> None:
        """Sign in, or say that it did not work: never whether the name or the password was wrong."""
        name, password = self.get_argument("username", ""), self.get_argument("password", "", strip=False)
        if self.tries.must_wait(name):
            self._say("wait")
            return
        user = self.users.get(name)
        stored = user.password.get_secret_value() if user and user.password else NOBODYS
        self.tries.failed(name)  # before the password is looked at, or tries sent at once would all be let through
        is_right = await asyncio.to_thread(matches, password, stored)
        if user is None or not is_right:
            self._say("wrong")
            return
        self.tries.succeeded(name)
        remember(self, name, user)
        self.redirect(self._asked())

    def _say(self, what: str) -> None:
        self.redirect(f"./login?{urlencode({'error': what, 'next': self._asked()})}")

    def _asked(self) -> str:
        """Return the page that was asked for, beside this one: an address of another site is none of them."""
        asked = urlsplit(self.get_argument("next", ""))
        return f"./{asked.path.rpartition('/')[2]}{'?' * bool(asked.query)}{asked.query}"
