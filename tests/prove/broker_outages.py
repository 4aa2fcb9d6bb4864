"""Under full load a broker is killed, one stands still for 30 seconds, and one of three is lost."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.faults.broker_outages import HANGING, KILLED, ONE_OF_THREE_LOST, Size, events_through
from tests.prove.brokers import running_brokers

FULL = Size(events=20_000, seconds=30.0, pause=0.0, connections=64)


def prove(work: Path, _: int) -> dict[str, object]:
    """Return the figures of the three outages."""
    with TemporaryDirectory(dir=work) as folder:
        homes = {name: Path(folder) / name for name in ("killed", "hanging", "one_of_three_lost")}
        with running_brokers(Path(folder)) as kafka:
            figures = {
                "killed": events_through(KILLED, kafka, homes["killed"], FULL),
                "hanging": events_through(HANGING, kafka, homes["hanging"], FULL),
            }
        with running_brokers(Path(folder), 3) as three:
            lost = events_through(ONE_OF_THREE_LOST, three, homes["one_of_three_lost"], FULL)
    return {**figures, "one_of_three_lost": lost}
