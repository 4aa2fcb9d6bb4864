"""`pixels report run-due`: run what is due, once, and send it; for cron, every few minutes.

Of what was missed while the machine was off, the latest is made up for. The ledger is written before each step that
others can see, so after a crash a report is run again, and nobody gets twice what the ledger knows they got; a mail that
was handed over in the very moment of a crash is sent again with the same Message-ID.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pixels.config import Settings
from pixels.delivery import Message, Receipt, Recipient, send
from pixels.errors import BadParameter, PixelsError
from pixels.only_one import only_one
from pixels.pointer import utc_text
from pixels.reports.due import latest_due
from pixels.reports.ledger import Entry, Ledger
from pixels.reports.message import message_of
from pixels.reports.record import FAILED, OK
from pixels.reports.run import run_report
from pixels.reports.schedules import Schedule, read_schedules
from pixels.reports.shelf import write_index

RETRY_AFTER_S = 30.0
_LOCK = "run-due.lock"

Run = Callable[[Schedule, datetime, Path], object]
"""Runs the report of a schedule as of its due instant, into a folder. Raises PixelsError."""
Send = Callable[[Message, Sequence[Recipient]], list[Receipt]]


@dataclass(frozen=True)
class Done:
    """What became of a schedule that was due."""

    schedule: Schedule
    due: datetime
    entry: Entry
    receipts: tuple[Receipt, ...]

    @property
    def is_failed(self) -> bool:
        """Whether the report failed."""
        return self.entry.status == FAILED

    @property
    def is_undelivered(self) -> bool:
        """Whether somebody has not got it yet; it is tried again the next time."""
        return not self.entry.is_delivered

    def as_text(self) -> str:
        """Say it in a line."""
        told = [f"failed: {self.entry.error}" if self.is_failed else f"done: {self.entry.folder}"]
        told += [receipt.as_text() for receipt in self.receipts]
        if self.entry.passed_over:
            told.append(f"{self.entry.passed_over} missed before it are not made up for")
        return f"{self.schedule.name}: due {self.due:%Y-%m-%d %H:%M} {self.schedule.zone.key}: {'; '.join(told)}"


@dataclass(frozen=True)
class Scheduler:
    """What runs schedules, with the clock and the ways that tests replace."""

    settings: Settings
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    run: Run | None = None
    send: Send | None = None
    pause: Callable[[float], None] = time.sleep
    notebooks: Path | None = None

    def run_due(self) -> list[Done] | None:
        """Run and send what is due; None: another one is at work. Raises ConfigurationError; PixelsError: the ledger is damaged."""
        schedules = read_schedules(self.settings, notebooks=self.notebooks)
        shelf = self.settings.reports_dir
        with only_one(shelf / _LOCK) as alone:
            if not alone:
                return None
            ledger = Ledger.read(shelf)
            done = [one for schedule in schedules if (one := self._handle(schedule, ledger)) is not None]
            if done:
                write_index(shelf)
        return done

    def _handle(self, schedule: Schedule, ledger: Ledger) -> Done | None:
        """Bring one schedule up to now: run it when it is due or was broken off, and send what is not sent."""
        now = self.now()
        entry = ledger.entries.get(schedule.name) or ledger.put(schedule.name, since=utc_text(now))
        due = latest_due(schedule.cron, schedule.zone, datetime.fromisoformat(entry.since), now)
        if due is not None:
            at = utc_text(due.at)
            entry = ledger.put(
                schedule.name, since=at, running=at, status=None, error=None, folder=None, delivered=(),
                is_delivered=False, passed_over=due.passed_over,
            )  # fmt: skip
        if entry.running is None or (entry.status is not None and entry.is_delivered):
            return None
        if entry.status is None:
            self._run(schedule, entry.running, ledger)
        receipts = self._send(schedule, ledger)
        return Done(
            schedule, datetime.fromisoformat(entry.running).astimezone(schedule.zone), ledger.entries[schedule.name], receipts
        )  # fmt: skip

    def _run(self, schedule: Schedule, due: str, ledger: Ledger) -> None:
        """Run the report, and again if it fails; the ledger then says how it went."""
        at = datetime.fromisoformat(due)
        folder = self.settings.reports_dir / schedule.name / f"{at:%Y%m%dT%H%M%SZ}"
        error = ""
        for tries_left in reversed(range(schedule.retries + 1)):
            error = self._try(schedule, at, folder)
            if not error:
                break
            if tries_left:
                self.pause(RETRY_AFTER_S)
        ledger.put(
            schedule.name, status=FAILED if error else OK, error=error or None, folder=str(folder),
            finished_at=utc_text(self.now()),
        )  # fmt: skip

    def _try(self, schedule: Schedule, at: datetime, folder: Path) -> str:
        run = self.run or self._run_report
        try:
            run(schedule, at, folder)
        except (PixelsError, OSError) as error:
            return str(error)
        return ""

    def _run_report(self, schedule: Schedule, at: datetime, folder: Path) -> None:
        run_report(schedule.report, schedule.parameters, self.settings, folder, notebooks=self.notebooks, as_of=at)

    def _send(self, schedule: Schedule, ledger: Ledger) -> tuple[Receipt, ...]:
        """Send the report, or that it failed, to each who has not got it; each receipt is in the ledger before the next."""
        entry = ledger.entries[schedule.name]
        recipients = schedule.on_failure if entry.status == FAILED else schedule.to
        missing = [recipient for recipient in recipients if recipient.key not in entry.delivered]
        message = (
            replace(self._message(schedule, entry, missing), key=f"{schedule.name} {entry.running}")
            if missing
            else None
        )
        receipts: list[Receipt] = []
        for recipient in missing:
            assert message is not None  # noqa: S101 - somebody is missing
            (receipt,) = (self.send or self._send_really)(message, [recipient])
            receipts.append(receipt)
            if not receipt.error:
                got = (*ledger.entries[schedule.name].delivered, recipient.key)
                ledger.put(schedule.name, delivered=got)
        ledger.put(schedule.name, is_delivered=not any(receipt.error for receipt in receipts))
        return tuple(receipts)

    def _send_really(self, message: Message, recipients: Sequence[Recipient]) -> list[Receipt]:
        return send(message, recipients, self.settings)

    def _message(self, schedule: Schedule, entry: Entry, recipients: Sequence[Recipient]) -> Message:
        picture = any(recipient.is_mail for recipient in recipients)
        try:
            message = message_of(Path(entry.folder or ""), self.settings, picture=picture)
        except BadParameter:
            message = None
        failed = entry.status == FAILED
        if message is None or message.is_alarm != failed:  # it failed before there was anything to write
            text = f"The schedule {schedule.name} was due {entry.running} and could not run.\n\n{entry.error}\n"
            return Message(f"FAILED: {schedule.name}", text, is_alarm=True)
        return message
