"""The ports that Pixels listens on: whether they are free, and the addresses they make."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import ExitStack
from ipaddress import ip_address

from pixels.config import Settings
from pixels.errors import ConfigurationError

PORTS = {
    "collector_port": "the collector",
    "api_port": "the API",
    "dashboard_port": "the dashboard",
    "lab_port": "JupyterLab",
}
"""The setting of each port, and who listens there."""


def reachable(host: str) -> str:
    """Return the address at which this machine reaches a server that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound


def is_this_machine(host: str) -> bool:
    """Whether a host, as an address names it, is this machine and reached from here alone."""
    try:
        return ip_address(host.strip("[]").partition("%")[0]).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def url(host: str, port: int) -> str:
    """Return the address of a server on `host` for somebody on this machine."""
    name = reachable(host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def with_free_ports(settings: Settings, names: Sequence[str]) -> Settings:
    """Return the settings with each port 0 replaced by a free one; a taken port is a `ConfigurationError`."""
    ports = {}
    with ExitStack() as held:  # all at once, so that no port is handed out twice
        for name in names:
            port = getattr(settings, name)
            try:
                listener = held.enter_context(_listener(settings.host, port))
            except OSError as error:
                raise ConfigurationError(
                    f"{PORTS[name]} cannot listen on port {port} of {settings.host}: {error.strerror}. "
                    f"End what uses the port, or set PIXELS_{name.upper()} to another one (PIXELS_HOST is the address)."
                ) from None
            ports[name] = listener.getsockname()[1]
    return settings.model_copy(update=ports)


def _listener(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do: no wait for old connections
        listener.bind(address)
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener
