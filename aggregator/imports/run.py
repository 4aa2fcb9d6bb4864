"""One import: files to batches, each stored in a transaction of its own, and a report at the end."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import structlog

from aggregator.decode import REJECTED_COLUMNS
from aggregator.imports.identity import new_ids
from aggregator.imports.judging import Batch, batches, read_lines
from aggregator.imports.lines import Judge
from aggregator.imports.opening import STDIN, Format, OpenedFile, UnusableFile, check_files, opened
from aggregator.imports.report import Report, refused_lines
from aggregator.lock import AlreadyRunning
from aggregator.progress import progress_bar
from aggregator.run import Stop, configure_logging
from aggregator.writing import Clock, OnStep, Session, utc_now, writing
from pixels.config import Settings
from pixels.errors import BadParameter

NOTHING_USABLE = 65
ENDED_EARLY = 130
_LOOK_EVERY_SECONDS = 0.2

_log = structlog.get_logger()


@dataclass(frozen=True)
class Import:
    """What to import, and how."""

    files: tuple[str, ...]
    judge: Judge
    format: Format | None = None
    prefix: str = ""
    """Stands before the paths of pixels in access logs."""
    check: bool = False
    """Store nothing, only report."""
    refused: Path | None = None
    """File for the lines that were refused."""
    wait: float = 600.0
    """Seconds to wait for another process that writes."""

    def __post_init__(self) -> None:
        if self.files.count(STDIN) > 1:
            raise BadParameter("FILE", "standard input (-) can be read once")
        if self.refused and any(_same(self.refused, name) for name in self.files):
            raise BadParameter("--refused", f"{self.refused} is one of the files to import; name another")


def import_files(
    settings: Settings,
    what: Import,
    *,
    on_step: OnStep = lambda step: None,
    now: Clock = utc_now,
    stop: Callable[[], bool] = lambda: False,
) -> Report:
    """Import files, one after the other, and return what became of their lines.

    Each batch is one transaction, and ids depend on the files alone, so that an import which ended early is completed by
    doing it again. Raises NoSuchFile before anything is stored, and AlreadyRunning when another process still writes after
    `wait`. Where a file cannot be read to its end, that is the report's `failure`: what was read before is stored.
    """
    check_files(what.files)
    began_ms = int(now().timestamp() * 1000)
    with ExitStack() as stack:
        report = Report(what.check, stack.enter_context(refused_lines(what.refused)))
        session = None if what.check else _session(stack, settings, what.wait, on_step, now, stop)
        try:
            for name in what.files:
                with opened(name, what.format) as file:
                    _import_file(file, what, session, report, settings.batch_size, began_ms, stop)
                if report.ended_early:
                    break
                report.files += 1
        except UnusableFile as error:  # what is stored is to be published all the same
            report.failure = error
    return report


def _session(
    stack: ExitStack, settings: Settings, wait: float, on_step: OnStep, now: Clock, stop: Callable[[], bool]
) -> Session:
    """Begin to write as soon as nobody else does; give up after `wait` seconds, or when somebody asks for the end."""
    give_up_at, is_told = time.monotonic() + wait, False
    while True:
        try:
            return stack.enter_context(writing(settings, "import", on_step=on_step, now=now))
        except AlreadyRunning as other:
            if time.monotonic() >= give_up_at or stop():
                raise
            if not is_told:
                _log.info("import.waits", why=f"process {other.pid or 'unknown'} is writing", seconds_at_most=wait)
                is_told = True
        time.sleep(min(wait, _LOOK_EVERY_SECONDS))


def _import_file(
    file: OpenedFile,
    what: Import,
    session: Session | None,
    report: Report,
    batch_size: int,
    began_ms: int,
    stop: Callable[[], bool],
) -> None:
    unit, done = "lines" if file.size is None else "bytes", 0
    with new_ids() as new_id, progress_bar(file.name, file.size, unit) as show:
        lines = read_lines(file, what.judge, new_id, what.prefix)
        for batch in batches(file.name, lines, batch_size, began_ms):
            report.add(file.name, batch, _store(session, batch))
            done += batch.read
            show(done if file.size is None else file.position())
            if stop():
                report.ended_early = True
                return


def _store(session: Session | None, batch: Batch) -> int:
    """Store a batch; return how many of its events were stored before."""
    if session is None:
        return 0
    session.on_step("after_read")
    if batch.events.is_empty():
        return 0
    # What was refused stays out of `rejected_events`: importing the file again would count it again.
    nothing_rejected = pl.DataFrame(schema=REJECTED_COLUMNS)
    return session.store(batch.events, nothing_rejected, records_read=batch.events.height).records_repeated


def run_import(settings: Settings, what: Import) -> int:
    """Import, print the report as one JSON line on stdout and for a person on stderr; return the exit code.

    SIGINT and SIGTERM end the import after the batch it is at, a second one at once.
    """
    configure_logging()
    with _asked_to_end() as stop:
        report = import_files(settings, what, stop=lambda: stop.asked)
    print(report.as_table(), file=sys.stderr)
    print(report.as_json(), flush=True)
    if report.failure:
        raise report.failure
    if report.ended_early:
        print("Ended early. What was read is stored; import the same files again for the rest.", file=sys.stderr)
        return ENDED_EARLY
    return NOTHING_USABLE if report.nothing_usable else 0


def _same(path: Path, name: str) -> bool:
    return name != STDIN and path.exists() and Path(name).exists() and path.samefile(name)


@contextmanager
def _asked_to_end() -> Iterator[Stop]:
    """Yield what SIGINT and SIGTERM ask for the end, as long as the block lasts."""
    stop = _Stop()
    before = {number: signal.signal(number, stop.ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Stop(Stop):
    """Ends an import after its batch; asked twice, at once: a file may be a pipe into which nobody writes."""

    def ask(self, *_: object) -> None:
        """Take the signal."""
        if self.asked:
            raise KeyboardInterrupt
        super().ask()
