"""What one snapshot answered: asked once, closed when nobody asks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event as Flag

import pytest

import pixels
from panel_app.source import Answers, Published, Superseded
from pixels import Warehouse
from pixels.errors import PixelsError
from tests.sample_warehouse import SampleWarehouse, at, visit


@pytest.fixture
def sample(tmp_path: Path) -> SampleWarehouse:
    """A home with one visit."""
    sample = SampleWarehouse(tmp_path)
    sample.publish(visit("p", "a", "2026-11-01T10:00"), complete_until=at("2026-11-02T10:00"))
    return sample


def test_a_question_is_asked_once_however_many_want_to_know(sample: SampleWarehouse) -> None:
    """The others wait for the same answer."""
    asked, go_on = [], Flag()

    def question(warehouse: Warehouse, day: str) -> int:
        asked.append(day)
        go_on.wait(30)
        return warehouse.metrics(day, day).height

    answers = Answers(pixels.open(sample.home))
    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(answers.ask, question, "2026-11-01") for _ in range(8)]
        go_on.set()
        assert {one.result(30) for one in waiting} == {1}

    assert asked == ["2026-11-01"]
    answers.retire()


def test_an_error_is_told_and_not_remembered(sample: SampleWarehouse) -> None:
    """The next one asks anew."""
    tries = []

    def question(warehouse: Warehouse) -> str:
        tries.append(1)
        if len(tries) == 1:
            raise PixelsError("not now")
        return "now"

    answers = Answers(pixels.open(sample.home))
    with pytest.raises(PixelsError, match="not now"):
        answers.ask(question)

    assert answers.ask(question) == "now"
    answers.retire()


def test_a_snapshot_is_closed_when_the_last_question_is_answered(sample: SampleWarehouse) -> None:
    """What is being asked goes on; what is new is sent to the newer snapshot."""
    begun, go_on = Flag(), Flag()

    def question(warehouse: Warehouse) -> int:
        begun.set()
        go_on.wait(30)
        return warehouse.metrics("2026-11-01", "2026-11-01").height

    answers = Answers(pixels.open(sample.home))
    with ThreadPoolExecutor(1) as thread:
        asking = thread.submit(answers.ask, question)
        begun.wait(30)
        answers.retire()
        with pytest.raises(Superseded):
            answers.ask(lambda warehouse: warehouse.snapshot)
        go_on.set()
        assert asking.result(30) == 1

    with pytest.raises(PixelsError, match="closed"):
        answers.warehouse.metrics("2026-11-01", "2026-11-01")


def test_a_newer_snapshot_takes_the_place_of_the_old_one(sample: SampleWarehouse) -> None:
    """And an empty pass does not."""
    published = Published(sample.published)
    first = published.answers()
    sample.publish_again(complete_until=at("2026-11-02T10:00"))
    assert published.answers() is first

    sample.publish(visit("q", "a", "2026-11-01T11:00"), complete_until=at("2026-11-02T11:00"))

    assert published.answers() is not first
    assert published.answers().warehouse.snapshot == 2
    published.close()


def test_nothing_published_stands_for_nothing(tmp_path: Path) -> None:
    """No folder, no standing."""
    assert Published(tmp_path / "published").standing() is None


def test_a_new_day_begins_also_without_a_new_snapshot(sample: SampleWarehouse) -> None:
    """The last day with data is another one after an empty pass past midnight."""
    published = Published(sample.published)
    first = published.answers()
    sample.publish_again(complete_until=at("2026-11-03T00:00"), as_of="2026-11-02T10:00:00.000Z")

    assert published.answers() is not first
    assert published.answers().warehouse.complete_until == at("2026-11-03T00:00")
    published.close()
