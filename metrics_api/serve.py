"""`pixels api`: run the API until it is told to stop."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Mapping
from types import FrameType

import uvicorn

from metrics_api.app import create_app
from pixels.config import ApiKey, Settings
from pixels.dimensions import check_pattern
from pixels.errors import ConfigurationError
from pixels.opening import open_warehouse
from pixels.ports import is_this_machine

_DRAIN_SECONDS = 2
_NO_KEY = (
    "The API would show everybody who reaches {host} what is in the warehouse. Give it a key, "
    """PIXELS_API_KEYS='{{"NAME": {{"secret": "SECRET", "scope": "figures"}}}}', or let it listen on 127.0.0.1."""
)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then finish the requests under way and return from the process with code 0.

    Prints `api: listening on http://HOST:PORT` on stdout when the port is open. Raises ConfigurationError when the
    address cannot be used, or can be reached from elsewhere while there is no key; and for PIXELS_TAG_PATTERN.
    """
    check_pattern(settings.tag_pattern)  # now, and not in the answer to every request
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    listener = _listen(settings.host, settings.api_port, settings.api_keys)
    app = create_app(
        lambda: open_warehouse(settings.published_dir),
        settings.api_keys,
        settings.memory_limit,
        settings.api_rate_limit,
    )
    config = uvicorn.Config(
        app,
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )
    host, port = listener.getsockname()[:2]
    print(f"api: listening on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
    uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int, keys: Mapping[str, ApiKey]) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        if not keys and not is_this_machine(str(address[0])):
            raise ConfigurationError(_NO_KEY.format(host=host))
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise ConfigurationError(
            f"The API cannot listen on {host} port {port}: {error}. Set PIXELS_HOST and PIXELS_API_PORT, "
            "or end the program that has the port."
        ) from error


def _leave(_number: int, _frame: FrameType | None) -> None:
    # Before the server runs; and after it has shut down, when it raises again the signal that it was stopped by.
    sys.exit(0)
