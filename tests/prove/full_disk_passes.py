"""Passes whose disk becomes full, a little later each time: a clear error, no damage, and the next pass completes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from aggregator.run import run_pass
from pixels.errors import PixelsError
from tests.faults.full_disk import fill, small_disk
from tests.interruptions import (
    APPENDED,
    archiving_half,
    many_records,
    readers_contradictions,
    settings_of,
    what_differs,
)
from tests.local_log import append

DISK_MIB, STEP_KIB = 96, 256
RECORDS = 3_000


def prove(work: Path, seed: int) -> dict[str, object]:
    """Return the figures: the room for a second pass grows by a step, until it is enough. It takes root to mount the disk."""
    ended, found, spare = Counter[str](), Counter[str](), 0
    while not ended["enough room"]:
        with TemporaryDirectory(dir=work) as folder, small_disk(Path(folder) / "disk", f"{DISK_MIB}m") as home:
            home.mkdir()
            ended[_pass_with_so_much_room(home, spare * STEP_KIB * 1024, seed, found)] += 1
        spare += 1
        print(f"\rfull_disk_passes: {spare} passes", end="", flush=True)
    print()
    return {
        "passes": ended.total(),
        "most_room_that_was_too_little_kib": (spare - 2) * STEP_KIB,
        "ended": dict(sorted(ended.items())),
        "errors_that_do_not_say_what_to_do": found["unclear"],
        "contradictions_that_readers_saw": found["contradictions"],
        "tables_that_differ_after_the_next_pass": found["differing"],
    }


def _pass_with_so_much_room(home: Path, room: int, seed: int, found: Counter[str]) -> str:
    """Do one pass, and a second one with little room; look at what it says and leaves; make room, and do the next."""
    env = {"PIXELS_HOME": str(home), "PIXELS_LOG_RETENTION_DAYS": "36500", **archiving_half()}
    settings = settings_of(env)
    records = many_records(2 * RECORDS, seed)
    for record in records:
        record["metadata"]["pad"] = "x" * 300
    append(home, records[:RECORDS], at_ms=APPENDED)
    run_pass(settings)
    append(home, records[RECORDS:], at_ms=APPENDED)
    reserve = fill(home, room) if room else None
    ballast = fill(home.parent)
    if reserve:
        reserve.unlink()
    ended = "enough room"
    try:
        run_pass(settings)
    except PixelsError as error:
        ended = type(error).__name__
        found["unclear"] += "ake room" not in str(error)
    found["contradictions"] += len(readers_contradictions(settings))
    ballast.unlink()
    found["differing"] += len(what_differs(env, records))
    return ended
