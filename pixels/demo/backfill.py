"""Write the history into the embedded log of a demo home, once, also when it is killed on the way."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from pixels.config import DEMO_MARKER, Settings
from pixels.demo.listing import write_banners
from pixels.demo.past import history
from pixels.errors import ConfigurationError
from pixels.files import replace_file

_PLAN = "history.json"
_DAYS, _SEED = 90, 20_260_101


@dataclass(frozen=True)
class _Plan:
    """What is written, and whether all of it is durable. Fixed before the first event, so that a second try writes the same."""

    until: str
    days: int
    seed: int
    events: int | None = None


def backfill(settings: Settings, *, now: datetime, days: int = _DAYS, seed: int = _SEED) -> int:
    """Append the history up to `now` to the log under `settings.home`; return how many events that were, 0 if it was done before.

    The list of its banners is written beside it.

    A try that was killed is repeated with the `until` of the first; events that it had written are the same events
    and count once. Raises `ConfigurationError` when the home is not a demo home.
    """
    from collector.sinks import open_local_log

    if not (settings.home / DEMO_MARKER).exists():
        raise ConfigurationError(f"{settings.home} is not a demo home; `pixels up --demo` makes one.")
    write_banners(settings.home)
    path = settings.home / _PLAN
    plan = _Plan(**json.loads(path.read_text("utf-8"))) if path.exists() else _Plan(now.isoformat(), days, seed)
    if plan.events is not None:
        return 0
    _write(path, plan)
    until = datetime.fromisoformat(plan.until)
    records = [
        (event["player_id"].encode(), msgspec.json.encode(event))
        for event in history(days=plan.days, until=until, seed=plan.seed)
    ]
    log = open_local_log(settings.log_dir)
    try:
        log.append_all("events_queue", records, appended_at=now)
    finally:
        log.close()
    _write(path, _Plan(plan.until, plan.days, plan.seed, events=len(records)))
    return len(records)


def _write(path: Path, plan: _Plan) -> None:
    """Replace the plan; it is on disk before this returns, so it never says more than the log holds."""
    replace_file(path, json.dumps(asdict(plan)).encode(), durable=True)
