"""What the page System knows: how the figures came about, what waits, and what this machine has left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from panel_app.address import Address
from panel_app.machine import Machine, look_at
from panel_app.situation import Situation
from panel_app.source import Answers, Standing
from pixels import Warehouse
from pixels.config import Settings
from pixels.runs import Provenance

RUNS = 60


@dataclass(frozen=True)
class System:
    """What the page shows."""

    runs: pl.DataFrame
    """`wh.runs(60)`."""
    provenance: Provenance
    snapshot_file: str
    snapshot_bytes: int
    tag_pattern: str
    machine: Machine | None
    """None: only the snapshot is known here."""
    settings: Settings | None
    """Those of the dashboard's own process."""
    looked_at: datetime


def read_system(answers: Answers, address: Address, where: Situation, standing: Standing) -> Iterator[System]:
    """Ask the snapshot, and look at the machine each time anew."""
    warehouse, settings = answers.warehouse, answers.settings
    yield System(
        runs=answers.ask(_runs),
        provenance=answers.ask(_provenance),
        snapshot_file=warehouse.file.name,
        snapshot_bytes=answers.ask(_size),
        tag_pattern=warehouse.tag_pattern,
        machine=None if settings is None else look_at(settings),
        settings=settings,
        looked_at=datetime.now(UTC),
    )


def _runs(warehouse: Warehouse) -> pl.DataFrame:
    return warehouse.runs(RUNS)


def _provenance(warehouse: Warehouse) -> Provenance:
    return warehouse.provenance()


def _size(warehouse: Warehouse) -> int:
    try:
        return warehouse.file.stat().st_size
    except FileNotFoundError:  # newer ones were published since it was opened
        return 0
