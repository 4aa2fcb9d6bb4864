"""One JSON object a line, whoever speaks; nothing of a stranger in it, and never more than a disk can bear."""

from __future__ import annotations

import io
import json
import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog

from collector.event_log import LogUnavailable
from collector.logs import LINES_A_SECOND, Sparing, write_json_lines


class Lines(io.StringIO):
    """What was written, as objects."""

    def read_all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """The log lines of this process, with logging afterwards as it was before."""
    root, ours = logging.getLogger(), logging.getLogger("collector")
    handlers, levels, told = root.handlers, (root.level, ours.level), logging.raiseExceptions
    stream = Lines()
    write_json_lines(stream)
    yield stream
    root.handlers = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])
    logging.raiseExceptions = told
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def test_a_line_says_when_how_grave_what_and_who(lines: Lines) -> None:
    """Time in UTC, a dotted name that does not change with the data, and the data beside it."""
    structlog.get_logger("collector.somewhere").info("spool.emptied", records=3)

    (line,) = lines.read_all()
    written = datetime.fromisoformat(line.pop("timestamp"))
    assert abs(datetime.now(UTC) - written) < timedelta(minutes=1)
    assert line == {
        "level": "info", "event": "spool.emptied", "logger": "collector.somewhere", "pid": os.getpid(), "records": 3,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["gunicorn.error", "uvicorn.error", "librdkafka", "asyncio"])
def test_lines_of_others_come_as_json_too(lines: Lines, name: str) -> None:
    """Their text is a message; line ends in it do not end the line."""
    logging.getLogger(name).warning("lost %d of\n%s", 1, "two")

    (line,) = lines.read_all()
    assert (line["event"], line["message"], line["level"]) == (
        f"{name.partition('.')[0]}.message",
        "lost 1 of\ntwo",
        "warning",
    )


def test_others_speak_from_warning_on(lines: Lines) -> None:
    """What libraries tell of their daily work is left out, and so is what we say for debugging."""
    logging.getLogger("uvicorn.error").info("Started")
    structlog.get_logger("collector.somewhere").debug("spool.looked_at")

    assert lines.read_all() == []


@pytest.mark.parametrize("name", ["collector.somewhere", "uvicorn.error"])
def test_an_exception_is_told_without_what_it_quotes(lines: Lines, name: str) -> None:
    """Type and places are what we need; the text may hold a player's id."""
    try:
        try:
            int("player-4711")
        except ValueError as error:
            raise KeyError("player-4711") from error
    except KeyError:
        logging.getLogger(name).exception("x.failed")

    (line,) = lines.read_all()
    assert "player-4711" not in json.dumps(line)
    assert [part for part in line["exception"] if " " not in part] == ["ValueError", "KeyError"]
    assert __file__ in line["exception"][1]


def test_our_own_errors_and_those_of_the_system_are_told_in_full(lines: Lines) -> None:
    """They speak of files and disks."""
    log = structlog.get_logger("collector.somewhere")
    for failure in (LogUnavailable("the disk is full"), OSError(28, "No space left on device")):
        try:
            raise failure
        except (LogUnavailable, OSError):
            log.exception("x.failed")

    first, second = lines.read_all()
    assert first["exception"][0] == "LogUnavailable: the disk is full"
    assert "No space left on device" in second["exception"][0]


def test_a_line_that_comes_too_often_is_left_out_and_counted() -> None:
    """Ten a second of one event; the next second's first line says how many there were besides."""
    now = 100.0
    sparing = Sparing(clock=lambda: now)

    def said(event: str) -> bool:
        return sparing.filter(logging.makeLogRecord({"name": "collector.x", "msg": {"event": event}}))

    assert [said("a.b") for _ in range(25)] == [True] * LINES_A_SECOND + [False] * 15
    assert said("another.event")
    now = 101.5
    record = logging.makeLogRecord({"name": "collector.x", "msg": {"event": "a.b"}})
    assert sparing.filter(record)
    assert vars(record)["left_out"] == 15


def test_a_line_that_cannot_be_written_harms_nobody(lines: Lines, capsys: pytest.CaptureFixture[str]) -> None:
    """The disk that holds the log lines may be the one that is full; no complaint about it fills another."""
    lines.close()

    structlog.get_logger("collector.somewhere").error("request.not_stored")
    logging.getLogger("uvicorn.error").error("x")

    assert capsys.readouterr().err == ""
