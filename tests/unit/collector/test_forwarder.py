"""The forwarder sends on what a spool holds: everything, in order, deleted only when it has arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import pytest
from structlog.testing import capture_logs

from collector.event_log import EVENTS, REJECTED, Fate, NoObserver, Stream
from collector.forwarder import BATCH_RECORDS, Destination, Forwarder
from collector.log_file import LogFile, Record
from collector.slots import open_slot
from tests.waiting import until


@dataclass
class Somewhere:
    """A destination that keeps what arrives, and can be told what becomes of records."""

    open: bool = True
    fate_of: Callable[[bytes], Fate] = lambda _: Fate.DELIVERED
    arrived: list[tuple[Stream, bytes]] = field(default_factory=list)
    tries: int = 0
    asked: int = 0
    proofs: int = 0

    def ready(self, stream: Stream) -> bool:
        self.asked += 1
        return self.open

    def deliver(self, stream: Stream, records: Sequence[Record], stopped: Callable[[], bool]) -> list[Fate]:
        self.tries += len(records)
        self.proofs += not records
        fates = [self.fate_of(record.value) for record in records]
        self.arrived += [
            (stream, record.value) for record, fate in zip(records, fates, strict=True) if fate is Fate.DELIVERED
        ]
        return fates


@dataclass
class Hearing(NoObserver):
    """An observer that remembers."""

    count: int = 0

    def forwarded(self, count: int) -> None:
        self.count += count


@pytest.fixture
def own(tmp_path: Path) -> Iterator[LogFile]:
    with closing(open_slot(tmp_path)) as file:
        yield file


@contextmanager
def forwarding(
    own: LogFile | None, folder: Path, destination: Destination, observer: Hearing | None = None
) -> Iterator[None]:
    forwarder = Forwarder(folder, destination, own_file=lambda: own, observer=observer or Hearing())
    forwarder.start()
    yield
    forwarder.stop()


def fill(file: LogFile, *values: bytes, stream: Stream = EVENTS) -> None:
    file.add({stream: [(1, None, value) for value in values]}, 0)


def held(file: LogFile, stream: Stream = EVENTS) -> list[bytes]:
    return [record.value for record in file.read(stream, 0, 100_000)]


def test_everything_arrives_in_order_and_leaves_the_file(own: LogFile, tmp_path: Path) -> None:
    """More than a batch, both streams."""
    values = [b"%d" % n for n in range(2 * BATCH_RECORDS + 1)]
    fill(own, *values)
    fill(own, b"r", stream=REJECTED)
    somewhere, observer = Somewhere(), Hearing()

    with forwarding(own, tmp_path, somewhere, observer):
        until(lambda: observer.count == len(values) + 1, what="all records forwarded")

    assert [value for stream, value in somewhere.arrived if stream == EVENTS] == values
    assert [value for stream, value in somewhere.arrived if stream == REJECTED] == [b"r"]
    assert held(own) == held(own, REJECTED) == []


def test_nothing_is_sent_while_the_destination_says_so(own: LogFile, tmp_path: Path) -> None:
    """What waits stays, and goes when it can."""
    fill(own, b"1", b"2")
    somewhere = Somewhere(open=False)

    with forwarding(own, tmp_path, somewhere):
        until(lambda: somewhere.asked > 2, what="a second round")
        assert somewhere.tries == 0
        assert held(own) == [b"1", b"2"]
        somewhere.open = True
        until(lambda: not held(own), what="an empty spool")

    assert somewhere.arrived == [(EVENTS, b"1"), (EVENTS, b"2")]


def test_what_does_not_arrive_stays_and_is_tried_again(own: LogFile, tmp_path: Path) -> None:
    """Also when it is the first of a batch and others arrive: a partition without a leader holds up no other."""
    fill(own, b"fails", b"2", b"3")
    failing = {b"fails"}
    somewhere = Somewhere(fate_of=lambda value: Fate.FAILED if value in failing else Fate.DELIVERED)

    with forwarding(own, tmp_path, somewhere):
        until(lambda: somewhere.tries > 3, what="another try")
        assert held(own) == [b"fails"]
        failing.clear()
        until(lambda: not held(own), what="an empty spool")

    assert somewhere.arrived == [(EVENTS, b"2"), (EVENTS, b"3"), (EVENTS, b"fails")]


def test_what_is_refused_for_good_stays_and_is_not_tried_again(own: LogFile, tmp_path: Path) -> None:
    """It is a person's to look at; it must neither be lost nor hold up the others, nor be sent every second."""
    fill(own, b"never", b"2")
    somewhere = Somewhere(fate_of=lambda value: Fate.REFUSED if value == b"never" else Fate.DELIVERED)

    with forwarding(own, tmp_path, somewhere):
        until(lambda: somewhere.arrived, what="the other record arrives")
        rounds = somewhere.asked
        fill(own, b"3")
        until(lambda: somewhere.asked > rounds + 2 and len(somewhere.arrived) == 2, what="another round")

    assert held(own) == [b"never"]
    assert somewhere.tries == 4  # the one that is refused also alone, once


def test_a_record_that_is_refused_for_its_neighbour_arrives(own: LogFile, tmp_path: Path) -> None:
    """Kafka refuses whole batches: what is in one with a record that is too large must not share its fate."""

    class Batches(Somewhere):
        def deliver(self, stream: Stream, records: Sequence[Record], stopped: Callable[[], bool]) -> list[Fate]:
            if b"too large" in [record.value for record in records]:
                return [Fate.REFUSED] * len(records)
            return super().deliver(stream, records, stopped)

    fill(own, b"1", b"too large", b"3")

    with forwarding(own, tmp_path, somewhere := Batches()):
        until(lambda: len(somewhere.arrived) == 2, what="the neighbours arrive")
        until(lambda: held(own) == [b"too large"], what="nothing else is left")


def test_a_file_without_an_owner_is_emptied_and_let_go(own: LogFile, tmp_path: Path) -> None:
    """Somebody else may take it then."""
    with closing(open_slot(tmp_path)) as left:
        fill(left, b"left")
    fill(own, b"own")
    somewhere, observer = Somewhere(), Hearing()

    with forwarding(own, tmp_path, somewhere, observer):
        until(lambda: observer.count == 2, what="both records forwarded")
        assert sorted(value for _, value in somewhere.arrived) == [b"left", b"own"]
        until(lambda: reopened(tmp_path) == left.path, what="the file is free again")


def reopened(folder: Path) -> Path:
    with closing(open_slot(folder)) as file:
        return file.path


def test_a_stop_gives_up_the_batch_that_is_under_way(own: LogFile, tmp_path: Path) -> None:
    """Its records stay where they are."""
    fill(own, b"1")
    under_way = Event()

    class Slow(Somewhere):
        def deliver(self, stream: Stream, records: Sequence[Record], stopped: Callable[[], bool]) -> list[Fate]:
            under_way.set()
            until(stopped, what="the stop")
            return [Fate.FAILED] * len(records)

    with forwarding(own, tmp_path, Slow()):
        assert under_way.wait(30)

    assert held(own) == [b"1"]


def test_a_fault_does_not_end_the_forwarding(own: LogFile, tmp_path: Path) -> None:
    """The next round goes on."""
    fill(own, b"1")

    class Faulty(Somewhere):
        def ready(self, stream: Stream) -> bool:
            if super().ready(stream) and self.asked == 1:
                raise RuntimeError("a fault of ours")
            return True

    with forwarding(own, tmp_path, somewhere := Faulty()):
        until(lambda: somewhere.arrived, what="the record arrives")


@pytest.mark.parametrize("own_is_open", [True, False])
def test_a_file_that_fails_does_not_keep_new_records_from_the_destination(tmp_path: Path, own_is_open: bool) -> None:
    """Whether the spool's disk is broken or was never there: the destination is tried, and the trouble told once."""
    file = open_slot(tmp_path)
    file.close()  # whoever asks it for anything gets an error
    somewhere = Somewhere()

    with forwarding(file if own_is_open else None, tmp_path, somewhere):
        until(lambda: somewhere.proofs > 4, what="a third round")


def test_a_trouble_that_lasts_is_told_once(tmp_path: Path) -> None:
    """A night of it fills no disk with lines."""
    (tmp_path / "slot-003.sqlite").write_bytes(b"not a database, " * 100)
    somewhere = Somewhere()
    forwarder = Forwarder(tmp_path, somewhere, own_file=lambda: None)

    with capture_logs() as lines:
        for _ in range(3):
            forwarder._told, forwarder._trouble = forwarder._trouble, set()
            forwarder._round(adopt=True)

    assert [line["event"] for line in lines] == ["forwarder.waits"]
