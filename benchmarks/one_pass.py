"""One pass over the embedded log against its bare stages in series: `python -m benchmarks.one_pass [--events N] [--rounds N]`."""

from __future__ import annotations

import argparse
import io
import json
import random
import sqlite3
import statistics
import tempfile
import time
import uuid
from contextlib import closing
from pathlib import Path

import duckdb
import polars as pl

from aggregator.run import run_pass
from pixels.config import load_settings
from tests.local_log import append


def events(count: int, seed: int = 1) -> list[dict[str, object]]:
    """Make events of 17 days, 200 banners, and a quarter as many players as events."""
    rng = random.Random(seed)
    return [
        {
            "id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            "event_type": rng.choices(["visit", "registration", "deposit"], [90, 7, 3])[0],
            "player_id": f"p{rng.randrange(count // 4)}",
            "banner_tag": f"b{rng.randrange(200)}",
            "metadata": {"s": f"v-{rng.randrange(count // 4)}", "b": "click"},
            "source_ip": "192.0.2.1",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
            "created_at": f"2026-11-{rng.randrange(1, 18):02d}T{rng.randrange(24):02d}:{rng.randrange(60):02d}:00.000Z",
        }
        for _ in range(count)
    ]


def pass_seconds(home: Path) -> float:
    """Time `run_pass` into a new warehouse, publishing included."""
    (home / "warehouse.duckdb").unlink(missing_ok=True)
    settings = load_settings(home=home, log_retention_days=10_000)
    return run_pass(settings).seconds


def bare_seconds(home: Path) -> float:
    """Time the stages without any rule: read all records, parse them, insert them into an empty table."""
    target = home / "bare.duckdb"
    target.unlink(missing_ok=True)
    started = time.monotonic()
    with closing(sqlite3.connect(home / "log" / "slot-000.sqlite")) as db:
        lines = [value for (value,) in db.execute("SELECT record_value FROM events_queue ORDER BY record_offset")]
    schema = dict.fromkeys(("id", "event_type", "player_id", "banner_tag", "source_ip", "user_agent"), pl.String)
    metadata = pl.Struct({"s": pl.String, "b": pl.String})
    frame = pl.read_ndjson(
        io.BytesIO(b"\n".join(lines)), schema={**schema, "metadata": metadata, "created_at": pl.String}
    )
    with duckdb.connect(str(target)) as con:
        con.register("frame", frame)
        con.execute("CREATE TABLE events AS SELECT * FROM frame")
    return time.monotonic() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        append(home, events(options.events), at_ms=1_795_000_000_000)
        rounds = [(bare_seconds(home), pass_seconds(home)) for _ in range(options.rounds)]
    bare, whole = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = statistics.median(b / p for b, p in rounds)
    print(
        json.dumps(
            {
                "events": options.events,
                "rounds": options.rounds,
                "bare_stages_seconds": round(bare, 2),
                "pass_seconds": round(whole, 2),
                "bare_stages_over_pass": round(ratio, 2),
            }
        )
    )


if __name__ == "__main__":
    main()
