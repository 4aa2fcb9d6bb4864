"""A broker that stands still (SIGSTOP) at every step of a pass: a clear error after a bounded time, and the next pass completes."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from aggregator.kafka_source import KafkaUnavailable
from aggregator.run import STEPS, run_pass
from pixels.config import Settings
from tests.interruptions import Environment, archiving_half, many_records, settings_of, what_differs
from tests.kafka_broker import KafkaBroker
from tests.oracle import Record
from tests.prove.brokers import running_brokers
from tests.waiting import until

ROUNDS = 28
RECORDS_A_ROUND = 1_000
PATIENCE = 3.0


def prove(work: Path, seed: int) -> dict[str, object]:
    """Return the figures. What a pass has fetched already it stores and publishes, so only some of them have to give up."""
    with TemporaryDirectory(dir=work) as folder, running_brokers(Path(folder)) as kafka:
        env = {
            "PIXELS_HOME": f"{folder}/home",
            "PIXELS_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "PIXELS_KAFKA_TOPIC": kafka.new_topic(),
            "PIXELS_KAFKA_READ_TIMEOUT": str(PATIENCE),
            "PIXELS_BATCH_SIZE": "100",
            **archiving_half(),
        }
        # Hardly anything is fetched ahead, so that most of a topic is still to come when the broker stops.
        slowly = settings_of(env).model_copy(
            update={"kafka_properties": {"queued.max.messages.kbytes": 1, "fetch.message.max.bytes": 4_000}}
        )
        records: list[Record] = []
        stopped, differing, slowest, given_up = Counter[str](), 0, 0.0, 0
        for number in range(ROUNDS):
            more = many_records(RECORDS_A_ROUND, seed + number)
            records += more
            kafka.produce(env["PIXELS_KAFKA_TOPIC"], more, at_once=10)
            step = STEPS[number % len(STEPS)]
            began = time.monotonic()
            given_up += _pass_with_a_stop(slowly, kafka, step, stopped)
            slowest = max(slowest, time.monotonic() - began)
            until(partial(_next_pass_completes, env), what="the next pass")
            differing += len(what_differs(env, records))
            print(f"\rhanging_broker: {number + 1} of {ROUNDS} passes", end="", flush=True)
        print()
        return {
            "passes": ROUNDS,
            "stopped_at": dict(sorted(stopped.items())),
            "given_up_with_a_clear_error": given_up,
            "patience_seconds": PATIENCE,
            "slowest_pass_seconds": round(slowest, 1),
            "records": len(records),
            "tables_that_differ_after_the_next_pass": differing,
        }


def _pass_with_a_stop(settings: Settings, kafka: KafkaBroker, at: str, stopped: Counter[str]) -> bool:
    """Stop the broker when the pass first comes to a step; tell whether the pass gave up."""
    with ExitStack() as standing_still:

        def stop(step: str) -> None:
            if step == at and not stopped_now:
                stopped_now.append(step)
                standing_still.enter_context(kafka.hanging())

        stopped_now: list[str] = []
        try:
            run_pass(settings, on_step=stop)
        except KafkaUnavailable as error:
            if "delivered nothing" not in str(error):
                raise
            return True
        finally:
            stopped.update(stopped_now)
    return False


def _next_pass_completes(env: Environment) -> bool:
    """Do one more pass; the broker, which stood still, may not be one of its cluster again yet."""
    try:
        run_pass(settings_of(env))
    except KafkaUnavailable:
        return False
    return True
