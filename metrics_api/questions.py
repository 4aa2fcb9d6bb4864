"""Answers are computed in a few threads of their own, and each question of a snapshot once for all who ask it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import falcon
import polars as pl

_THREADS = 4
_MOST_WAITING = 200
_MOST_KEPT = 64
_MOST_BYTES_KEPT = 64_000_000
_RETRY_AFTER_S = 5


@dataclass(frozen=True)
class Answer:
    """What the library says: rows, and beside them frames of one row."""

    rows: pl.DataFrame
    beside: Mapping[str, pl.DataFrame] = field(default_factory=dict)

    def size(self) -> int:
        """Return about how many bytes it takes."""
        return sum(int(frame.estimated_size()) for frame in (self.rows, *self.beside.values()))


class Questions:
    """Computes answers, and keeps the newest ones up to a number and a size.

    The threads are not those in which the rest of the API waits for files, so that a slow question stops no other request
    but questions. Belongs to one event loop at a time.
    """

    def __init__(self) -> None:
        self._threads = _new_threads()
        self._asked: OrderedDict[Hashable, Future[Answer]] = OrderedDict()

    async def answer(self, question: Hashable, compute: Callable[[], Answer]) -> Answer:
        """Return what `compute` returns, now or when the same question was asked before; raise what it raises.

        Who stops waiting does not stop the others who wait. 503 when too many questions wait.
        """
        if (known := self._asked.get(question)) is None or _failed(known):
            known = self._begin(question, compute)
        self._asked.move_to_end(question)
        answer = await asyncio.shield(asyncio.wrap_future(known))
        self._forget_oldest()
        return answer

    async def work(self, function: Callable[[], bytes]) -> bytes:
        """Run a function in the same threads."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, function)

    async def process_shutdown(self, _scope: object, _event: object) -> None:
        """Let those questions go that wait for a thread, so that the process can end; what has begun is finished."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._threads = _new_threads()  # an application can be started again

    def _begin(self, question: Hashable, compute: Callable[[], Answer]) -> Future[Answer]:
        if sum(not future.done() for future in self._asked.values()) >= _MOST_WAITING:
            raise falcon.HTTPServiceUnavailable(
                description="Too many questions wait for their answer; ask again later.", retry_after=_RETRY_AFTER_S
            )
        begun = self._asked[question] = self._threads.submit(compute)
        return begun

    def _forget_oldest(self) -> None:
        """Let go of failures, and of the answers that were asked for the longest ago, until the rest is within bounds."""
        done = [(question, future) for question, future in self._asked.items() if future.done()]
        kept = [(question, future.result().size()) for question, future in done if not _failed(future)]
        size = sum(of_one for _, of_one in kept)
        for question, _ in done:
            if _failed(self._asked[question]):
                del self._asked[question]
        for number_left, (question, of_one) in zip(range(len(kept), 0, -1), kept, strict=True):
            if number_left <= _MOST_KEPT and size <= _MOST_BYTES_KEPT:
                return
            del self._asked[question]
            size -= of_one


def _new_threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="question")


def _failed(future: Future[Answer]) -> bool:
    return future.done() and (future.cancelled() or future.exception() is not None)
