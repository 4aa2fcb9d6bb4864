"""A client of the API without a socket, on this machine."""

from __future__ import annotations

from typing import Any

from falcon.testing import Result, TestClient


class LocalClient(TestClient):
    """Names this machine as the host that it asks, unless told another."""

    def simulate_request(self, *arguments: Any, **options: Any) -> Result:
        """Ask as falcon's client does, which names falcon's own site."""
        return super().simulate_request(*arguments, **{"host": "localhost:8788", **options})
