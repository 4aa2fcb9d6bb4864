"""Who may ask: API keys, each with a scope, sent as `Authorization: Bearer SECRET`."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

import falcon
import falcon.asgi

from pixels.config import ApiKey, ApiScope

_SCHEME = "bearer "


class Doorkeeper:
    """Lets a request pass whose key opens what it asks for. Without any keys everybody may ask for everything.

    A resource says which scope it takes in its attribute `scope`; None is open to everybody. A key of the scope `analyst`
    opens what one of `figures` opens.
    """

    def __init__(self, keys: Mapping[str, ApiKey]) -> None:
        self._scopes = [(key.secret.get_secret_value().encode(), key.scope) for key in keys.values()]

    async def process_resource(
        self, req: falcon.asgi.Request, _resp: falcon.asgi.Response, resource: object, _params: object
    ) -> None:
        """Refuse with 401 a request without a known key, with 403 one whose key has not the scope."""
        wanted: ApiScope | None = getattr(resource, "scope", None)
        if not self._scopes or wanted is None:
            return
        given = self._scope_of(req.get_header("Authorization") or "")
        if given is None:
            raise falcon.HTTPUnauthorized(
                description="Send a key of this API: Authorization: Bearer SECRET", challenges=['Bearer realm="Pixels"']
            )
        if wanted == "analyst" and given != "analyst":
            raise falcon.HTTPForbidden(description="This key opens figures only; this needs one of the scope analyst.")

    def _scope_of(self, authorization: str) -> ApiScope | None:
        if authorization[: len(_SCHEME)].lower() != _SCHEME:
            return None
        secret = authorization[len(_SCHEME) :].strip().encode("utf-8", "replace")
        found: ApiScope | None = None
        for known, scope in self._scopes:  # all of them, so that the time taken tells nothing
            if hmac.compare_digest(known, secret):
                found = scope
        return found
