"""`pixels up`: everything on this machine, from the collector to JupyterLab, until Ctrl-C."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pixels.config import Settings
from pixels.demo import DEMO_MARKER
from pixels.demo.listing import FILE as BANNERS_FILE
from pixels.errors import ConfigurationError
from pixels.ports import PORTS, reachable, url, with_free_ports
from pixels.processes import settings_environment
from pixels.supervisor import Console, Interrupted, Service, Supervisor

PYTHON = (sys.executable, "-P")  # -P: a folder of the current one that is named like a package of ours is not it
_PORT_WITHIN_S = 120.0


@dataclass(frozen=True)
class _Parts:
    """Every process of `pixels up`; each is an ordinary command of this installation."""

    history: Service
    banners: Service
    collector: Service
    passes: Service
    api: Service
    dashboard: Service
    lab: Service
    visitors: Service


def run_up(settings: Settings, *, demo: bool, lab: bool, python: Sequence[str] = PYTHON) -> int:
    """Run every part under `settings.home`, a demo in its folder `demo`; return 0 when somebody ended it.

    `python` runs the modules `pixels` and `pixels.demo`. Raises `ConfigurationError` when the home is in use or holds
    the other kind of data or a port is taken, and `ServiceFailed` when a part cannot be kept running.
    """
    settings = settings.model_copy(update={"home": settings.home.absolute()})
    if demo:  # a demo writes to nobody's Kafka
        settings = settings.model_copy(update={"home": settings.home / "demo", "kafka_bootstrap_servers": ""})
    run_dir = settings.home / "run"
    run_dir.mkdir(parents=True, exist_ok=True)
    run_dir.chmod(0o700)
    console = Console(sys.stdout)
    with only_one(run_dir):
        claim_home(settings.home, demo=demo)
        settings = with_free_ports(settings, [name for name in PORTS if lab or name != "lab_port"])
        token = secrets.token_hex(24)
        parts = _parts(settings, python, token)
        environment = {**settings_environment(settings), "PYTHONUNBUFFERED": "1"}
        try:
            with Supervisor(run_dir, environment, console) as supervisor:
                _bring_up(supervisor, parts, demo=demo, lab=lab)
                console.say(_addresses(settings, token if lab else None, demo=demo))
                supervisor.watch()
        except Interrupted:
            console.say("Everything has ended.")
    return 0


def _bring_up(supervisor: Supervisor, parts: _Parts, *, demo: bool, lab: bool) -> None:
    """Start all at once, since each spends its first seconds on imports, and wait until everything has figures to show."""
    supervisor.start(parts.collector)
    supervisor.start(parts.dashboard)
    supervisor.start(parts.api)
    if lab:
        supervisor.start(parts.lab)
    supervisor.wait_for(parts.collector, within=_PORT_WITHIN_S)
    if demo:
        supervisor.run(parts.history)
    supervisor.start(parts.passes)
    supervisor.wait_for(parts.passes)  # as long as it takes: all that waits in the log is counted first
    if demo:
        supervisor.run(parts.banners)
    supervisor.wait_for(parts.api, within=_PORT_WITHIN_S)
    supervisor.wait_for(parts.dashboard, within=_PORT_WITHIN_S)
    if lab:
        supervisor.wait_for(parts.lab, within=_PORT_WITHIN_S)
    if demo:
        supervisor.start(parts.visitors)


def _parts(settings: Settings, python: Sequence[str], token: str) -> _Parts:
    def pixels(*arguments: str) -> list[str]:
        return [*python, "-m", "pixels", *arguments]

    def demo(*arguments: str) -> list[str]:
        return [*python, "-m", "pixels.demo", *arguments]

    host, published = settings.host, settings.published_dir / "current.json"
    return _Parts(
        history=Service("history", "Demo history", demo("--backfill")),
        banners=Service(
            "banners", "Demo banners", pixels("banners", "import", "--wait", str(settings.home / BANNERS_FILE))
        ),
        collector=Service("collect", "Collector", pixels("collect"), _answers(host, settings.collector_port)),
        passes=Service(
            "aggregate", "First pass", pixels("aggregate", "--every", f"{settings.pass_every}s"), published.exists
        ),
        api=Service("api", "API", pixels("api"), _answers(host, settings.api_port)),
        dashboard=Service("dashboard", "Dashboard", pixels("dashboard"), _answers(host, settings.dashboard_port)),
        lab=Service(
            "lab",
            "JupyterLab",
            pixels("lab", "--no-browser"),
            _answers(host, settings.lab_port),
            {"JUPYTER_TOKEN": token},
        ),
        visitors=Service("live", "Live pixels", demo("--collector", url(host, settings.collector_port))),
    )


def _answers(host: str, port: int) -> Callable[[], bool]:
    def answers() -> bool:
        try:
            socket.create_connection((reachable(host), port), timeout=1.0).close()
        except OSError:
            return False
        return True

    return answers


def _addresses(settings: Settings, token: str | None, *, demo: bool) -> str:
    today = datetime.now(UTC).astimezone(settings.zone).date()
    metrics = f"/api/metrics?from={today - timedelta(days=6)}&to={today}"
    lines = [
        f"\nPixels is running on {'demo' if demo else 'real'} data in {settings.home}\n",
        f"  Dashboard   {url(settings.host, settings.dashboard_port)}/",
        f"  API         {url(settings.host, settings.api_port)}{metrics}",
        f"  Collector   {url(settings.host, settings.collector_port)}/visit?playerId=123&bannerTag=brandA",
        "\nCtrl-C ends everything.",
    ]
    if token:
        lines.insert(
            2, f"  JupyterLab  {url(settings.host, settings.lab_port)}/lab/tree/quickstart.ipynb?token={token}"
        )
    return "\n".join(lines)


def claim_home(home: Path, *, demo: bool) -> None:
    """Make sure that `home` holds this kind of data or none yet; mark an empty one for a demo.

    The mark decides what the warehouse says of itself when the first pass makes it.
    """
    marker = home / DEMO_MARKER
    is_demo = marker.exists() or _published_is_demo(home)
    if demo:
        if not is_demo and _holds_data(home):
            raise ConfigurationError(
                f"{home} holds real data, and demo data never mixes with it. Move it away, or give another PIXELS_HOME."
            )
        marker.write_text("Demo data: invented visitors. Everything in this folder may be deleted.\n", "utf-8")
    elif is_demo:
        raise ConfigurationError(
            f"{home} holds demo data, and real data never mixes with it. "
            "Set PIXELS_HOME to another folder; `pixels up --demo` adds the folder demo to PIXELS_HOME by itself."
        )


def _holds_data(home: Path) -> bool:
    return any((home / name).exists() for name in ("log", "warehouse.duckdb", "published"))


def _published_is_demo(home: Path) -> bool:
    try:
        return bool(json.loads((home / "published" / "current.json").read_text("utf-8")).get("is_demo"))
    except FileNotFoundError:
        return False


@contextmanager
def only_one(run_dir: Path) -> Iterator[None]:
    """Hold the lock of the home's `pixels up`; that another one holds it is a `ConfigurationError`."""
    with (run_dir / "up.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                f"`pixels up` runs on {run_dir.parent} already. End it, or give another PIXELS_HOME."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield
