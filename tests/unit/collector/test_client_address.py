"""Who sent a request that came through proxies: only what trusted ones wrote is believed."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from time import process_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collector.client_address import MAX_HEADER_BYTES, MAX_HOPS, ClientAddresses, ProxyHeader, address_of_node

TRUSTED = tuple(ip_network(network) for network in ("10.0.0.0/8", "2001:db8:ffff::/48"))
PROXY = "10.0.0.1"
HEADERS: tuple[ProxyHeader, ...] = ("x-forwarded-for", "forwarded")


def client(value: str, peer: str | None = PROXY, header: ProxyHeader = "x-forwarded-for") -> str | None:
    return ClientAddresses(TRUSTED, header).client(peer, value.encode())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("203.0.113.9", "203.0.113.9"),
        (" 203.0.113.9\t", "203.0.113.9"),
        ("203.0.113.9:4711", "203.0.113.9"),
        ("2001:db8::7", "2001:db8::7"),
        ("2001:DB8:0:0::7", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("198.51.100.1,203.0.113.9,10.1.1.1", "203.0.113.9"),
        ("203.0.113.9, 2001:db8:ffff::1, 10.1.1.1", "203.0.113.9"),
        ("10.9.9.9, 10.1.1.1", "10.9.9.9"),
        ("10.1.1.1", "10.1.1.1"),
        # a trusted proxy names nobody: the last address that is known
        ("", PROXY),
        ("unknown", PROXY),
        ("203.0.113.9, unknown", PROXY),
        ("203.0.113.9, unknown, 10.1.1.1", "10.1.1.1"),
        ("_hidden", PROXY),
        ("203.0.113.9,", PROXY),
        ("203.0.113.9, ,10.1.1.1", "10.1.1.1"),
        ("203.0.113.999", PROXY),
        ("203.0.113.09", PROXY),
        ("203.0.113", PROXY),
        ("3405803785", PROXY),
        ("203.0.113.9:port", PROXY),
        ("203.0.113.9:", PROXY),
        ("2001:db8::7%eth0", PROXY),
        ("[2001:db8::7", PROXY),
        ("[203.0.113.9]", PROXY),
        ("localhost", PROXY),
        ("\u0662\u0660\u0663.0.113.9", PROXY),
        ("203.0.113.9\x00", PROXY),
    ],
)
def test_x_forwarded_for_is_read_from_the_right(value: str, expected: str) -> None:
    """As far as trusted proxies wrote it, and no further than it names addresses."""
    assert client(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("for=203.0.113.9", "203.0.113.9"),
        ("For=203.0.113.9", "203.0.113.9"),
        ('for="203.0.113.9:4711"', "203.0.113.9"),
        ('for="[2001:db8::7]"', "2001:db8::7"),
        ('for="[2001:db8::7]:4711";proto=https;by=10.0.0.1', "2001:db8::7"),
        ("proto=https; for=203.0.113.9 ;by=10.0.0.1", "203.0.113.9"),
        ('host="a,b;for=198.51.100.1";for=203.0.113.9', "203.0.113.9"),
        ("for=198.51.100.1, for=203.0.113.9, for=10.1.1.1", "203.0.113.9"),
        ('for="203.0.113.9:_port"', "203.0.113.9"),
        ("for=unknown", PROXY),
        ('for="_gazonk"', PROXY),
        ("for=203.0.113.9, proto=https", PROXY),
        ("for=198.51.100.1;for=203.0.113.9", PROXY),
        ("for=", PROXY),
        ('for=""', PROXY),
        ("xfor=203.0.113.9", PROXY),
        ("203.0.113.9", PROXY),
        ('for="203.0.113.9', PROXY),
        # what a client wrote before, open quotes among it, cannot hide what a proxy added
        ('for="198.51.100.1, for=203.0.113.9', "203.0.113.9"),
        ('for=198.51.100.1, for=", for="[2001:db8::7]"', "2001:db8::7"),
        ('for="a\\, for=203.0.113.9', "203.0.113.9"),
        ('""",;;for=="x, for=203.0.113.9', "203.0.113.9"),
    ],
)
def test_forwarded_is_read_from_the_right(value: str, expected: str) -> None:
    """RFC 7239: parameters in any order, quoted where need be, names of parameters in any case."""
    assert client(value, header="forwarded") == expected


@pytest.mark.parametrize("peer", ["203.0.113.1", "11.0.0.1", "2001:db8:fffe::1", "", "@", "unix:"])
@pytest.mark.parametrize("header", HEADERS)
def test_nobody_else_is_believed(peer: str, header: ProxyHeader) -> None:
    """The peer is the sender when it is no trusted proxy, whatever it writes."""
    assert client("for=198.51.100.7" if header == "forwarded" else "198.51.100.7", peer, header) == peer


@pytest.mark.parametrize(("peer", "expected"), [(None, None), ("203.0.113.1", "203.0.113.1"), ("::ffff:203.0.113.1", "203.0.113.1")])  # fmt: skip
def test_without_trusted_proxies_the_peer_is_the_sender(peer: str | None, expected: str | None) -> None:
    """An IPv4 peer of a socket that takes both has its IPv4 address."""
    assert ClientAddresses((), "x-forwarded-for").client(peer, b"198.51.100.7") == expected


def test_a_trusted_peer_may_be_ipv4_on_a_socket_that_takes_both() -> None:
    """`::ffff:10.0.0.1` is 10.0.0.1."""
    assert client("203.0.113.9", "::ffff:10.0.0.1") == "203.0.113.9"


def test_a_proxy_that_names_nobody_is_the_sender() -> None:
    """A health check of the proxy's own, for instance."""
    assert ClientAddresses(TRUSTED, "forwarded").client(PROXY, None) == PROXY


def test_a_long_header_is_read_at_its_right_end_only() -> None:
    """What proxies added stands there; the element that was cut is not taken for an address."""
    elements = ["10.1.1.1"] * (MAX_HOPS - 1)
    assert client(", ".join(["1.1.1.1"] * 10_000 + ["203.0.113.9", *elements])) == "203.0.113.9"
    assert client("1.1.1.1," * 10_000 + "203.0.113.9") == "203.0.113.9"
    assert client("203.0.113.9" + " " * MAX_HEADER_BYTES) == PROXY
    assert client("203.0.113.9, " + ", ".join(["10.1.1.1"] * 100)) == "10.1.1.1"


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("piece", [",", '"', '",', "for=", 'for="', ";", " ", "10.1.1.1,", "for=10.1.1.1,", '";,"', "[", ":"])  # fmt: skip
def test_no_header_costs_much(header: ProxyHeader, piece: str) -> None:
    """A proxy that passes on 64 KiB of junk costs a fraction of a millisecond."""
    started = process_time()
    client(piece * (65_536 // len(piece)), header=header)
    assert process_time() - started < 0.05


addresses = st.ip_addresses().map(str)
ports = st.one_of(st.just(""), st.integers(0, 65_535).map(":{}".format))


@st.composite
def nodes(draw: st.DrawFn) -> tuple[str, str]:
    """A hop as a proxy may write it, and its address."""
    address, port = ip_address(draw(addresses)), draw(ports)
    mapped = address.ipv4_mapped if address.version == 6 else None
    text = f"[{address}]{port}" if address.version == 6 and (port or draw(st.booleans())) else f"{address}{port}"
    return text, str(mapped or address)


@given(nodes())
def test_every_address_is_read_as_it_is_written(node: tuple[str, str]) -> None:
    """IPv4 and IPv6, with and without brackets and ports."""
    assert address_of_node(node[0]) == node[1]


@given(st.text(max_size=60))
@example("1.1.1.1\n")
@example("[::1]:\u0661")
def test_what_is_read_is_an_address(text: str) -> None:
    """Whatever a proxy writes: nothing else gets into an event."""
    found = address_of_node(text)
    assert found is None or str(ip_address(found)) == found


@given(st.sampled_from(HEADERS), st.text(st.characters(codec="latin-1"), max_size=100), nodes())
@example("forwarded", 'for="', ("[::1]:1", "::1"))
def test_a_client_cannot_change_what_a_proxy_adds(header: ProxyHeader, sent: str, node: tuple[str, str]) -> None:
    """The proxy appends its element; the sender is who that names, or beyond only when it is trusted itself."""
    text, address = node
    added = f'for="{text}"' if header == "forwarded" else text
    trusted = ClientAddresses(TRUSTED, header)

    found = trusted.client(PROXY, f"{sent}, {added}".encode("latin-1"))

    assert found == address or trusted.is_trusted(address)
