"""Batches over all sources: as large as asked for, never larger than memory allows, and an end when asked."""

from __future__ import annotations

from aggregator.records import BATCH_BYTES, Offsets, Origin, Slice
from aggregator.sources import batches, left_in


class Shelf:
    """A source that hands out what it was given, a slice a read."""

    def __init__(self, name: str, values: list[bytes]) -> None:
        self.name, self.values = name, values

    @property
    def origins(self) -> list[Origin]:
        return [Origin(self.name, f"shelf:{self.name}")]

    @property
    def left(self) -> int:
        return len(self.values)

    def read(self, limit: int) -> list[Slice]:
        taken, self.values = self.values[:limit], self.values[limit:]
        numbers = list(range(len(taken)))
        return [Slice(self.name, 0, "events", numbers, [0] * len(taken), list(taken), len(taken))] if taken else []

    def mark_stored(self, offsets: Offsets) -> None: ...

    def close(self) -> None: ...


def sizes(found: list[list[Slice]]) -> list[int]:
    return [sum(len(piece.values) for piece in batch) for batch in found]


def test_small_sources_share_a_batch() -> None:
    """A hundred slot files with a record each are one transaction."""
    assert sizes(list(batches([Shelf(f"s{n}", [b"x"]) for n in range(100)], size=1_000))) == [100]


def test_a_batch_holds_what_was_asked_for_and_the_last_one_the_rest() -> None:
    """No source is left in the middle."""
    assert sizes(list(batches([Shelf("a", [b"x"] * 7), Shelf("b", [b"x"] * 6)], size=5))) == [5, 5, 3]


def test_large_records_make_small_batches() -> None:
    """What a batch holds in memory is bounded by bytes as well, whatever the number of records."""
    large = bytes(BATCH_BYTES // 4)
    sources = [Shelf(f"s{n}", [large]) for n in range(10)]

    assert sizes(list(batches(sources, size=50_000))) == [4, 4, 2]


def test_a_pass_that_is_to_end_takes_no_further_batch() -> None:
    """The one under way is the last; the rest is still there, and known to be."""
    sources = [Shelf("a", [b"x"] * 10)]

    assert sizes(list(batches(sources, size=4, stop=lambda: True))) == [4]
    assert left_in(sources) == 6
