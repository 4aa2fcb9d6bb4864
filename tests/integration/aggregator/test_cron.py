"""deploy/cron and deploy/systemd, tried with Debian's cron, its shell, and systemd's own check."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.local_log import append
from tests.sample_records import event

REPOSITORY = Path(__file__).parents[3]
APPENDED = 1_795_000_000_000
DAEMON = shutil.which("cron", path=f"{os.environ['PATH']}:/usr/sbin")
CRONTABS = Path("/etc/cron.d")
CRONS_PID = Path("/var/run/crond.pid")


def crontab(home: Path, **replacements: str) -> str:
    """The file of deploy/cron as this machine needs it: its folder, its user, a home of the test."""
    text = (REPOSITORY / "deploy" / "cron" / "pixels").read_text("utf-8")
    for old, new in {
        "/opt/pixels &&": f"{REPOSITORY} &&",
        "/var/lib/pixels": str(home),
        "* pixels cd": "* root cd",
        **replacements,
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def command_of(text: str) -> str:
    (line,) = re.findall(r"^\* \* \* \* \* root (.*)$", text, re.MULTILINE)
    return str(line)


@contextmanager
def cron_running() -> Iterator[None]:
    """Use the machine's cron, or start one and end it again."""
    if CRONS_PID.exists() and Path(f"/proc/{CRONS_PID.read_text().strip()}").exists():
        yield
        return
    assert DAEMON, "cron is missing; `make setup-test` installs it"
    with subprocess.Popen([DAEMON, "-f"], env={"PATH": "/usr/bin:/bin"}) as daemon:
        try:
            yield
        finally:
            daemon.terminate()


@contextmanager
def syslog(path: Path) -> Iterator[socket.socket]:
    """Listen where `logger` is told to write."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(path))
        listening.settimeout(90)
        yield listening


@pytest.mark.skipif(
    os.geteuid() != 0 and not os.environ.get("CI"), reason="only root may write into /etc/cron.d and start cron"
)
def test_debians_cron_runs_a_pass_by_the_line_of_deploy_cron(pixels_home: Path, tmp_path: Path) -> None:
    """Within a minute cron has done a pass, under its own bare environment, and syslog has the line of results."""
    append(pixels_home, [event(1), event(2)], at_ms=APPENDED)
    with syslog(tmp_path / "log") as log, cron_running():
        table = CRONTABS / f"pixels-test-{uuid.uuid4().hex[:8]}"
        try:
            table.write_text(crontab(pixels_home, **{"logger --tag": f"logger --socket {tmp_path / 'log'} --tag"}))
            told = log.recv(65_536).decode()
        finally:
            table.unlink(missing_ok=True)
        pointer = json.loads((pixels_home / "published" / "current.json").read_text())

    assert "pixels-aggregate: {" in told
    line = json.loads(told.partition("pixels-aggregate: ")[2])
    assert (line["events_stored"], line["finished"], line["published"]) == (2, True, True)
    assert pointer["snapshot"] == line["snapshot"]


@pytest.mark.parametrize(
    ("setting", "records_gone", "mailed"),
    [
        ("", False, ""),
        ("", True, "log.gap"),
        ("PIXELS_TIMEZONE=Nowhere ", False, "(exit code 78)"),
    ],
)
def test_cron_mails_what_a_person_should_know_and_nothing_else(
    pixels_home: Path, tmp_path: Path, setting: str, records_gone: bool, mailed: str
) -> None:
    """What the line prints is mailed: nothing after an ordinary pass, all that was said after a failure or a loss."""
    append(pixels_home, [event(1), event(2)], at_ms=APPENDED)
    if records_gone:
        with closing(sqlite3.connect(pixels_home / "log" / "slot-000.sqlite")) as db, db:
            db.execute("DELETE FROM events_queue WHERE record_offset = 1")
    changes = {".venv/bin": f"{setting}.venv/bin", "logger --tag": f"logger --socket {tmp_path / 'log'} --tag"}
    command = command_of(crontab(pixels_home, **changes))

    with syslog(tmp_path / "log") as log:
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/", "PIXELS_HOME": str(pixels_home)}
        ran = subprocess.run(["/bin/sh", "-c", command], env=environment, capture_output=True, text=True, timeout=120)
        said = log.recv(65_536).decode()

    assert ran.stderr == ""
    assert mailed in ran.stdout
    assert bool(ran.stdout) == bool(mailed)
    assert "pixels-aggregate: " in said


def test_cron_would_read_the_file_of_deploy_cron() -> None:
    """A name without a dot, a newline at the end, no percent sign, which cron takes for a newline."""
    file = REPOSITORY / "deploy" / "cron" / "pixels"
    text = file.read_text("utf-8")

    assert re.fullmatch(r"[A-Za-z0-9_-]+", file.name)
    assert text.endswith("\n")
    assert "%" not in text


def test_systemd_finds_no_fault_with_the_units(tmp_path: Path) -> None:
    """`systemd-analyze verify` reads all of them, with the paths of this machine, and has nothing to say."""
    units = []
    for unit in sorted((REPOSITORY / "deploy" / "systemd").glob("pixels-*")):
        units.append(tmp_path / unit.name)
        units[-1].write_text(unit.read_text("utf-8").replace("/opt/pixels", str(REPOSITORY)))

    checked = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, timeout=60)

    assert [unit.name for unit in units] == [
        "pixels-aggregate.service",
        "pixels-aggregate.timer",
        "pixels-collector.service",
    ]
    ours = [line for line in checked.stderr.splitlines() if "pixels-" in line]
    assert (checked.returncode, ours) == (0, [])
