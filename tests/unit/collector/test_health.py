"""/readyz asks the log for the truth, for many askers at once, and waits for none of its silences for ever."""

from __future__ import annotations

import asyncio

from collector.event_log import LogState, LogUnavailable
from collector.health import ReadinessCheck
from tests.unit.collector.asgi import FULL, ListLog


class CountingLog(ListLog):
    """Counts how often it is asked, and answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.answers = asyncio.Event()

    async def check(self) -> LogState:
        self.asked += 1
        await self.answers.wait()
        return await super().check()


async def test_many_who_ask_at_once_cost_one_look() -> None:
    """The proof is a write to the disk; a stranger must not make the collector write for each request of his."""
    log, now = CountingLog(), 100.0
    check = ReadinessCheck(log, clock=lambda: now)
    askers = [asyncio.create_task(check.readiness()) for _ in range(50)]
    await asyncio.sleep(0)
    log.answers.set()
    found = await asyncio.gather(*askers)
    assert (log.asked, {f.ready for f in found}) == (1, {True})

    now = 100.9
    await check.readiness()
    assert log.asked == 1

    now = 101.1
    log.failure = FULL
    assert (await check.readiness()).ready is False
    assert log.asked == 2


async def test_an_asker_who_hangs_up_does_not_disturb_the_others() -> None:
    """The look goes on for those who still wait."""
    log = CountingLog()
    check = ReadinessCheck(log)
    gone, waits = asyncio.create_task(check.readiness()), asyncio.create_task(check.readiness())
    await asyncio.sleep(0)
    gone.cancel()
    log.answers.set()

    assert (await waits).ready


async def test_a_log_that_does_not_answer_is_not_ready() -> None:
    """A disk that hangs is no disk that works."""
    found = await ReadinessCheck(CountingLog(), patience=0.01).readiness()

    assert (found.ready, found.detail) == (False, "the log has not answered for 0.01 s")


async def test_why_it_is_not_ready_is_for_insiders() -> None:
    """The reason may name folders and hosts."""
    log = ListLog(failure=LogUnavailable("/srv/pixels/log/slot-000.sqlite cannot take records"))

    found = await ReadinessCheck(log).readiness()

    assert (found.ready, "slot-000" in str(found.detail)) == (False, True)
    assert found.for_outsiders().detail is None
