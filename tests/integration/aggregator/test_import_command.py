"""`pixels import` as it is run: what it prints, its exit codes, and how it waits, ends early, and reads a pipe."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result

import pixels
from aggregator.lock import writer_lock
from pixels.cli import main
from tests.waiting import until

PIXELS = Path(sys.executable).with_name("pixels")
MANUAL = (Path(__file__).parents[3] / "docs" / "import.md").read_text("utf-8")
LINE = '192.0.2.7 - - [01/Mar/2025:10:00:00 +0100] "{} HTTP/1.1" 200 43 "-" "Mozilla/5.0"\n'


def visits(count: int) -> str:
    """Rows of visits, each another player's."""
    return "".join(
        json.dumps({"eventType": "visit", "playerId": f"p{n}", "bannerTag": "a", "createdAt": "2025-03-01T10:00:00Z"})
        + "\n"
        for n in range(count)
    )


@pytest.fixture(autouse=True)
def log_lines_go_where_they_went() -> Iterator[None]:
    """The command says where log lines go; the next test wants them elsewhere."""
    yield
    structlog.reset_defaults()


def run(*arguments: object) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, ["import", *map(str, arguments)])


def run_with(stdin: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a process that reads `stdin` through a pipe."""
    return subprocess.run([PIXELS, "import", *arguments], input=stdin, capture_output=True, text=True, timeout=120)


def said(done: Result | subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The report on stdout, which is one line."""
    (line,) = done.stdout.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def count_of_visits() -> int:
    """What readers see."""
    with pixels.open() as warehouse:
        return int(warehouse.metrics("2025-03-01", "2025-03-02").filter(event_type="visit")["count"].sum())


def block(language: str) -> str:
    """The first example of the manual in this language."""
    found = re.search(rf"^```{language}\n(.*?)^```$", MANUAL, re.DOTALL | re.MULTILINE)
    assert found, language
    return found[1]


def test_the_examples_of_the_manual_are_imported(pixels_home: Path) -> None:
    """Its rows, its table and its access log; nothing in them is refused or skipped."""
    for name, language in (("visits.ndjson", "json"), ("deposits.csv", "csv"), ("access.log", "text")):
        Path(name).write_text(block(language), "utf-8")

    commands = re.findall(r"^pixels (import .*?) +#", block("sh"), re.MULTILINE)
    checked, stored = (run(*command.split()[1:]) for command in commands)
    log = run("access.log")

    assert (said(checked)["accepted"], said(checked)["stored"]) == (2, 0)
    assert (said(stored)["stored"], said(stored)["refused"], said(stored)["skipped"]) == (3, 0, 0)
    assert (said(log)["stored"], said(log)["read"]) == (1, 1)


def test_the_report_has_the_form_of_the_manual(pixels_home: Path) -> None:
    """The same lines give the same report, on stdout; stderr tells it to a person, and control characters to no terminal."""
    (example,) = (
        block_
        for block_ in re.findall(r"^```json\n(.*?)^```$", MANUAL, re.DOTALL | re.MULTILINE)
        if "ended_early" in block_
    )
    requests = [
        "GET /visit?playerId=1&bannerTag=a",
        "GET /visit?playerId=2&bannerTag=a",
        "GET /visit?bannerTag=a",
        "GET /",
        "POST /visit",
    ]
    Path("access.log").write_text("".join(LINE.format(request) for request in requests) + "\x1b[31mjunk", "utf-8")

    done = run("access.log", "--refused", "refused.ndjson")

    assert done.exit_code == 0
    assert said(done) == json.loads(example)
    assert re.search(r"^stored +2$", done.stderr, re.MULTILINE)
    assert "\x1b" not in done.stderr
    assert [
        (each["line"], each["reason"]) for each in map(json.loads, Path("refused.ndjson").read_text().splitlines())
    ] == [
        (3, "missing_player_id"),
        (6, "bad_line"),
    ]


def test_readers_see_what_was_imported(pixels_home: Path) -> None:
    """It is published at the end; importing it again publishes nothing."""
    Path("a.ndjson").write_text(visits(3), "utf-8")

    assert run("a.ndjson").exit_code == 0
    assert count_of_visits() == 3
    with pixels.open() as warehouse:
        before = warehouse.snapshot
    assert said(run("a.ndjson"))["repeated"] == 3
    with pixels.open() as warehouse:
        assert warehouse.snapshot == before


def test_standard_input_is_a_file(pixels_home: Path) -> None:
    """A pipe too, in any format but Parquet."""
    assert said(run_with(visits(2), "-"))["stored"] == 2
    assert run_with("PAR1", "-").returncode == 65
    assert run("-", "-").exit_code == 64


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["missing.ndjson", "a.ndjson"], 66, "missing.ndjson cannot be opened: No such file or directory"),
        (["a.ndjson", "."], 66, ". is a folder"),
        (["a.ndjson", "junk"], 65, "--format"),
        (["junk", "--format", "ndjson"], 65, ""),
        (["a.ndjson", "--refused", "a.ndjson"], 64, "is one of the files to import"),
        (["a.ndjson", "--refused", "no/such/folder"], 74, "cannot be written"),
        (["a.ndjson", "--time-zone", "Mars"], 2, "'Mars' is no time zone"),
        ([], 2, "Missing argument"),
    ],
)
def test_what_cannot_be_imported_is_explained(arguments: list[str], code: int, message: str, pixels_home: Path) -> None:
    """With an exit code that says whose fault it is, and no traceback."""
    Path("a.ndjson").write_text(visits(1), "utf-8")
    Path("junk").write_bytes(bytes(range(256)))

    done = run(*arguments)

    assert done.exit_code == code
    assert message in done.stderr
    assert isinstance(done.exception, SystemExit)
    assert Path("a.ndjson").read_text("utf-8") == visits(1)
    assert (pixels_home / "warehouse.duckdb").exists() == (code == 65)


def test_it_waits_for_another_process_that_writes(pixels_home: Path) -> None:
    """It says so, and goes on when the other is done; after `--wait` it gives up with exit code 75."""
    Path("a.ndjson").write_text(visits(1), "utf-8")
    with writer_lock(pixels_home):
        gave_up = run("a.ndjson", "--wait", "10ms")
        waiting = subprocess.Popen(
            [PIXELS, "import", "a.ndjson"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert waiting.stderr
        assert "import.waits" in waiting.stderr.readline()
    stdout, _ = waiting.communicate(timeout=60)

    assert (gave_up.exit_code, gave_up.stdout) == (75, "")
    assert (waiting.returncode, json.loads(stdout)["stored"]) == (0, 1)


def test_ctrl_c_ends_it_after_the_batch_and_the_next_one_adds_the_rest(
    pixels_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read is stored and published; the exit code says that it is not all."""
    monkeypatch.setenv("PIXELS_BATCH_SIZE", "10")
    reader, writer = os.pipe()
    program = subprocess.Popen(
        [PIXELS, "import", "-", "--format", "ndjson"],
        stdin=reader,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        pipe.write(visits(15))
        pipe.flush()
        until((pixels_home / "warehouse.duckdb.wal").exists, what="first batch")
        program.send_signal(signal.SIGINT)
        pipe.write(visits(30)[len(visits(15)) :])
    stdout, stderr = program.communicate(timeout=60)

    assert program.returncode == 130, stderr
    report = json.loads(stdout)
    assert report["ended_early"]
    assert count_of_visits() == report["stored"] == 10 * (report["stored"] // 10)
    rest = said(run_with(visits(30), "-"))
    assert rest["stored"] == 30 - report["stored"]


def test_a_bar_shows_on_a_terminal_how_far_it_is(pixels_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as it takes; stdout carries the report alone."""
    monkeypatch.setenv("PIXELS_BATCH_SIZE", "1")
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    program = subprocess.Popen(
        [PIXELS, "import", "--check", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=theirs
    )
    os.close(theirs)
    assert program.stdin
    shown = b""

    def bar() -> bool:
        nonlocal shown
        assert program.stdin
        program.stdin.write(visits(1).encode())
        program.stdin.flush()
        if select.select([ours], [], [], 0)[0]:
            shown += os.read(ours, 65_536)
        return b" lines" in shown

    until(bar, what="the bar")
    stdout, _ = program.communicate(timeout=60)
    os.close(ours)

    assert program.returncode == 0
    assert json.loads(stdout)["accepted"] > 0
