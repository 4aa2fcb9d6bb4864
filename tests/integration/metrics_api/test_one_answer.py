"""The same question has one answer: over REST, in the library, on the dashboard and in a notebook."""

from __future__ import annotations

import http.client
import io
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

import pixels
from panel_app.measures import FTD, REGISTRATIONS, VISITORS, compared
from panel_app.pages import PAGES
from panel_app.source import Published
from panel_app.state import DashboardState
from pixels.period import Period
from tests.integration.metrics_api.test_serve import running_api
from tests.sample_warehouse import SampleWarehouse, at, deposit, registration, visit

NOTEBOOK = Path(__file__).parents[3] / "notebooks" / "quickstart.py"
BANNERS = ("brandA", "=brandB", "<b>brandC</b>")
RUN_NOTEBOOK = """
import runpy, sys
notebook, folder = sys.argv[1:]
variables = runpy.run_path(notebook)
for name in ("daily", "brought", "steps"):
    variables[name].write_parquet(f"{folder}/{name}.parquet")
period = variables["period"]
print(period.start, period.end)
"""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleWarehouse:
    """Six weeks of visits by three banners, some of whom register and deposit, in a zone with a day of 25 hours."""
    sample = SampleWarehouse(tmp_path_factory.mktemp("work") / "home", "Europe/Berlin")
    events = []
    for number in range(120):
        banner, instant = BANNERS[number % 3], at("2026-10-01T00:30") + timedelta(days=number % 42, hours=number % 24)
        when = instant.isoformat()
        events.append(visit(f"v{number % 50}", banner, when))
        if number % 3 == 0:
            events.append(registration(f"p{number}", banner, when, s=f"v{number % 50}"))
        if number % 6 == 0:
            events.append(deposit(f"p{number}", banner, when))
    sample.publish(*events)
    return sample


def over_rest(port: int, name: str, period: Period) -> pl.DataFrame:
    """Ask the running API, and read its answer with all its types."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", f"/api/{name}?from={period.start}&to={period.end}&format=arrow")
    answer = connection.getresponse()
    assert answer.status == 200
    frame = pl.read_ipc_stream(io.BytesIO(answer.read()))
    connection.close()
    return frame


def in_the_notebook(home: Path, folder: Path) -> tuple[Period, dict[str, pl.DataFrame]]:
    """Run the quickstart as it is handed out; return the days it chose and the frames it shows."""
    ran = subprocess.run(
        [sys.executable, "-c", RUN_NOTEBOOK, str(NOTEBOOK), str(folder)],
        env={**os.environ, "PIXELS_HOME": str(home)},
        cwd=NOTEBOOK.parents[1],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    start, end = (pl.Series([day]).str.to_date().item() for day in ran.stdout.split()[-2:])
    names = {"metrics": "daily", "banners": "brought", "funnel": "steps"}
    return Period(start, end), {name: pl.read_parquet(folder / f"{file}.parquet") for name, file in names.items()}


def test_all_four_say_the_same(sample: SampleWarehouse, tmp_path: Path) -> None:
    """Daily counts, banners and funnel, to the last row and type; the key figures where they are shown."""
    period, notebook = in_the_notebook(sample.home, tmp_path)
    published = Published(sample.published)
    state = DashboardState(published, PAGES)
    state.go(f"./?days={period.start}..{period.end}")
    state.follow()
    cards = {
        measure.part: compared(measure, state.answer, state.situation).now for measure in (VISITORS, REGISTRATIONS, FTD)
    }
    state.go(f"./funnel?days={period.start}..{period.end}")
    state.follow()
    with running_api(sample.home) as (_, port), pixels.open(sample.home) as warehouse:
        for name in ("metrics", "banners", "funnel", "kpis"):
            library = getattr(warehouse, name)(period.start, period.end)

            assert library.height
            assert over_rest(port, name, period).equals(library), name
            assert name not in notebook or notebook[name].equals(library), name
        kpis = warehouse.kpis(period.start, period.end)
        assert {name: value.part for name, value in cards.items()} == kpis.select(*cards).row(0, named=True)
        steps = warehouse.funnel(period.start, period.end).select(state.answer.steps.columns)
        assert state.answer.steps.equals(steps)
    published.close()
    assert (period.end - period.start).days == 27
