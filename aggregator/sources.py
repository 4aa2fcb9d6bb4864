"""All logs there are, as a pass reads them: opened, looked at for what changed since the last pass, read in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import structlog

from aggregator.kafka_source import open_kafka_source
from aggregator.local_source import open_local_sources
from aggregator.records import BATCH_BYTES, Gap, Offsets, Slice, Source
from aggregator.store.log import Replaced
from pixels.config import Settings

_log = structlog.get_logger()


@contextmanager
def opened_sources(
    settings: Settings, stored: Offsets, stop: Callable[[], bool] = lambda: False
) -> Iterator[list[Source]]:
    """Open every log there is: the embedded one always, Kafka when it is set. What either holds is drained."""
    sources: list[Source] = [*open_local_sources(settings.log_dir, stored)]
    if settings.kafka_bootstrap_servers:
        sources.append(open_kafka_source(settings, stored, stop=stop))
    try:
        yield sources
    finally:
        for source in sources:
            source.close()


def batches(sources: Sequence[Source], size: int, stop: Callable[[], bool] = lambda: False) -> Iterator[list[Slice]]:
    """Yield the records of all sources in batches of about `size`, small sources together.

    A batch of large records is over sooner: at about BATCH_BYTES. After each, `stop` is asked whether it was the last.
    """
    batch: list[Slice] = []
    records = held_bytes = 0
    for source in sources:
        while slices := source.read(max(1, size - records)):
            batch += slices
            records += sum(len(piece.values) for piece in slices)
            held_bytes += sum(len(value) for piece in slices for value in piece.values if value)
            if records >= size or held_bytes >= BATCH_BYTES:
                yield batch
                if stop():
                    return
                batch, records, held_bytes = [], 0, 0
    if batch:
        yield batch


def left_in(sources: Iterable[Source]) -> int:
    """Return how many records are still to be read."""
    return sum(source.left for source in sources)


def tell_of_replaced(logs: Iterable[Replaced]) -> None:
    """Explain a log that lies where another one was; once, when it is read for the first time."""
    for log in logs:
        kafka = log.place.startswith("kafka:")
        how = (
            "the topic was deleted and made anew, or other brokers are set"
            if kafka
            else "the file was moved or deleted, and the collector made a new one"
        )
        _log.warning(
            "log.replaced",
            place=log.place,
            former=log.former,
            now=log.source,
            why=f"{how}. It is read from its beginning, what is counted stays, and events that come again count once. "
            "What the former log held and no pass had read is missing, unless that log is put back.",
        )


def tell_of_gaps(gaps: Iterable[Gap]) -> None:
    """Report records that are gone, with their number; they are in `log_gaps` for good."""
    for gap in gaps:
        _log.error(
            "log.gap",
            source=gap.source,
            partition=gap.partition,
            first_missing=gap.first_offset,
            next_there=gap.next_offset,
            lost=gap.lost,
            why="these records were deleted before a pass read them (by the log's retention, or by hand), so they are in no "
            "figure. Run passes more often than the log forgets; what senders still have can be imported.",
        )
