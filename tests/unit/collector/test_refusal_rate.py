"""So many refusals a second are kept; the others are counted, and the counts are kept."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

import jsonschema
import pytest
import structlog.testing
from hypothesis import given
from hypothesis import strategies as st

from collector.contract import InvalidEvent, Reason, Sender, read_contract
from collector.counters import Counters, private_counters
from collector.event_log import LogUnavailable
from collector.faults import Faults
from collector.refusals import NEVER_KEPT, Refusals
from tests.unit.collector.asgi import FULL, ListLog
from tests.unit.collector.schemas import REFUSAL_SCHEMA

NOW = datetime(2026, 11, 22, 16, 0, 0, 123987, tzinfo=UTC)
SENDER = Sender("203.0.113.9", "curl")


@dataclass
class Worker:
    """The refusals of one worker, whose time stands still unless told, with a log to look into."""

    rate: int
    log: ListLog = field(default_factory=ListLog)
    counters: Counters = field(default_factory=private_counters)
    now: float = 1000.0
    refusals: Refusals = field(init=False)

    def __post_init__(self) -> None:
        self.refusals = Refusals(
            self.log,
            self.counters,
            Faults(self.counters),
            rate=self.rate,
            clock=lambda: NOW,
            contract=read_contract(),
            seconds=lambda: self.now,
        )

    async def refuse(self, reason: Reason, times: int = 1) -> None:
        for _ in range(times):
            await self.refusals.keep(InvalidEvent(reason, "why"), b"GET /visit", SENDER)

    async def stop(self) -> None:
        await self.refusals.process_shutdown({}, {})

    def singly(self) -> Counter[str]:
        return Counter(refusal["reason"] for refusal in self.log.refusals() if "count" not in refusal)

    def summarised(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for refusal in self.log.refusals():
            jsonschema.validate(refusal, REFUSAL_SCHEMA)
            if "count" in refusal:
                assert (refusal["payload"], refusal["source_ip"], refusal["user_agent"]) == ("", None, None)
                assert refusal["received_at"] == "2026-11-22T16:00:00.123Z"
                found[refusal["reason"]] += refusal["count"]
        return found

    def counted(self) -> Counter[str]:
        return +Counter({str(reason): count for reason, count in self.counters.table.totals().refused.items()})


async def test_beyond_the_rate_refusals_are_counted_in_one_record_a_reason() -> None:
    """Here three a second are kept."""
    worker = Worker(rate=3)
    await worker.refuse("too_long", 2)
    await worker.refuse("unknown_path", 100)
    await worker.refuse("too_long", 50)
    assert worker.summarised() == {}

    await worker.stop()

    assert worker.singly() == {"too_long": 2, "unknown_path": 1}
    assert worker.summarised() == {"unknown_path": 99, "too_long": 50}
    assert len(worker.log.records) == 5
    assert worker.counted() == {"unknown_path": 100, "too_long": 52}


async def test_the_next_second_keeps_refusals_again() -> None:
    """The rate is a number for each second."""
    worker = Worker(rate=2)
    await worker.refuse("too_long", 5)
    worker.now += 1
    await worker.refuse("too_long", 5)
    await worker.stop()

    assert (worker.singly(), worker.summarised()) == ({"too_long": 4}, {"too_long": 6})


async def test_summaries_are_written_while_the_flood_lasts() -> None:
    """Within a second or two, not only at the end; the log line about it comes at once, then a minute later."""
    worker = Worker(rate=1)
    with structlog.testing.capture_logs() as lines:
        await worker.refuse("too_long", 5)
        async with asyncio.timeout(20):
            while not worker.summarised():  # noqa: ASYNC110 - a log has nothing to wait for
                await asyncio.sleep(0.02)
        await worker.refuse("too_long", 3)
        await worker.stop()

        worker.now += 60
        await worker.refuse("too_long", 2)
        await worker.stop()

    assert [refusal.get("count") for refusal in worker.log.refusals()] == [None, 4, 3, None, 1]
    assert [(line["event"], line["refusals"]) for line in lines] == [
        ("refusals.not_kept_singly", 4),
        ("refusals.not_kept_singly", 4),
    ]


@pytest.mark.parametrize("reason", sorted(NEVER_KEPT))
async def test_of_some_reasons_nothing_but_the_count_is_kept(reason: Reason) -> None:
    """Who asks not to be tracked, and who is turned away for sending too much, leaves no trace of himself."""
    worker = Worker(rate=100)
    await worker.refuse(reason, 7)
    await worker.stop()

    assert (worker.singly(), worker.summarised(), worker.counted()) == ({}, {reason: 7}, {reason: 7})


async def test_a_rate_of_nought_keeps_only_counts() -> None:
    """For those who want no record of any."""
    worker = Worker(rate=0)
    await worker.refuse("bad_encoding", 3)
    await worker.stop()

    assert (worker.singly(), worker.summarised()) == ({}, {"bad_encoding": 3})


async def test_a_refusal_that_cannot_be_kept_is_not_counted() -> None:
    """It is answered 503, and counted when it comes again."""
    worker = Worker(rate=100, log=ListLog(failure=FULL))

    with pytest.raises(LogUnavailable):
        await worker.refuse("too_long")

    assert worker.counted() == {}


async def test_a_summary_that_cannot_be_kept_is_kept_by_a_later_worker() -> None:
    """A worker that is killed, or stops while the disk is full, leaves its counts to the next one in its row."""
    first = Worker(rate=0)
    await first.refuse("too_long", 9)
    first.log.failure = FULL
    with structlog.testing.capture_logs() as lines:
        await first.stop()
    assert lines[-1] == {"event": "refusals.summaries_lost", "log_level": "error", "refusals": {"too_long": 9}}

    second = Worker(rate=0, counters=first.counters)
    await second.refusals.process_startup({}, {})
    await second.stop()

    assert (first.summarised(), second.summarised()) == ({}, {"too_long": 9})


@given(
    st.integers(0, 5),
    st.lists(st.tuples(st.sampled_from(["too_long", "unknown_path", "rate_limited"]), st.integers(0, 9)), max_size=20),
)
async def test_kept_and_summarised_is_what_was_refused(rate: int, sent: list[tuple[Reason, int]]) -> None:
    """Reason by reason, whatever comes and however the seconds fall."""
    worker = Worker(rate=rate)
    expected: Counter[str] = Counter()
    for reason, times in sent:
        await worker.refuse(reason, times)
        worker.now += times % 2
        expected[reason] += times
    await worker.stop()

    assert worker.singly() + worker.summarised() == +expected == worker.counted()
