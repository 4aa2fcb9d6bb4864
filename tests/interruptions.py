"""Records that collide, passes that are killed, and the comparison with the rules; used by tests and by `make prove`."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from aggregator.rebuild import check
from aggregator.run import run_pass
from pixels.config import Settings, load_settings
from tests.oracle import Record, differences, tables
from tests.stored_tables import contradictions, read_tables

REPOSITORY = Path(__file__).parents[1]
APPENDED = 1_795_000_000_000  # 2026-11-18, later than every record

Environment = Mapping[str, str]
"""The PIXELS_* settings of a pass, PIXELS_HOME among them."""


def many_records(count: int, seed: int) -> list[Record]:
    """Records of eight days with repeats, replacements, crawlers and late ones among them; deposits with money."""
    rng = random.Random(seed)
    records: list[Record] = []
    for number in range(count):
        again = rng.random() < 0.1 and records
        minute = f"{rng.randrange(24):02d}:{rng.randrange(60):02d}:00.{rng.randrange(3):03d}"
        event_type = rng.choices(["visit", "registration", "deposit"], [8, 2, 1])[0]
        records.append(
            {
                "id": rng.choice(records)["id"] if again else f"e{seed}-{number}",
                "event_type": event_type,
                "player_id": f"p{rng.randrange(count // 3)}",
                "banner_tag": f"b{rng.randrange(5)}",
                "metadata": {"s": f"v-{rng.randrange(count // 4)}"}
                | ({"_bot": "crawler"} if rng.random() < 0.1 else {})
                | (_money(rng) if event_type == "deposit" else {}),
                "created_at": f"2026-11-{rng.randrange(1, 9):02d}T{minute}Z",
            }
        )
    return records


def _money(rng: random.Random) -> dict[str, str]:
    """Few transactions, some of them signed; now and then one that cannot be money."""
    money = {"txid": f"t{rng.randrange(3)}", "amount": f"{rng.randrange(1, 100)}.50", "currency": "EUR", "_key": "shop"}
    return {name: value for name, value in money.items() if rng.random() < 0.8}


def archiving_half() -> dict[str, str]:
    """The setting under which, today, the first half of those days is past its retention."""
    return {"PIXELS_RETENTION_DAYS": str((datetime.now(UTC).date() - date(2026, 11, 5)).days)}


def settings_of(env: Environment) -> Settings:
    """Read the settings as a pass with this environment does."""
    return load_settings(**{name.removeprefix("PIXELS_").lower(): value for name, value in env.items()})


def killed_at(env: Environment, step: str, *, hit: int = 1, delay_ms: float = 0, kind: str = "pass") -> int:
    """Run a pass that kills itself where `step` is reached for the `hit`-th time, or a little later; return its exit code."""
    return subprocess.run(
        [sys.executable, "-m", "tests.interrupted_pass", step, str(hit), str(delay_ms), kind],
        cwd=REPOSITORY,
        env={**os.environ, **env},
        capture_output=True,
        timeout=120,
    ).returncode


def killed_after(env: Environment, seconds: float, command: str = "aggregate") -> int:
    """Run `pixels aggregate` and kill it from outside after a time; return its exit code."""
    child = subprocess.Popen(
        [sys.executable, "-m", "pixels", command],
        env={**os.environ, **env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(seconds)  # the moment itself, not a wait for a condition
    child.kill()
    return child.wait()


def what_differs(env: Environment, records: list[Record]) -> dict[str, object]:
    """Do one more pass, then compare warehouse and published snapshot with the rules over all records.

    What `pixels rebuild --check` finds is told as well; it must find nothing.
    """
    settings = settings_of(env)
    run_pass(settings)
    checked = check(settings)
    expected = tables(records, settings.timezone)
    files = {"warehouse": settings.warehouse_path, "snapshot": published_snapshot(settings)}
    return {
        **{
            f"{name}.{table}": both
            for name, file in files.items()
            for table, both in differences(expected, read_tables(file)).items()
        },
        **{f"leftover.{path.name}": path for path in settings.published_dir.glob(".*.tmp")},
        **({} if checked.check.equal else {"rebuild --check": checked.checked}),
    }


def published_snapshot(settings: Settings) -> Path:
    """The file that readers are sent to."""
    pointer = json.loads((settings.published_dir / "current.json").read_text())
    return settings.published_dir / str(pointer["file"])


def readers_contradictions(settings: Settings) -> list[str]:
    """What contradicts itself in what readers see now, whatever was killed before; nothing while nothing is published."""
    return contradictions(published_snapshot(settings)) if (settings.published_dir / "current.json").exists() else []
