"""The address of whoever sent a request: the peer's, or what trusted proxies say of those before them.

Both headers list hops from the client to the last proxy, and each proxy adds what it saw at the right end. So the list
is read from the right, and only as far as trusted proxies wrote it: what stands further left anybody can have made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Literal

ProxyHeader = Literal["x-forwarded-for", "forwarded"]
IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

MAX_HOPS = 16
MAX_HEADER_BYTES = 2048
"""Of a longer header only the right end is read."""

_REMEMBERED = 4096
_REMEMBERED_BYTES = 256  # strangers must not fill the memory with long headers
_MAPPED = "::ffff:"
_NODE = re.compile(
    r"(?:\[(?P<bracketed>[0-9A-Fa-f:.]{2,45})\]|(?P<four>[0-9.]{7,15}))(?::(?:[0-9]{1,5}|_[A-Za-z0-9._-]{1,64}))?"
    r"|(?P<six>[0-9A-Fa-f:.]{2,45})"
)
_FOR = re.compile(r'(?:^|;)[ \t]*[Ff][Oo][Rr]=(?:"([^"\\]*)"|([^";, \t]*))[ \t]*(?=;|$)')


class ClientAddresses:
    """Finds a request's client behind the proxies of `trusted`; with none trusted no header is looked at.

    Only one header is read. A proxy sets one of the two and passes the other on as it came, from anybody.
    """

    def __init__(self, trusted: Sequence[IPNetwork], header: ProxyHeader) -> None:
        self.header = header.encode()
        self.trusted = trusted
        self._nodes = _nodes_of_forwarded if header == "forwarded" else _nodes_of_x_forwarded_for
        self._is_trusted = lru_cache(_REMEMBERED)(self._is_in_a_trusted_network)
        self._behind = lru_cache(_REMEMBERED)(self._client_behind)

    def client(self, peer: str | None, header: bytes | None) -> str | None:
        """Return the address nearest to the client that a trusted proxy vouches for, in canonical text.

        In:  the peer's address, and the value of the header named `header`, its lines joined by commas.
        Out: the peer's own address when it is no trusted proxy. Where the list ends, or a trusted proxy names no
             address (`unknown`, an obfuscated name, junk), the last address that is known.
        """
        if peer is None:
            return None
        if peer.startswith(_MAPPED) and "." in peer:  # an IPv4 peer of a socket that also takes IPv6
            peer = peer[len(_MAPPED) :]
        if not self.trusted or header is None or not self.is_trusted(peer):
            return peer
        return (self._behind if len(header) <= _REMEMBERED_BYTES else self._client_behind)(peer, header)

    def _client_behind(self, proxy: str, header: bytes) -> str:
        known = proxy
        for _, node in zip(range(MAX_HOPS), self._nodes(_right_end(header)), strict=False):
            address = address_of_node(node)
            if address is None:
                return known
            known = address
            if not self.is_trusted(known):
                return known
        return known

    def is_trusted(self, address: str | None) -> bool:
        """Tell whether an address belongs to a trusted proxy."""
        return bool(self.trusted) and address is not None and self._is_trusted(address)

    def _is_in_a_trusted_network(self, address: str) -> bool:
        found = read_address(address)
        return found is not None and any(found in network for network in self.trusted)


def read_address(text: str) -> IPAddress | None:
    """Return the address that a text is; an IPv4 address written as IPv6 is the IPv4 one. None for all else, and for zones."""
    if len(text) > len("0000:0000:0000:0000:0000:ffff:255.255.255.255"):
        return None
    try:
        return IPv4Address(text) if ":" not in text else _unmapped(IPv6Address(text))
    except ValueError:
        return None


@lru_cache(_REMEMBERED)
def address_of_node(node: str) -> str | None:
    """Return the canonical address of a hop (`192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`), else None."""
    match = _NODE.fullmatch(node)
    if match is None:
        return None
    address = read_address(match["bracketed"] or match["four"] or match["six"])
    if address is None or (match["bracketed"] and ":" not in match["bracketed"]):
        return None
    return str(address)


def _unmapped(address: IPv6Address) -> IPAddress | None:
    if address.scope_id is not None:  # a zone means nothing on another machine
        return None
    return address.ipv4_mapped or address


def _right_end(header: bytes) -> str:
    """Return the header as text; of a long one the whole elements at its right end."""
    if len(header) <= MAX_HEADER_BYTES:
        return header.decode("latin-1")
    return header[-MAX_HEADER_BYTES:].decode("latin-1").partition(",")[2]


def _nodes_of_x_forwarded_for(header: str) -> Iterator[str]:
    """Yield the hops of `client, proxy1, proxy2` from the right."""
    for element in reversed(header.split(",")):
        yield element.strip(" \t")


def _nodes_of_forwarded(header: str) -> Iterator[str]:
    """Yield the hops of `for=client;proto=https, for="[2001:db8::1]:4711"` (RFC 7239) from the right.

    An element without exactly one `for` yields an empty text: whoever wrote it says of nobody.
    """
    for element in _elements_from_the_right(header):
        found = _FOR.findall(element)
        yield found[0][0] or found[0][1] if len(found) == 1 else ""


def _elements_from_the_right(header: str) -> Iterator[str]:
    """Yield what commas outside quotes part, from the right.

    Quotes are paired from the right as well: what a client writes at the left, an open quote for instance, cannot
    reach into what proxies added.
    """
    end = comma = len(header)
    while comma >= 0:
        comma = header.rfind(",", 0, comma)
        element = header[comma + 1 : end]
        if element.count('"') % 2 == 0:
            yield element
            end = max(comma, 0)
