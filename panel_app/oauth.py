"""Signing in with an account of somewhere else, by OAuth of Panel: that place says who somebody is, and Pixels what they may see."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from panel import config
from panel.auth import AUTH_PROVIDERS, OAuthLoginHandler
from panel.util import base64url_decode, decode_token
from tornado.web import HTTPError, RequestHandler

from panel_app.sign_in import SignIn, came_encrypted, remember
from pixels.config import DashboardOAuth, DashboardUser

_TURNED_AWAY = Path(__file__).with_name("static") / "turned_away.html"
_USER, _CLAIMS = "user", "id_token"
_FROM_PANEL = (_USER, _CLAIMS, "access_token", "refresh_token", "oauth_expiry")
_log = logging.getLogger(__name__)


class OAuthSignIn(SignIn):
    """Panel's sign-in by OAuth, for the users of PIXELS_DASHBOARD_USERS."""

    def __init__(self, users: Mapping[str, DashboardUser], oauth: DashboardOAuth) -> None:
        config.oauth_provider = oauth.provider
        config.oauth_key, config.oauth_secret = oauth.key, oauth.secret.get_secret_value()
        config.oauth_redirect_uri = oauth.redirect_uri
        addresses = {
            "AUTHORIZE_URL": oauth.authorize_url,
            "TOKEN_URL": oauth.token_url,
            "USER_URL": oauth.user_url,
        }
        config.oauth_extra_params = {name: value for name, value in addresses.items() if value}
        self._handler = type(
            "Door", (_Door, AUTH_PROVIDERS[oauth.provider]), {"users": users, "user_key": oauth.user_key}
        )
        super().__init__(users)

    @property
    def login_handler(self) -> type[RequestHandler]:
        """Leads to the other place, and takes who comes back from it."""
        return self._handler


class _Door(OAuthLoginHandler):
    """As Panel's, save that nothing but who came is kept, and only of those who are on the list."""

    users: Mapping[str, DashboardUser]
    user_key = ""

    def prepare(self) -> None:
        """Nobody keeps, and no page frames, what goes on here."""
        self._said: dict[str, Any] = {}
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Frame-Options", "DENY")

    @property
    def _USER_KEY(self) -> str:  # noqa: N802 - Panel's name
        return self.user_key or super()._USER_KEY

    @property
    def _redirect_uri(self) -> str:
        """Return where the other place sends people back to: here."""
        scheme = "https" if came_encrypted(self) else "http"
        return config.oauth_redirect_uri or f"{scheme}://{self.request.host}/login"

    async def get_authenticated_user(self, *args: Any, **options: Any) -> str | None:
        """Ask the other place who this is, and let in who is on the list.

        Without a code of that place: lead there, and return None. Raises HTTPError 401 and 403.
        """
        user = await super().get_authenticated_user(*args, **options)
        if not options.get("code"):
            return None
        name = str(user or "")
        if self._claims().get("email_verified") is False:
            _log.warning("somebody was turned away: the address %r is not verified there", name)
            raise HTTPError(403, reason="This address is not verified there. Verify it, and come back.")
        if name not in self.users:
            _log.warning("somebody was turned away: %r is not in PIXELS_DASHBOARD_USERS", name)
            raise HTTPError(403, reason="You are not on the list of this dashboard. Ask whoever runs it.")
        remember(self, name, self.users[name])
        return name

    def set_secure_cookie(self, name: str, value: str | bytes, *args: Any, **options: Any) -> None:
        """Keep from the browser what Panel would store there of the other place: tokens are of no use here."""
        if name in _FROM_PANEL and "samesite" not in options:
            self._said[name] = value
            return
        options = {"samesite": "Lax", "secure": came_encrypted(self), **options}
        super().set_secure_cookie(name, value, *args, **options)

    def _claims(self) -> dict[str, Any]:
        """Return what the other place said of who came."""
        token = self._said.get(_CLAIMS, "")
        try:
            claims = decode_token(token)
        except Exception:  # what the address for users answered is no token
            claims = json.loads(base64url_decode(token)) if token else {}
        return claims if isinstance(claims, dict) else {}

    def write_error(self, status_code: int, **options: Any) -> None:
        """Say what went wrong in words of this page: what came from elsewhere stays in the log."""
        error = options.get("exc_info", (None, None, None))[1]
        own = isinstance(error, HTTPError) and status_code == 403 and error.reason
        reason = error.reason if own else "Signing in did not work; the log of the dashboard says why."
        if not own:
            _log.error("signing in by OAuth did not work: %s", error)
        self.clear_all_cookies()
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(_TURNED_AWAY.read_text("utf-8").replace("<!-- reason -->", str(reason)))
