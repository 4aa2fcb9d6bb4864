"""The command line turns what is wrong into one message and an exit code, never into a traceback."""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import NoReturn

import duckdb
import pytest
from click.testing import CliRunner

from aggregator.run import run_pass
from pixels.cli import main
from pixels.config import load_settings
from tests.waiting import until


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIMEZONE", "Mars/Olympus"),
        ("TIMEZONE", "localtime"),
        ("LOG_RETENTION_DAYS", "inf"),
        ("LOG_RETENTION_DAYS", "1e12"),
        ("LOG_RETENTION_DAYS", "nan"),
        ("MEMORY_LIMIT", "foo"),
        ("MEMORY_LIMIT", "50%"),
        ("MEMORY_LIMIT", "1KB"),
        ("BATCH_SIZE", "100000000000000000000000"),
        ("PASS_EVERY", "inf"),
        ("KAFKA_TOPIC", ""),
        ("KAFKA_TOPIC", "bad topic"),
        ("HOME", ""),
        ("HOME", "a?b"),
        ("API_PORT", "70000"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    pixels_home: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """Exit code 78 and the variable's name, before anything is written."""
    monkeypatch.setenv(f"PIXELS_{name}", value)

    result = CliRunner().invoke(main, ["aggregate"], catch_exceptions=False)

    assert result.exit_code == 78
    assert f"PIXELS_{name}" in result.stderr


@pytest.mark.parametrize("every", ["0s", "-1s", "nan", "inf", "1e300h", "99999999999h", "often", ""])
def test_a_duration_that_cannot_be_waited_for_is_refused(pixels_home: Path, every: str) -> None:
    """The command line is wrong: exit code 2, and nothing runs."""
    result = CliRunner().invoke(main, ["aggregate", "--every", every], catch_exceptions=False)

    assert result.exit_code == 2
    assert not list(pixels_home.iterdir())


def test_a_home_that_is_a_file_is_explained(pixels_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the operating system refuses is one line, with the path."""
    file = pixels_home / "file"
    file.touch()
    monkeypatch.setenv("PIXELS_HOME", str(file))
    for command in (["aggregate"], ["up", "--no-lab"], ["lab", "--no-browser"], ["report", "campaign_report"]):
        result = CliRunner().invoke(main, command, catch_exceptions=False)
        assert result.exit_code in (64, 66, 74), (command, result.output)
        assert result.stderr.startswith("pixels: ")


@pytest.mark.parametrize(
    ("command", "number", "code", "told"),
    [
        (
            ["rebuild"],
            signal.SIGTERM,
            75,
            "pixels: SIGTERM ended it. Nothing was changed; run it again when it suits.\n",
        ),
        (["rebuild"], signal.SIGINT, 75, "pixels: SIGINT ended it. Nothing was changed; run it again when it suits.\n"),
        (["why", "2026-11-01", "registrations"], signal.SIGINT, 1, "\nAborted!\n"),
    ],
    ids=["rebuild-SIGTERM", "rebuild-SIGINT", "why-SIGINT"],
)
def test_a_signal_in_the_middle_of_a_statement_is_a_signal(
    pixels_home: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], number: signal.Signals, code: int, told: str
) -> None:
    """DuckDB turns whatever a handler raises during a statement into an error of its own."""

    def compute_for_ever(*_: object, **__: object) -> NoReturn:
        def interrupt() -> None:
            until(lambda: time.process_time() > begun + 0.3, what="the statement has begun")
            os.kill(os.getpid(), number)

        with closing(duckdb.connect()) as con:
            begun = time.process_time()
            Thread(target=interrupt).start()
            con.execute(
                "CREATE TABLE sums AS SELECT sum(a.range * b.range) FROM range(1_000_000) a, range(1_000_000) b"
            )
        raise AssertionError("the statement came to its end")

    run_pass(load_settings())
    monkeypatch.setattr("aggregator.rebuild.rebuild_warehouse", compute_for_ever)
    monkeypatch.setattr("pixels.warehouse.Warehouse.why", compute_for_ever)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # the processes that run tests at once ignore it
    try:
        result = CliRunner().invoke(main, command, catch_exceptions=False)
    finally:
        signal.signal(signal.SIGINT, before)

    assert (result.exit_code, result.stderr) == (code, told)
