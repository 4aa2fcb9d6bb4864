"""Many clients at once, and what they were told."""

from __future__ import annotations

import http.client
from contextlib import closing
from threading import Event, Thread

from tests.integration.collector.running import RunningCollector
from tests.waiting import until

SENDERS = 8
ENOUGH = 300


class Senders:
    """Threads that send pixels as fast as they are acknowledged, and remember which were."""

    def __init__(self, collector: RunningCollector) -> None:
        self.acknowledged: list[str] = []
        self.refused: list[int] = []
        self._collector = collector
        self._stop = Event()
        self._threads = [Thread(target=self._send, args=(number,)) for number in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def _send(self, number: int) -> None:
        with closing(http.client.HTTPConnection(*self._collector.address, timeout=30)) as connection:
            count = 0
            while not self._stop.is_set():
                count += 1
                player = f"{number}-{count}"
                try:
                    connection.request("GET", f"/visit?playerId={player}&bannerTag=a")
                    answer = connection.getresponse()
                    answer.read()
                except (OSError, http.client.HTTPException):
                    return  # the collector is gone
                if answer.status == 200:
                    self.acknowledged.append(player)
                else:
                    self.refused.append(answer.status)

    def wait_for(self, count: int) -> None:
        until(lambda: len(self.acknowledged) >= count, what=f"{count} acknowledged pixels")

    def finish(self) -> set[str]:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=60)
            assert not thread.is_alive()
        return set(self.acknowledged)
