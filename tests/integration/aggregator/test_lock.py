"""The writer lock: who holds it, and whether the holder still makes progress."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from aggregator.lock import LOCK_FILE, STALLED_AFTER_SECONDS, AlreadyRunning, writer_lock
from pixels.cli import main
from tests.kafka_broker import stands_still
from tests.waiting import until

HOLDER = """
import sys, time
from pathlib import Path
from aggregator.lock import writer_lock
with writer_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_elsewhere(home: Path) -> Iterator[int]:
    """Let another process hold the lock; yield its id."""
    command = [sys.executable, "-c", HOLDER, str(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout
            assert holder.stdout.readline() == "held\n"
            yield holder.pid
        finally:
            holder.kill()


def set_progress(home: Path, seconds_ago: float) -> None:
    then = time.time() - seconds_ago
    os.utime(home / LOCK_FILE, (then, then))


def test_a_second_writer_is_told_who_writes_and_since_when_nothing_moved(pixels_home: Path) -> None:
    """It leaves at once; the message names the process."""
    with held_elsewhere(pixels_home) as pid:
        set_progress(pixels_home, 42)
        with (
            pytest.raises(AlreadyRunning, match=f"Process {pid} is writing this warehouse") as told,
            writer_lock(pixels_home),
        ):
            pass

    assert told.value.pid == pid
    assert 42 <= told.value.idle_seconds < 60
    assert not told.value.stalled


def test_progress_makes_the_holder_look_alive_again(pixels_home: Path) -> None:
    """What was idle for an hour and makes progress now is at work."""
    with writer_lock(pixels_home) as lock:
        set_progress(pixels_home, 3600)
        lock.progress()
        with pytest.raises(AlreadyRunning) as told, writer_lock(pixels_home):
            pass

    assert told.value.idle_seconds < 60


def test_the_lock_goes_with_the_process_that_held_it(pixels_home: Path) -> None:
    """However old the file, and whatever it says: after a kill -9 the next one writes, and says so."""
    with held_elsewhere(pixels_home):
        pass
    set_progress(pixels_home, 7200)

    with writer_lock(pixels_home):
        assert int((pixels_home / LOCK_FILE).read_text()) == os.getpid()
        with pytest.raises(AlreadyRunning) as told, writer_lock(pixels_home):
            pass
    assert (told.value.pid, told.value.stalled) == (os.getpid(), False)


def test_a_clock_that_was_set_back_does_not_hide_a_stuck_writer_for_ever(pixels_home: Path) -> None:
    """Progress of the future counts from when it was noticed, so ten minutes later the writer is called stuck."""
    with held_elsewhere(pixels_home):
        set_progress(pixels_home, -86_400)
        with pytest.raises(AlreadyRunning) as told, writer_lock(pixels_home):
            pass

    assert told.value.idle_seconds == 0
    assert abs((pixels_home / LOCK_FILE).stat().st_mtime - time.time()) < 60


def test_a_pass_beside_one_at_work_leaves_with_exit_code_0(pixels_home: Path) -> None:
    """The one that runs does the work: a message on stderr, nothing on stdout."""
    with held_elsewhere(pixels_home) as pid:
        result = CliRunner().invoke(main, ["aggregate"], catch_exceptions=False)

    assert (result.exit_code, result.stdout) == (0, "")
    assert str(pid) in result.stderr


def test_a_pass_beside_one_that_stands_still_says_so_with_exit_code_75(pixels_home: Path) -> None:
    """A holder that was stopped and has made no progress for ten minutes is named, with what to do; cron sends a mail."""
    with held_elsewhere(pixels_home) as pid:
        os.kill(pid, signal.SIGSTOP)
        until(lambda: stands_still(pid), what="the holder stands still")
        set_progress(pixels_home, STALLED_AFTER_SECONDS + 60)

        result = CliRunner().invoke(main, ["aggregate"])

    assert (result.exit_code, result.stdout) == (75, "")
    assert f"Process {pid} holds {pixels_home / LOCK_FILE} and has made no progress for 11 minutes" in result.stderr
    assert f"kill {pid}" in result.stderr


def test_a_holder_that_never_said_who_it_is_is_told_of_all_the_same(pixels_home: Path) -> None:
    """The lock of a program that is not ours, on an empty file."""
    with (pixels_home / LOCK_FILE).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(AlreadyRunning, match="Another process is writing"), writer_lock(pixels_home):
            pass
        set_progress(pixels_home, 3600)
        with pytest.raises(AlreadyRunning, match=r"fuser -v .*warehouse\.lock"), writer_lock(pixels_home):
            pass
