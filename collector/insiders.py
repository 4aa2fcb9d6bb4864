"""Who may look at the collector from outside: the networks of PIXELS_METRICS_NETWORKS."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from collector.request import PixelRequest
from pixels.config import networks

_FORWARDED = (b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via")


class Insiders:
    """Tells whether a request comes from one of the networks, by itself or through a trusted proxy.

    A proxy beside the collector has an address of this machine, whoever it speaks for: what was forwarded by one that
    PIXELS_TRUSTED_PROXIES does not name comes from outside.
    """

    def __init__(self, metrics_networks: str) -> None:
        self._networks = networks(metrics_networks)

    def include(self, req: PixelRequest) -> bool:
        """Tell whether the sender may look."""
        sender = req.source_ip()
        is_forwarded = any(req.header(name) is not None for name in _FORWARDED)
        if sender is None or (is_forwarded and (sender == req.peer() or not req.clients.is_trusted(req.peer()))):
            return False
        try:
            address = ip_address(sender)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped:  # on a socket that listens to IPv6 and IPv4
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)
