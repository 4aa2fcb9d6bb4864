"""A scheduler on a clock of its own: what is due runs once and goes to whom it should, whatever happens in between."""

from __future__ import annotations

import fcntl
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixels.config import load_settings
from pixels.delivery import Message, Receipt, Recipient
from pixels.errors import NoSnapshot, PixelsError
from pixels.reports.ledger import Ledger
from pixels.reports.run_due import Done, Scheduler
from pixels.reports.schedule_list import coming_runs, listed_schedules
from pixels.reports.schedules import Schedule

DAILY = """
[[schedule]]
name = "daily"
report = "campaign_report"
cron = "30 2 * * *"
time_zone = "Europe/Berlin"
to = ["anna@example.com", "ben@example.com"]
on_failure = ["ops@example.com"]
"""
WEEKLY = """
[[schedule]]
name = "weekly"
report = "weekly_report"
cron = "0 7 * * MON"
time_zone = "America/New_York"
to = ["team@example.com"]
retries = 0
"""


class Killed(BaseException):
    """The process ends here: nothing catches it."""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass
class World:
    """A clock, reports that run as told, and the letter boxes of those who get them."""

    home: Path
    now: datetime
    ran: list[tuple[str, str]] = field(default_factory=list)
    """Schedule and due instant of every try."""
    got: list[tuple[str, str, bool]] = field(default_factory=list)
    """Address, key of the message, whether it is of a failure."""
    fails: Callable[[str, datetime], bool] = lambda name, due: False
    refuses: set[str] = field(default_factory=set)
    killed_after: int = 10**9
    """Steps that others can see until the process is killed."""

    def step(self) -> None:
        """End here when it is time."""
        if self.killed_after == 0:
            raise Killed
        self.killed_after -= 1

    def run(self, schedule: Schedule, due: datetime, folder: Path) -> None:
        """Stand in for a kernel: leave the record that a report leaves."""
        self.step()
        self.ran.append((schedule.name, f"{due.astimezone(UTC):%Y-%m-%dT%H:%M}"))
        failed = self.fails(schedule.name, due)
        folder.mkdir(parents=True, exist_ok=True)
        record: dict[str, object] = {
            "name": schedule.report, "status": "failed" if failed else "ok", "error": "cell 3" if failed else None, "pdf": None,
            "is_demo": False, "complete_until": "x", "snapshot": 1, "parameters": {}, "time_zone": "UTC",
            "finished_at": "2026-01-01T00:00:00Z", "asked": {"parameters": {}},
        }  # fmt: skip
        (folder / "report.json").write_text(json.dumps(record))
        (folder / f"{schedule.report}.html").write_text("<p></p>")
        if failed:
            raise PixelsError("report failed in cell 3")

    def send(self, message: Message, recipients: Sequence[Recipient]) -> list[Receipt]:
        """Put a message into the letter boxes."""
        self.step()
        for recipient in recipients:
            if recipient.address in self.refuses:
                return [Receipt(recipient, "nobody there")]
            self.got.append((recipient.address, message.key, message.is_alarm))
        return [Receipt(recipient) for recipient in recipients]

    def look(self) -> list[Done] | None:
        """Do what cron does."""
        return Scheduler(
            load_settings(home=self.home, chromium="/nowhere/chromium"), lambda: self.now, self.run, self.send, lambda seconds: None
        ).run_due()  # fmt: skip


@pytest.fixture
def world(pixels_home: Path) -> World:
    """The clock stands at the first of October, and the scheduler has looked once: nothing was due before."""
    (pixels_home / "reports.toml").write_text(DAILY)
    world = World(pixels_home, at("2026-10-01T00:00"))
    assert world.look() == []
    return world


def every(minutes: int, start: str, end: str) -> Iterator[datetime]:
    """The instants at which cron looks."""
    now, last = at(start), at(end)
    while now <= last:
        yield now
        now += timedelta(minutes=minutes)


def test_a_month_of_schedules_delivers_exactly_what_it_should(world: World) -> None:
    """Clocks change, the machine is off for three days, one report fails, a mail server refuses for hours."""
    (world.home / "reports.toml").write_text(DAILY + WEEKLY)
    world.fails = lambda name, due: name == "daily" and due.date().isoformat() == "2026-10-20"
    for world.now in every(15, "2026-10-01T00:15", "2026-10-31T23:45"):
        if at("2026-10-10T00:00") <= world.now < at("2026-10-13T12:00"):
            continue  # off
        world.refuses = {"ben@example.com"} if at("2026-10-27T00:00") <= world.now < at("2026-10-27T09:00") else set()
        world.look()

    winter = [f"2026-10-{day}T01:30" for day in range(26, 32)]  # half past two in Berlin
    summer = [f"2026-10-{day:02d}T00:30" for day in range(1, 26) if day not in (10, 11, 12)]
    failed = "2026-10-20T00:30"
    days = [*summer, *winter]
    assert Counter(due for name, due in world.ran if name == "daily") == Counter(days + [failed] * 2)
    mondays = ["2026-10-05T11:00", "2026-10-12T11:00", "2026-10-19T11:00", "2026-10-26T11:00"]
    assert [due for name, due in world.ran if name == "weekly"] == mondays
    keys = [f"{due}:00.000Z" for due in days]
    for anyone in ("anna@example.com", "ben@example.com"):
        mine = [key for address, key, alarm in world.got if address == anyone and not alarm]
        assert Counter(mine) == Counter(f"daily {key}" for key in keys if not key.startswith(failed))
    assert [(key, alarm) for address, key, alarm in world.got if address == "ops@example.com"] == [
        (f"daily {failed}:00.000Z", True)
    ]
    assert [key for address, key, _ in world.got if address == "team@example.com"] == [
        f"weekly {due}:00.000Z" for due in mondays
    ]


def test_nothing_is_due_that_was_before_the_schedule_was_there(world: World) -> None:
    """A new schedule does not begin with a heap of old reports."""
    world.now = at("2026-10-02T12:00")
    assert [one.schedule.name for one in world.look() or []] == ["daily"]
    (world.home / "reports.toml").write_text(DAILY + WEEKLY)

    assert world.look() == []


def test_after_a_pause_the_latest_is_run_and_the_others_are_told_of(world: World) -> None:
    """Once."""
    world.now = at("2026-10-05T12:00")
    (done,) = world.look() or []

    assert done.entry.passed_over == 4
    assert "4 missed before it are not made up for" in done.as_text()
    assert world.ran == [("daily", "2026-10-05T00:30")]
    assert world.look() == []


def test_a_failure_is_tried_again_and_then_told_to_those_who_mend_it(world: World) -> None:
    """The others wait for nothing, and what failed is not run anew at each look."""
    (world.home / "reports.toml").write_text(DAILY + DAILY.replace("daily", "other"))
    world.look()
    world.fails = lambda name, due: name == "daily"
    world.now = at("2026-10-02T00:30")
    failed, fine = world.look() or []

    assert (failed.is_failed, fine.is_failed) == (True, False)
    assert [name for name, _ in world.ran] == ["daily"] * 3 + ["other"]
    assert [address for address, _, alarm in world.got if alarm] == ["ops@example.com"]
    assert world.look() == []


def test_what_cannot_even_begin_is_told_too(world: World) -> None:
    """There is no folder to look into."""

    def run(schedule: Schedule, due: datetime, folder: Path) -> None:
        raise NoSnapshot("nothing has been published yet")

    world.now = at("2026-10-02T00:30")
    texts: list[str] = []

    def send(message: Message, recipients: Sequence[Recipient]) -> list[Receipt]:
        texts.append(message.text)
        return [Receipt(recipient) for recipient in recipients]

    scheduler = Scheduler(load_settings(home=world.home), lambda: world.now, run, send, lambda seconds: None)
    (done,) = scheduler.run_due() or []

    assert done.is_failed
    assert "nothing has been published yet" in texts[0]


def test_a_folder_that_cannot_be_written_fails_its_schedule_alone(world: World) -> None:
    """A file is in its place."""
    (world.home / "reports.toml").write_text(DAILY + DAILY.replace("daily", "other"))
    world.look()
    (world.home / "reports" / "daily").write_text("no folder")
    world.now = at("2026-10-02T00:30")
    failed, fine = world.look() or []

    assert (failed.is_failed, fine.is_failed) == (True, False)
    assert "Not a directory" in str(failed.entry.error)
    assert [address for address, _, alarm in world.got if alarm] == ["ops@example.com"]


def test_two_at_once_do_nothing_twice(world: World) -> None:
    """The second says that there is a first."""
    world.now = at("2026-10-02T00:30")
    with (world.home / "reports" / "run-due.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert world.look() is None
    assert len(world.look() or []) == 1


def test_a_damaged_ledger_is_said_and_nothing_runs(world: World) -> None:
    """Rather than everything anew."""
    (world.home / "reports" / "schedules.json").write_text('{"daily": 1}')
    world.now = at("2026-10-02T00:30")

    with pytest.raises(PixelsError, match="Move it away to begin anew"):
        world.look()
    assert world.ran == []


def test_lists_say_how_it_went_and_what_comes(world: World) -> None:
    """On the clock of each schedule."""
    (world.home / "reports.toml").write_text(DAILY + WEEKLY)
    world.refuses = {"ben@example.com"}
    world.now = at("2026-10-02T00:30")
    world.look()

    daily, weekly = listed_schedules(load_settings(home=world.home), world.now)
    assert daily == {
        "name": "daily", "report": "campaign_report", "cron": "30 2 * * *", "time_zone": "Europe/Berlin",
        "last_due": "2026-10-02 02:30+02:00", "last_status": "ok, not delivered", "next": "2026-10-03 02:30+02:00",
    }  # fmt: skip
    assert (weekly["last_due"], weekly["last_status"], weekly["next"]) == (None, None, "2026-10-05 07:00-04:00")
    assert [row["at"] for row in coming_runs(load_settings(home=world.home), 4, world.now)] == [
        "2026-10-03 02:30+02:00", "2026-10-04 02:30+02:00", "2026-10-05 02:30+02:00", "2026-10-05 07:00-04:00",
    ]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    looks=st.lists(st.tuples(st.integers(0, 3 * 24 * 60), st.integers(0, 6)), min_size=1, max_size=12),
    refused=st.sets(st.sampled_from(["anna@example.com", "ben@example.com"])),
)
def test_killed_at_any_step_everybody_gets_the_latest_once(looks: list[tuple[int, int]], refused: set[str]) -> None:
    """After the last look, which nothing disturbs; and of what was passed over nothing comes later."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "reports.toml").write_text(DAILY)
        world = World(Path(folder), at("2026-10-20T00:00"), refuses=refused)
        world.look()
        for minutes, steps in looks:
            world.now += timedelta(minutes=minutes)
            world.killed_after = steps
            with suppress(Killed):
                world.look()
        world.killed_after, world.refuses = 10**9, set()
        world.look()
        assert world.look() == []

        entry = Ledger.read(Path(folder) / "reports").entries["daily"]
        got = Counter((address, key) for address, key, _ in world.got)
        if entry.running is not None:
            assert got["anna@example.com", f"daily {entry.running}"] == 1
            assert got["ben@example.com", f"daily {entry.running}"] == 1
        assert all(number == 1 for number in got.values())
        dues = [due for _, due in world.ran]
        assert dues == sorted(dues)
