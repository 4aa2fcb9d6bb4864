"""200 passes over a real Kafka killed with -9, at every named step and at random moments, while records keep coming.

After every 20 kills a pass runs to its end and all tables are compared with the rules over every record so far; at the end
also with the tables of one clean pass over the whole topic.
"""

from __future__ import annotations

import random
import signal
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from aggregator.run import STEPS, run_pass
from tests.interruptions import (
    Environment,
    archiving_half,
    killed_after,
    killed_at,
    many_records,
    readers_contradictions,
    settings_of,
    what_differs,
)
from tests.oracle import Record, differences
from tests.prove.brokers import running_brokers
from tests.stored_tables import read_tables

KILLS = 200
COMPARE_EVERY = 20
RECORDS_A_ROUND = 300
RANDOM = "random moment"


def prove(work: Path, seed: int) -> dict[str, object]:
    """Return the figures of one run."""
    with TemporaryDirectory(dir=work) as folder, running_brokers(Path(folder)) as kafka:
        topic = kafka.new_topic()
        env = {
            "PIXELS_HOME": f"{folder}/home",
            "PIXELS_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "PIXELS_KAFKA_TOPIC": topic,
            "PIXELS_BATCH_SIZE": "120",
            **archiving_half(),
        }
        records: list[Record] = []
        kills, number, differing, contradicting = Counter[str](), 0, 0, 0
        while kills.total() < KILLS:
            more = many_records(RECORDS_A_ROUND, seed + number)
            records += more
            kafka.produce(topic, more)
            moment, code = _kill(env, random.Random(seed + number), number)
            number += 1
            if code == -signal.SIGKILL:
                kills[moment] += 1
                contradicting += len(readers_contradictions(settings_of(env)))
                if kills.total() % COMPARE_EVERY == 0:
                    differing += len(what_differs(env, records))
            print(f"\rkilled_passes: {kills.total()} of {KILLS} kills, {differing} differences", end="", flush=True)
        print()
        return {
            "kills": kills.total(),
            "kills_at": dict(sorted(kills.items())),
            "fewest_kills_at_a_step": min(kills[step] + kills[_after(step)] for step in STEPS),
            "records": len(records),
            "tables_that_differ": differing,
            "tables_that_differ_from_one_clean_pass": _differs_from_a_clean_pass(env, Path(folder) / "clean"),
            "contradictions_that_readers_saw": contradicting,
        }


def _kill(env: Environment, rng: random.Random, number: int) -> tuple[str, int]:
    """Kill one pass: at the named steps in turn, a moment after one of them, or from outside at any time."""
    if number % 3 == 0:
        return RANDOM, killed_after(env, rng.uniform(0.3, 1.8))
    step = STEPS[number // 3 % len(STEPS)]
    delay_ms = 0 if number % 3 == 1 else rng.choice([0.5, 2, 6])
    code = killed_at(env, step, delay_ms=delay_ms)
    return (_after(step) if delay_ms else step), code


def _after(step: str) -> str:
    return f"just after {step}"


def _differs_from_a_clean_pass(env: Environment, home: Path) -> int:
    """How many tables are not those of a pass that reads the whole topic into an empty home."""
    clean, killed = settings_of({**env, "PIXELS_HOME": str(home)}), settings_of(env)
    run_pass(clean)
    return len(differences(read_tables(clean.warehouse_path), read_tables(killed.warehouse_path)))
