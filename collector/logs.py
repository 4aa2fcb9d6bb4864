"""What the collector says while it runs: one JSON object a line on stderr, whoever says it.

Every line has `timestamp` (UTC), `level`, `event` (a dotted name that never changes with the data), `logger` and `pid`;
a line that belongs to a request has its `request_id`. Lines of gunicorn, uvicorn, asyncio and librdkafka come as the
event `<their name>.message` with their text in `message`. None holds an address, a user agent, a player id or a query.
"""

from __future__ import annotations

import logging
import os
import time
import traceback
from collections.abc import Callable, MutableMapping
from typing import Any, TextIO

import structlog
from structlog.typing import ExcInfo

from pixels.errors import PixelsError

LINES_A_SECOND = 10

_Line = MutableMapping[str, Any]
_OURS = "collector"


class Sparing(logging.Filter):
    """Lets at most so many lines of one event through in a second; the next one says how many were left out.

    What a stranger can bring about as often as he likes, such as a 503 while the disk is full, fills no disk with lines.
    """

    def __init__(self, lines_a_second: int = LINES_A_SECOND, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._limit, self._clock = lines_a_second, clock
        self._seen: dict[str, tuple[int, int]] = {}  # event -> the second, and how many came in it

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether to write the line."""
        event, now = _event_of(record), int(self._clock())
        second, count = self._seen.get(event, (now, 0))
        if second != now:
            record.left_out, second, count = max(0, count - self._limit), now, 0
        self._seen[event] = (second, count + 1)
        return count < self._limit


def write_json_lines(stream: TextIO) -> None:
    """Send all that is logged in this process, and in those it forks, to `stream`: ours from info on, others' from warning on."""
    handler = logging.StreamHandler(stream)
    handler.addFilter(Sparing())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name, _name_of_foreign],
            processors=[
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.ExceptionRenderer(where_it_failed),
                _whole_line,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.raiseExceptions = False  # a line that cannot be written is lost, and must not bring forth others
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(_OURS).setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def where_it_failed(exc_info: ExcInfo) -> list[str]:
    """Return what an exception was and where it came from, the innermost place last, causes first.

    The message is left out, since it may quote what a stranger sent, save that of our own errors and of the system's.
    """
    lines: list[str] = []
    error: BaseException | None = exc_info[1]
    while error is not None:
        says = f": {error}" if isinstance(error, PixelsError | OSError) else ""
        frames = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)]
        lines = [f"{type(error).__qualname__}{says}", *frames, *lines]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return lines


def _event_of(record: logging.LogRecord) -> str:
    """Return the name of a line's event: structlog's own, or one made of the name of a foreign logger."""
    if isinstance(record.msg, dict):
        return str(record.msg["event"])
    return f"{record.name.partition('.')[0]}.message"


def _name_of_foreign(_: Any, __: str, line: _Line) -> _Line:
    line["message"] = line["event"]
    line["event"] = _event_of(line["_record"])
    return line


def _whole_line(_: Any, __: str, line: _Line) -> _Line:
    """Add the process, and how many lines were left out before this one; put first what every line has."""
    if left_out := getattr(line["_record"], "left_out", 0):
        line["left_out"] = left_out
    head = {name: line.pop(name) for name in ("timestamp", "level", "event", "logger")}
    return {**head, "pid": os.getpid(), **line}
