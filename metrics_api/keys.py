"""Who may ask: API keys, each with a scope, sent as `Authorization: Bearer SECRET`."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

import falcon
import falcon.asgi

from pixels.config import ApiKey, ApiScope
from pixels.ports import is_this_machine

_SCHEME = "bearer "


class Doorkeeper:
    """Lets a request pass whose key opens what it asks for. Without any keys everybody on this machine may ask for everything.

    Then requests must name this machine as their host: a page of the web whose name somebody points at 127.0.0.1 (DNS
    rebinding), or a proxy that lets the world in, does not.

    A resource says which scope it takes in its attribute `scope`; None is open to everybody. A key of the scope `analyst`
    opens what one of `figures` opens.
    """

    def __init__(self, keys: Mapping[str, ApiKey]) -> None:
        self._keys = [(key.secret.get_secret_value().encode(), name, key.scope) for name, key in keys.items()]

    async def process_resource(
        self, req: falcon.asgi.Request, _resp: falcon.asgi.Response, resource: object, _params: object
    ) -> None:
        """Refuse with 401 a request without a known key, with 403 one whose key has not the scope.

        Where there are no keys, refuse with 403 what does not come to this machine by its own name.
        """
        req.context.is_analyst = False
        wanted: ApiScope | None = getattr(resource, "scope", None)
        if wanted is None:
            return
        if not self._keys:
            if not is_this_machine(req.host):
                raise falcon.HTTPForbidden(description="Without PIXELS_API_KEYS this API answers on this machine only.")
            req.context.is_analyst = True
            return
        _, given = self._key_of(req)
        if given is None:
            raise falcon.HTTPUnauthorized(
                description="Send a key of this API: Authorization: Bearer SECRET", challenges=['Bearer realm="Pixels"']
            )
        req.context.is_analyst = given == "analyst"
        if wanted == "analyst":
            check_analyst(req)

    def name_of(self, req: falcon.asgi.Request) -> str | None:
        """Return the name of the key that a request carries; None: it carries none that is known."""
        return self._key_of(req)[0]

    def _key_of(self, req: falcon.asgi.Request) -> tuple[str, ApiScope] | tuple[None, None]:
        authorization = req.get_header("Authorization") or ""
        if authorization[: len(_SCHEME)].lower() != _SCHEME:
            return None, None
        secret = authorization[len(_SCHEME) :].strip().encode("utf-8", "replace")
        found: tuple[str, ApiScope] | tuple[None, None] = None, None
        for known, name, scope in self._keys:  # all of them, so that the time taken tells nothing
            if hmac.compare_digest(known, secret):
                found = name, scope
        return found


def check_analyst(req: falcon.asgi.Request) -> None:
    """Refuse with 403 what a key of the scope figures does not open."""
    if not req.context.is_analyst:
        raise falcon.HTTPForbidden(description="This key opens figures only; this needs one of the scope analyst.")
