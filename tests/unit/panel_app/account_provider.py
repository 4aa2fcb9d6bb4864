"""A place where people have accounts, that speaks OAuth 2.0 (RFC 6749) and OpenID Connect over real HTTP."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

KEY, SECRET = "pixels-client", "a secret of the client"


@dataclass
class AccountProvider:
    """Who is signed in there, and what it hands out."""

    address: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    """Of the person who comes next."""
    tells_by_id_token: bool = True
    asked: list[dict[str, str]] = field(default_factory=list)
    """What was asked of /authorize."""
    codes: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)

    def setting(self, **differs: str) -> str:
        """PIXELS_DASHBOARD_OAUTH for it."""
        return json.dumps(
            {
                "provider": "generic",
                "key": KEY,
                "secret": SECRET,
                "authorize_url": f"{self.address}/authorize",
                "token_url": f"{self.address}/token",
                "user_url": f"{self.address}/user",
            }
            | differs
        )

    def authorize(self, asked: dict[str, str]) -> str:
        """Return where the browser goes back to."""
        self.asked.append(asked)
        code = secrets.token_hex(8)
        self.codes[code] = asked["redirect_uri"]
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Change a code for a token, once, for the client that knows the secret."""
        right = asked.get("client_id") == KEY and asked.get("client_secret") == SECRET
        if not right or self.codes.pop(asked.get("code", ""), None) != asked.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        token = f"access-{secrets.token_hex(8)}"
        self.tokens[token] = self.claims
        id_token = {"id_token": _unsigned(self.claims)} if self.tells_by_id_token else {}
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600, **id_token}


def _unsigned(claims: dict[str, Any]) -> str:
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
    return ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), "x"])


@contextmanager
def account_provider() -> Iterator[AccountProvider]:
    """Serve one on this machine until the end of the block."""
    provider = AccountProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            if address.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.authorize(dict(parse_qsl(address.query))))
                self.end_headers()
            else:
                token = self.headers.get("Authorization", "").removeprefix("Bearer ")
                known = provider.tokens.get(token)
                self._answer(200 if known else 401, known or {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(*provider.token({name: values[0] for name, values in parse_qs(body).items()}))

        def _answer(self, status: int, content: dict[str, Any]) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.address = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
