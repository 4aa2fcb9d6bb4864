"""A pass that is killed at any step, and run again, ends in the tables of one clean pass."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from aggregator.run import STEPS, run_pass
from tests.interruptions import (
    APPENDED,
    archiving_half,
    killed_after,
    killed_at,
    many_records,
    readers_contradictions,
    settings_of,
    what_differs,
)
from tests.kafka_broker import KafkaBroker
from tests.local_log import append
from tests.oracle import Record


@pytest.fixture
def env(pixels_home: Path) -> dict[str, str]:
    """The settings of a pass that stores several batches, and archives half of the days."""
    return {"PIXELS_HOME": str(pixels_home), "PIXELS_BATCH_SIZE": "400", **archiving_half()}


@pytest.mark.parametrize("step", STEPS)
def test_a_pass_killed_at_a_named_step_repeats_at_most_one_batch(
    step: str, env: dict[str, str], pixels_home: Path
) -> None:
    """Killed there in its second pass, after a first clean one, nothing is lost and nothing counts twice."""
    records = many_records(1_000, seed=1)
    append(pixels_home, records[:300], at_ms=APPENDED)
    run_pass(settings_of(env))
    append(pixels_home, records[300:], at_ms=APPENDED)

    hit = 2 if step in ("after_read", "before_commit", "after_commit") else 1
    assert killed_at(env, step, hit=hit) == -signal.SIGKILL, f"the pass never came to {step}"

    assert readers_contradictions(settings_of(env)) == []
    assert what_differs(env, records) == {}


def test_passes_killed_in_the_middle_of_a_checkpoint_and_of_a_copy(env: dict[str, str], pixels_home: Path) -> None:
    """Dying a few milliseconds into the checkpoint or the copy leaves a warehouse that opens and is right."""
    records: list[Record] = []
    moments = [("before_checkpoint", 1.0), ("before_checkpoint", 4.0), ("before_checkpoint", 9.0), ("in_copy", 0.5)]
    for number, (step, delay_ms) in enumerate(moments):
        more = many_records(600, seed=10 + number)
        records += more
        append(pixels_home, more, slot=number % 2, at_ms=APPENDED)
        killed_at(env, step, delay_ms=delay_ms)

    assert what_differs(env, records) == {}


def test_passes_killed_at_random_moments(env: dict[str, str], pixels_home: Path) -> None:
    """Killed from outside after a random time, again and again, while records keep coming."""
    rng = random.Random(7)
    records: list[Record] = []
    codes = []
    for number in range(5):
        more = many_records(500, seed=100 + number)
        records += more
        append(pixels_home, more, slot=number % 3, at_ms=APPENDED)
        codes.append(killed_after({**env, "PIXELS_BATCH_SIZE": "100"}, rng.uniform(0.5, 2.5)))

    assert -signal.SIGKILL in codes, "every pass was quicker than the kill"
    assert what_differs(env, records) == {}


def test_passes_over_kafka_killed_before_and_after_the_commit(env: dict[str, str], kafka: KafkaBroker) -> None:
    """The offsets that count are in the warehouse: what was not committed is read again, what was is not."""
    topic = kafka.new_topic()
    env |= {"PIXELS_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "PIXELS_KAFKA_TOPIC": topic}
    records: list[Record] = []
    for number, step in enumerate(("before_commit", "after_commit")):
        more = many_records(600, seed=20 + number)
        records += more
        kafka.produce(topic, more)
        assert killed_at({**env, "PIXELS_BATCH_SIZE": "150"}, step, hit=2) == -signal.SIGKILL

    assert what_differs(env, records) == {}
