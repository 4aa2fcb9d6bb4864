"""`pixels collect`: run the collector until it is told to stop."""

from __future__ import annotations

import socket
import sys

from collector.gunicorn_app import CollectorServer
from collector.logs import write_json_lines
from collector.signing import Signing
from collector.sinks import check_log_settings
from pixels.config import Settings
from pixels.errors import ConfigurationError

_BACKLOG = 2048


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then answer what is under way, close the logs and exit the process.

    Prints `collector: listening on http://HOST:PORT` on stdout when the port is open. Leaves by `SystemExit`;
    raises `ConfigurationError` when signatures are required and nobody has a key, or the address cannot be used,
    `LogUnavailable` when the local log cannot be opened.
    """
    write_json_lines(sys.stderr)
    Signing(settings)  # a fault is told once and plainly, before workers try again and again
    listener = listen(settings.host, settings.collector_port)
    check_log_settings(settings)  # for the same reason
    CollectorServer(settings, listener).run()


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; raises `ConfigurationError` when the address cannot be used."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except (OSError, UnicodeError) as error:  # a host that cannot be encoded as a name is no OSError
        raise ConfigurationError(
            f"The collector cannot listen on {host} port {port}: {error}. Set PIXELS_HOST and PIXELS_COLLECTOR_PORT, "
            "or end the program that has the port."
        ) from error
