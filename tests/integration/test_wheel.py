"""The wheel, installed outside the checkout, is the whole product."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.integration.up.conftest import descendants, process_is_there
from tests.waiting import until

REPOSITORY = Path(__file__).parents[2]
PACKAGES = ("collector", "aggregator", "pixels", "metrics_api", "panel_app")
BESIDE_THE_PACKAGES = ("schema", "notebooks")  # in the wheel they travel inside `pixels`
LITTER = {"__pycache__", ".ipynb_checkpoints"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(REPOSITORY)]
    built = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = out.glob("*.whl")
    return path


@dataclass(frozen=True)
class Installation:
    """An environment that holds the wheel, and the dependencies of the environment that runs the tests."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def run(self, *arguments: str) -> str:
        """Run its Python away from the checkout; return what it prints."""
        command = [str(self.python), *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=environment(), capture_output=True, text=True, timeout=120, check=True
        ).stdout.strip()


@pytest.fixture(scope="module")
def installation(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The wheel in an empty environment.

    The dependencies are lent by a .pth file. Python does not follow the .pth files of a folder that was lent that way,
    so the editable installation of the checkout is not lent with them.
    """
    installed = Installation(tmp_path_factory.mktemp("installed") / "env")
    venv.create(installed.folder, with_pip=False, symlinks=True)
    site_packages = Path(installed.run("-c", "import sysconfig; print(sysconfig.get_path('purelib'))"))
    pip = [sys.executable, "-m", "pip", "--quiet", "--python", str(installed.python), "install"]
    subprocess.run([*pip, "--no-index", "--no-deps", str(wheel)], timeout=120, check=True)
    (site_packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return installed


def environment(**settings: str) -> dict[str, str]:
    """Return this process's environment without what would lead to the checkout, and with these settings alone."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PIXELS_", "PYTHON", "VIRTUAL_ENV"))}
    return {**inherited, **settings}


def files_below(folder: Path) -> set[str]:
    return {
        path.relative_to(REPOSITORY).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not LITTER.intersection(path.parts) and path.suffix != ".pyc"
    }


def test_the_wheel_holds_the_packages_and_the_data_that_travels_with_them(wheel: Path) -> None:
    """Every file of the five packages, the schema and the notebooks is in the wheel, and nothing else of the checkout."""
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = set[str]().union(*(files_below(REPOSITORY / package) for package in PACKAGES))
    for folder in BESIDE_THE_PACKAGES:
        expected |= {f"pixels/{file}" for file in files_below(REPOSITORY / folder)}
    assert held == expected
    assert {"collector/pixels.js", "pixels/schema/event.schema.json", "pixels/notebooks/quickstart.ipynb"} <= held


def test_the_wheel_carries_its_licence(wheel: Path) -> None:
    """The text of the licence is in the wheel, and its name in the metadata."""
    with zipfile.ZipFile(wheel) as archive:
        texts = {Path(name).name: archive.read(name).decode() for name in archive.namelist() if ".dist-info/" in name}
    assert "License-Expression: Apache-2.0\n" in texts["METADATA"]
    assert texts["LICENSE"] == (REPOSITORY / "LICENSE").read_text("utf-8")


def test_the_installed_packages_are_not_the_checkouts(installation: Installation) -> None:
    """What the following tests run is the wheel: each package, and the schema, comes from the new environment."""
    program = f"import {', '.join(PACKAGES)}; from pixels.resources import resource_path as r; "
    program += f"print(*(p.__file__ for p in ({', '.join(PACKAGES)})), r('schema'), r('notebooks'), sep='\\n')"
    paths = installation.run("-c", program).splitlines()
    assert len(paths) == len(PACKAGES) + 2
    assert [path for path in paths if not path.startswith(str(installation.folder))] == []


@dataclass
class Running:
    """`pixels up` of the installed wheel."""

    process: subprocess.Popen[bytes]
    output: Path

    def address(self, name: str) -> str:
        """Return host and port of a part, as printed."""
        found = re.search(rf"^  {name} +(\S+)$", self.output.read_text("utf-8"), re.MULTILINE)
        assert found, self.output.read_text("utf-8")
        return urlsplit(found[1]).netloc

    def get(self, name: str, target: str) -> tuple[int, bytes]:
        """Ask a part; return status and body."""
        connection = http.client.HTTPConnection(self.address(name), timeout=30)
        try:
            connection.request("GET", target)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def rows(self) -> list[dict[str, Any]]:
        """Return the daily counts of the days around now."""
        today = datetime.now(UTC).date()
        span = f"from={today - timedelta(days=1)}&to={today + timedelta(days=1)}"
        status, body = self.get("API", f"/api/metrics?{span}")
        assert status == 200, body
        rows: list[dict[str, Any]] = json.loads(body)["rows"]
        return rows


@pytest.fixture
def running(installation: Installation, tmp_path: Path) -> Iterator[Running]:
    ports = {f"PIXELS_{part}_PORT": "0" for part in ("COLLECTOR", "API", "DASHBOARD", "LAB")}
    settings = environment(PIXELS_HOME=str(tmp_path / "home"), PIXELS_PASS_EVERY="0.5", **ports)
    output, command = tmp_path / "output", [str(installation.folder / "bin" / "pixels"), "up", "--no-lab"]
    with output.open("wb") as sink:
        process = subprocess.Popen(
            command, cwd=tmp_path, env=settings, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT
        )
    running = Running(process, output)
    try:
        until(
            lambda: b"Ctrl-C ends" in output.read_bytes() or process.poll() is not None, timeout=120, what="addresses"
        )
        assert process.poll() is None, output.read_text("utf-8")
        yield running
    finally:
        process.kill()  # ended already, if the test went well; the kernel ends its children
        process.wait()


def test_the_installed_wheel_runs_up_and_counts_a_pixel_and_leaves_no_process(running: Running) -> None:
    """`pixels up` from the wheel takes a pixel over HTTP, shows it in the API, and Ctrl-C ends every child."""
    status, body = running.get("Collector", "/visit?playerId=p1&bannerTag=brandA")
    assert (status, body[:6]) == (200, b"GIF89a")
    (row,) = until(running.rows, timeout=60, what="the visit shows in the API")
    assert (row["event_type"], row["count"]) == ("visit", 1)

    children = descendants(running.process.pid)
    assert len(children) >= 4  # collector, passes, API, dashboard
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(timeout=60) == 0, running.output.read_text("utf-8")
    assert [pid for pid in children if process_is_there(pid)] == []
