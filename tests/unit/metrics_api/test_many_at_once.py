"""Many questions at once: each is computed once, and none stops the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import falcon
import polars as pl
import pytest
from falcon.testing import ASGIConductor

import pixels
from metrics_api.app import create_app
from metrics_api.questions import Answer, Questions
from pixels import Warehouse
from tests.api_client import LocalClient
from tests.unit.metrics_api.questions import NOVEMBER, publish


def answer_of(rows: int) -> Answer:
    return Answer(pl.DataFrame({"count": range(rows)}))


class Slow:
    """A computation that ends when it is told to, and counts how often it began."""

    def __init__(self) -> None:
        self.go, self.began, self.times = Event(), Event(), 0

    def __call__(self) -> Answer:
        self.times += 1
        self.began.set()
        assert self.go.wait(30)
        return answer_of(1)


async def test_the_same_question_is_computed_once() -> None:
    """A hundred who ask at the same time wait for one computation, and who asks later has its answer at once."""
    questions, slow = Questions(), Slow()
    asking = [asyncio.create_task(questions.answer("the same", slow)) for _ in range(100)]
    await asyncio.to_thread(slow.began.wait, 30)
    slow.go.set()

    answers = await asyncio.gather(*asking)

    assert {id(answer) for answer in answers} == {id(await questions.answer("the same", slow))}
    assert slow.times == 1


async def test_who_leaves_does_not_stop_the_others() -> None:
    """The first who asked is gone before the answer is there; the second gets it."""
    questions, slow = Questions(), Slow()
    first, second = (asyncio.create_task(questions.answer("the same", slow)) for _ in range(2))
    await asyncio.to_thread(slow.began.wait, 30)

    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    slow.go.set()

    assert (await second).rows.height == 1
    assert slow.times == 1


async def test_a_failure_is_told_to_all_and_not_remembered() -> None:
    """The next who asks tries again."""
    questions, failures = Questions(), [ValueError("once")]

    def compute() -> Answer:
        if failures:
            raise failures.pop()
        return answer_of(1)

    with pytest.raises(ValueError, match="once"):
        await questions.answer("question", compute)
    assert (await questions.answer("question", compute)).rows.height == 1


async def test_only_so_many_answers_are_kept() -> None:
    """Those that were asked for the longest ago go first; a large one does not stay."""
    questions = Questions()
    computed: list[int] = []

    def computing(number: int, rows: int = 1) -> Callable[[], Answer]:
        def compute() -> Answer:
            computed.append(number)
            return answer_of(rows)

        return compute

    for number in range(70):
        await questions.answer(number, computing(number))
    await questions.answer(69, computing(69))
    await questions.answer(0, computing(0))
    await questions.answer("large", computing(-1, 10_000_000))
    await questions.answer(69, computing(69))

    assert computed == [*range(70), 0, -1, 69]


async def test_too_many_that_wait_are_turned_away() -> None:
    """503 with a time to ask again; those who wait get their answers."""
    questions, slow = Questions(), Slow()
    waiting = [asyncio.create_task(questions.answer(number, slow)) for number in range(200)]
    await asyncio.to_thread(slow.began.wait, 30)

    with pytest.raises(falcon.HTTPServiceUnavailable) as refused:
        await questions.answer("one more", slow)
    slow.go.set()

    assert "Retry-After" in dict(refused.value.headers or {})
    assert len(await asyncio.gather(*waiting)) == 200


def slow_app(home: Path, slow: Slow) -> Any:
    """An API over a warehouse whose key figures take their time."""

    class SlowWarehouse:
        def __init__(self, warehouse: Warehouse) -> None:
            self._warehouse = warehouse

        def reload(self) -> SlowWarehouse:
            return self

        def kpis(self, **asked: Any) -> pl.DataFrame:
            slow()
            return self._warehouse.kpis(**asked)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._warehouse, name)

    publish(home)
    return create_app(lambda: SlowWarehouse(pixels.open(home)))  # type: ignore[arg-type,return-value]


async def test_slow_questions_do_not_stop_health(tmp_path: Path) -> None:
    """Also when more of them wait than there are threads."""
    slow = Slow()
    async with ASGIConductor(slow_app(tmp_path, slow)) as conductor:
        days = [f"from=2026-11-{day:02d}&to=2026-11-21" for day in range(1, 21)]
        asked = [asyncio.create_task(conductor.simulate_get(f"/api/kpis?{d}", host="localhost")) for d in days]
        await asyncio.to_thread(slow.began.wait, 30)

        health = await conductor.simulate_get("/api/health", host="localhost")
        answered = [task.done() for task in asked]
        slow.go.set()
        answers = await asyncio.gather(*asked)

    assert (health.status_code, any(answered)) == (200, False)
    assert {answer.status_code for answer in answers} == {200}


async def test_what_waits_at_the_end_is_let_go() -> None:
    """An API that is told to stop does not first answer everything that was ever asked; started again, it answers."""
    questions, slow = Questions(), Slow()
    asking = [asyncio.create_task(questions.answer(number, slow)) for number in range(20)]
    await asyncio.to_thread(slow.began.wait, 30)

    await questions.process_shutdown(None, None)
    slow.go.set()
    answers = await asyncio.gather(*asking, return_exceptions=True)

    assert slow.times == sum(isinstance(answer, Answer) for answer in answers) <= 4
    assert (await questions.answer(19, slow)).rows.height == 1


def test_a_quiet_warehouse_becomes_more_complete_a_minute_at_a_time(tmp_path: Path) -> None:
    """Without a new snapshot the answers stay the same for a minute, and then say how complete they are by now."""
    sample = publish(tmp_path)
    client = LocalClient(create_app(lambda: pixels.open(tmp_path)))
    first = client.simulate_get("/api/metrics", query_string=NOVEMBER)
    until = pixels.open(tmp_path).complete_until

    def after(**passed: int) -> Any:
        as_of = first.json["as_of"]
        sample.point_at("snapshot-000001.duckdb", complete_until=until + timedelta(**passed), as_of=as_of)
        return client.simulate_get(f"/api/metrics?{NOVEMBER}", headers={"If-None-Match": first.headers["etag"]})

    assert after(seconds=59).status_code == 304
    later = after(seconds=60)
    assert (later.status_code, later.json["snapshot"]) == (200, 1)
    assert later.json["complete_until"] > first.json["complete_until"]
    assert later.json["rows"] == first.json["rows"]
