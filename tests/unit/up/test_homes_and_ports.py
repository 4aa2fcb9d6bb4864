"""What `pixels up` looks at before it starts anything."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from pixels.config import Settings, load_settings
from pixels.errors import ConfigurationError
from pixels.ports import PORTS, url, with_free_ports
from pixels.up import claim_home


def test_an_empty_home_is_marked_for_a_demo(tmp_path: Path) -> None:
    """The first pass reads the mark; a later start finds it."""
    claim_home(tmp_path, demo=True)
    (tmp_path / "log").mkdir()

    claim_home(tmp_path, demo=True)

    assert (tmp_path / "DEMO").is_file()


def test_a_plain_start_marks_nothing(tmp_path: Path) -> None:
    """A real home has no mark."""
    claim_home(tmp_path, demo=False)
    (tmp_path / "log").mkdir()
    claim_home(tmp_path, demo=False)

    assert not (tmp_path / "DEMO").exists()


@pytest.mark.parametrize("held", ["log", "warehouse.duckdb", "published"])
def test_real_data_of_any_kind_keeps_a_demo_out(tmp_path: Path, held: str) -> None:
    """Events that no pass has seen are data too."""
    (tmp_path / held).mkdir()

    with pytest.raises(ConfigurationError, match="real data"):
        claim_home(tmp_path, demo=True)


def test_a_demo_home_that_lost_its_mark_is_still_one(tmp_path: Path) -> None:
    """What is published says it of itself."""
    (tmp_path / "published").mkdir()
    (tmp_path / "published" / "current.json").write_text(json.dumps({"is_demo": True}), "utf-8")

    with pytest.raises(ConfigurationError, match="demo data"):
        claim_home(tmp_path, demo=False)


def test_port_0_becomes_a_free_port_and_each_another() -> None:
    """So that the addresses can be printed and the parts find each other."""
    settings = with_free_ports(load_settings(**dict.fromkeys(PORTS, 0)), list(PORTS))

    ports = [getattr(settings, name) for name in PORTS]
    assert len(set(ports)) == 4
    assert all(ports)


def test_a_port_given_twice_is_an_error() -> None:
    """The second part could not start."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]

    with pytest.raises(ConfigurationError, match="PIXELS_API_PORT"):
        with_free_ports(Settings(collector_port=port, api_port=port), ["collector_port", "api_port"])


def test_an_address_of_another_machine_is_an_error() -> None:
    """It says so before five processes do."""
    with pytest.raises(ConfigurationError, match="PIXELS_HOST"):
        with_free_ports(Settings(host="192.0.2.1", api_port=0), ["api_port"])


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),  # noqa: S104 - what the test is about
        ("::", "http://[::1]:80"),
        ("::1", "http://[::1]:80"),
        ("localhost", "http://localhost:80"),
    ],
)
def test_addresses_can_be_opened_on_this_machine(host: str, address: str) -> None:
    """Also when a server listens on every address, and in IPv6's brackets."""
    assert url(host, 80) == address
