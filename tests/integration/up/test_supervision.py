"""`pixels up` starts its parts, keeps them running, and leaves no process behind, however it ends."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import socket
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.integration.up.conftest import READY, StartUp, descendants, process_is_there
from tests.waiting import until


def all_gone(pids: list[int]) -> bool:
    return not any(process_is_there(pid) for pid in pids)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_every_descendant_and_the_exit_code_is_0(start_up: StartUp, number: signal.Signals) -> None:
    """Also a deaf child in the group of a part, and a deaf one in another session (as notebook kernels are)."""
    up = start_up("demo", "lab", faults="collect:family lab:family")
    pids = up.wait_until_ready()
    assert len(pids) == 10  # six parts, two of them with two children

    up.send(number)

    assert up.exit_code() == 0
    assert all_gone(pids)


def test_when_it_is_killed_its_parts_end_too(start_up: StartUp) -> None:
    """The kernel tells the parts of the death of `pixels up`, which had no time to do it."""
    up = start_up("demo", "lab")
    pids = up.wait_until_ready()
    assert len(pids) == 6

    up.send(signal.SIGKILL)

    assert up.exit_code() == -signal.SIGKILL
    until(lambda: all_gone(pids), timeout=10)


def test_a_signal_during_the_start_ends_what_was_started(start_up: StartUp) -> None:
    """Nobody has to wait for the end of the start in order to stop it."""
    up = start_up(faults="aggregate:stubborn")
    until(lambda: up.starts("collect"))
    pids = descendants(up.process.pid)

    up.send(signal.SIGINT)

    assert up.exit_code() == 0
    assert pids
    assert all_gone(pids)


def test_a_second_ctrl_c_hastens_the_end(start_up: StartUp) -> None:
    """A part that does not hear SIGTERM is given ten seconds, or less when somebody insists."""
    up = start_up(faults="dashboard:stubborn")
    pids = up.wait_until_ready()
    dashboard = up.starts("dashboard")[0]["pid"]
    began = time.monotonic()

    up.send(signal.SIGINT)
    until(lambda: not process_is_there(up.starts("api")[0]["pid"]) or is_zombie(up.starts("api")[0]["pid"]))
    assert process_is_there(dashboard)
    up.send(signal.SIGINT)

    assert up.exit_code() == 0
    assert time.monotonic() - began < 8
    assert all_gone(pids)


def is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_part_that_dies_is_started_again_and_that_is_said(start_up: StartUp) -> None:
    """The others go on, and what the dead part left in its process group is gone."""
    up = start_up(faults="collect:family")
    before = up.wait_until_ready()
    first = up.starts("collect")[0]["pid"]
    left_behind = [pid for pid in descendants(first) if os.getpgid(pid) == first]
    api = up.starts("api")

    os.kill(first, signal.SIGKILL)

    until(lambda: len(up.starts("collect")) == 2)
    until(lambda: "Collector was ended by SIGKILL; it starts again in" in up.output())
    assert left_behind
    until(lambda: all_gone([first, *left_behind]))
    assert up.starts("api") == api
    assert set(before) - set(descendants(up.process.pid)) >= {first}


def test_a_part_that_keeps_dying_ends_everything_with_its_last_lines(start_up: StartUp) -> None:
    """Four quick deaths in a row: exit code 1, and what the part wrote, without its escape codes."""
    up = start_up(faults="dashboard:dies")
    until(lambda: up.starts("api"))
    pids = descendants(up.process.pid)

    assert up.exit_code() == 1
    said = up.err.read_text("utf-8")
    assert "Dashboard ended with exit code 3" in said
    assert "| dashboard says  [31mhello" in said
    assert "\x1b" not in said
    assert len(up.starts("dashboard")) == 4
    assert all_gone(pids)


def test_a_part_with_wrong_settings_is_not_tried_again(start_up: StartUp) -> None:
    """Trying again cannot mend settings."""
    up = start_up(faults="collect:misset")

    assert up.exit_code() == 1
    assert "Collector ended with exit code 78" in up.err.read_text("utf-8")
    assert len(up.starts("collect")) == 1


def test_a_history_that_cannot_be_written_ends_everything(start_up: StartUp) -> None:
    """A demo without its history would be an empty page that explains nothing."""
    up = start_up("demo", faults="backfill:fails")

    assert up.exit_code() == 1
    assert "Demo history ended with exit code 4" in up.err.read_text("utf-8")


def test_a_taken_port_is_named_with_the_setting_that_moves_it(
    start_up: StartUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is started."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("PIXELS_API_PORT", str(port))
        up = start_up()

        assert up.exit_code() == 78
    said = up.err.read_text("utf-8")
    assert f"port {port} " in said
    assert "PIXELS_API_PORT" in said
    assert not up.starts("collect")


def test_a_second_one_on_the_same_home_is_refused(start_up: StartUp) -> None:
    """Two would fight for the warehouse."""
    first = start_up()
    first.wait_until_ready()

    second = start_up()

    assert second.exit_code() == 78
    assert "already" in second.err.read_text("utf-8")
    assert first.process.poll() is None


def test_the_demo_uses_the_embedded_log_whatever_kafka_settings_say(
    start_up: StartUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invented visitors never reach somebody's Kafka, and the parts see the settings whatever .env says."""
    monkeypatch.setenv("PIXELS_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    Path(".env").write_text("PIXELS_KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:2\nPIXELS_TIMEZONE=Europe/Berlin\n", "utf-8")
    up = start_up("demo")
    until(lambda: up.starts("collector"))

    started = [up.starts(name)[0] for name in ("backfill", "collect", "aggregate", "api", "dashboard", "collector")]

    assert {start["PIXELS_KAFKA_BOOTSTRAP_SERVERS"] for start in started} == {""}
    assert {start["PIXELS_TIMEZONE"] for start in started} == {"Europe/Berlin"}
    assert {start["PIXELS_HOME"] for start in started} == {str(up.home)}
    assert started[5]["arguments"] == ["--collector", f"http://127.0.0.1:{started[1]['PIXELS_COLLECTOR_PORT']}"]


def test_without_lab_and_demo_only_four_parts_run(start_up: StartUp) -> None:
    """`--no-lab` means none, and a plain home gets no invented visitors."""
    up = start_up()

    assert len(up.wait_until_ready()) == 4
    assert "JupyterLab" not in up.output()
    assert not (up.home / "DEMO").exists()


def test_the_addresses_answer_and_lab_has_its_token(start_up: StartUp) -> None:
    """What is printed can be opened as it stands."""
    up = start_up("lab")
    up.wait_until_ready()

    lab = up.starts("lab")[0]
    assert up.address("Dashboard") == f"http://127.0.0.1:{lab['PIXELS_DASHBOARD_PORT']}/"
    assert up.address("API").startswith(f"http://127.0.0.1:{lab['PIXELS_API_PORT']}/api/metrics?from=")
    assert up.address("Collector") == (
        f"http://127.0.0.1:{lab['PIXELS_COLLECTOR_PORT']}/visit?playerId=123&bannerTag=brandA"
    )
    assert up.address("JupyterLab") == (
        f"http://127.0.0.1:{lab['PIXELS_LAB_PORT']}/lab/tree/quickstart.ipynb?token={lab['JUPYTER_TOKEN']}"
    )
    assert len(lab["JUPYTER_TOKEN"]) >= 32


def test_on_all_addresses_it_prints_one_that_this_machine_can_open(
    start_up: StartUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0.0.0.0 is where a server listens, not where one goes."""
    monkeypatch.setenv("PIXELS_HOST", "0.0.0.0")  # noqa: S104 - what the test is about
    up = start_up()
    up.wait_until_ready()

    assert up.address("Dashboard").startswith("http://127.0.0.1:")


def test_demo_data_is_refused_on_a_home_with_real_data(start_up: StartUp, pixels_home: Path) -> None:
    """They never mix."""
    (pixels_home / "demo" / "log").mkdir(parents=True)

    up = start_up("demo")

    assert up.exit_code() == 78
    assert "real data" in up.err.read_text("utf-8")
    assert not (pixels_home / "demo" / "DEMO").exists()


def test_real_data_is_refused_on_a_demo_home(
    start_up: StartUp, pixels_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They never mix, the other way round."""
    (pixels_home / "demo").mkdir()
    (pixels_home / "demo" / "DEMO").touch()
    monkeypatch.setenv("PIXELS_HOME", str(pixels_home / "demo"))

    up = start_up()

    assert up.exit_code() == 78
    assert "demo data" in up.err.read_text("utf-8")


def test_it_needs_no_standard_input_and_survives_the_end_of_its_reader(start_up: StartUp) -> None:
    """Started without stdin and with stdout into a pipe whose reader goes away, it keeps running until a signal comes."""
    read, write = os.pipe()
    up = start_up(stdout=write, preexec_fn=lambda: os.close(0))
    os.close(write)
    os.close(read)
    until(lambda: up.starts("dashboard") and up.starts("api"))
    pids = descendants(up.process.pid)

    up.send(signal.SIGTERM)

    assert up.exit_code() == 0
    assert all_gone(pids)


def test_on_a_terminal_ctrl_c_reaches_it_alone_and_ends_all(start_up: StartUp) -> None:
    """The parts are not in the terminal's foreground group; `pixels up` ends them in order."""
    controller, terminal = pty.openpty()
    up = start_up(
        stdin=terminal,
        stdout=terminal,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(terminal)
    seen = b""
    while READY.encode() not in seen:
        seen += os.read(controller, 4096)
    pids = descendants(up.process.pid)

    os.write(controller, b"\x03")

    assert up.exit_code() == 0
    assert all_gone(pids)
    assert b"\r\x1b[K  Dashboard: ready" in seen
    os.close(controller)


def test_a_terminal_that_is_closed_ends_all(start_up: StartUp) -> None:
    """Closing the window sends SIGHUP, and nothing can be written any more."""
    controller, terminal = pty.openpty()
    up = start_up(
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(terminal)
    seen = b""
    while READY.encode() not in seen:
        seen += os.read(controller, 4096)
    pids = descendants(up.process.pid)

    os.close(controller)

    assert up.exit_code() == 0
    assert all_gone(pids)


def test_nohup_is_respected(start_up: StartUp) -> None:
    """Started with SIGHUP ignored, it outlives its terminal; SIGTERM still ends it."""
    up = start_up(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    pids = up.wait_until_ready()

    up.send(signal.SIGHUP)
    os.kill(up.starts("api")[0]["pid"], signal.SIGKILL)
    until(lambda: len(up.starts("api")) == 2)
    up.send(signal.SIGTERM)

    assert up.exit_code() == 0
    assert all_gone(pids)


def test_python_m_pixels_is_the_command_line() -> None:
    """The parts are started this way, so that they are of the same installation."""
    done = subprocess.run([sys.executable, "-P", "-m", "pixels", "up", "--help"], capture_output=True, text=True)

    assert done.returncode == 0
    assert "Usage: pixels up" in done.stdout
