"""The page System: what it says in each state, and what it does not claim to know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest

import pixels
from panel_app.blocks.passes import passes_bars, passes_table, with_times
from panel_app.pages import PAGES
from panel_app.roles import Role, pages_for
from panel_app.session import Session
from panel_app.source import Held, Published
from panel_app.state import DashboardState
from pixels.config import load_settings
from tests.local_log import append
from tests.sample_records import event
from tests.sample_warehouse import SampleWarehouse, at, visit
from tests.unit.panel_app.rendered import html

DAY = "2026-11-20"
QUIET = "Nothing that can be seen from here asks for attention"


@pytest.fixture
def sample(pixels_home: Path) -> SampleWarehouse:
    """A home whose last pass was just now."""
    sample = SampleWarehouse(pixels_home, uuid="5e1f-uuid")
    sample.publish(visit("p", "a", f"{DAY}T10:00"), complete_until=datetime.now(UTC))
    return sample


def shown(settings: pixels.config.Settings | None = None) -> str:
    """What the page says of PIXELS_HOME."""
    settings = settings or load_settings()
    return html(Session(Published(settings.published_dir, settings), settings, PAGES, "./system").view)


def milliseconds_ago(**span: float) -> int:
    """Unix milliseconds before now."""
    return int((datetime.now(UTC) - timedelta(**span)).timestamp() * 1000)


def test_a_quiet_machine_says_so_and_which_snapshot_it_shows(sample: SampleWarehouse) -> None:
    """Nothing to look at; the warehouse, the rules, no check yet; and no folder of the machine is named."""
    page = shown()

    assert QUIET in page
    assert "5e1f-uuid" in page
    assert "snapshot-000001.duckdb" in page
    assert "their visits do not count" in page
    assert "No check was made yet" in page
    assert str(sample.home) not in page


def test_before_the_first_pass_it_says_how_many_wait_for_one(pixels_home: Path) -> None:
    """Nothing is published that could be shown, and the records are not lost."""
    append(pixels_home, [event(1), event(2)], at_ms=milliseconds_ago(minutes=1))

    assert "2 events received, none counted yet" in shown()


def test_records_that_wait_for_long_are_told_of(sample: SampleWarehouse) -> None:
    """Twelve minutes, after the last pass began; shorter is the way it goes."""
    append(sample.home, [event(1)], at_ms=milliseconds_ago(minutes=2))
    assert QUIET in shown()
    append(sample.home, [event(2)], slot=1, at_ms=milliseconds_ago(minutes=12, seconds=5))

    page = shown()

    assert "Received records wait for 12 min" in page
    assert "Passes ended since they came" in page
    sample.point_at("snapshot-000001.duckdb", complete_until=datetime.now(UTC) - timedelta(minutes=20))
    assert "No pass has ended since they came" in shown()


def test_passes_that_have_stopped_are_told_of(sample: SampleWarehouse) -> None:
    """By the same limit as above every page, so that the two never disagree."""
    sample.point_at("snapshot-000001.duckdb", complete_until=datetime.now(UTC) - timedelta(hours=2, minutes=5))

    page = shown()

    assert "The last pass was 2 hours ago" in page
    assert "No pass has ended for 2 h 5 min" in page
    assert QUIET not in page


def test_a_full_spool_names_kafka(sample: SampleWarehouse) -> None:
    """By the limit of the alert."""
    append(sample.home, [event(1)], folder="spool", at_ms=milliseconds_ago(minutes=11))

    assert "The spool holds records for 11 min" in shown()


def test_a_log_that_is_not_here_is_not_called_empty(sample: SampleWarehouse) -> None:
    """Nor is Kafka, which nobody asks."""
    page = shown()
    assert "What waits is not known: the folder <code>log</code> cannot be looked into" in page
    assert "nothing waits" not in page

    page = shown(load_settings(kafka_bootstrap_servers="127.0.0.1:1"))
    assert "Kafka is not asked from here" in page
    assert "pixels-aggregator" in page


def test_a_check_that_found_differences_comes_first(sample: SampleWarehouse) -> None:
    """With the tables, and what to do."""
    check = {"snapshot": 1, "equal": False, "differences": {"players": 3}, "code_version": "1"}
    sample.publish_again(
        complete_until=datetime.now(UTC), last_check=check | {"checked_at": "2026-11-21T00:00:00.000Z"}
    )

    page = shown()

    assert "The rebuild check found differences" in page
    assert "players 3 rows" in page


def test_a_pass_that_was_cut_short_is_told_of_until_one_goes_on(sample: SampleWarehouse) -> None:
    """It ended without moving until when all is counted."""
    file = sample.published / "snapshot-000001.duckdb"
    with duckdb.connect(str(file)) as con:
        con.execute("INSERT INTO aggregation_runs BY NAME SELECT * REPLACE (2 AS run_id) FROM aggregation_runs")
    assert "Pass 2 did not store all that waited" in shown()

    sample.point_at(file.name, complete_until=datetime.now(UTC) + timedelta(seconds=5))

    assert "did not store all" not in shown()


def test_another_version_and_another_time_zone_are_told_of(sample: SampleWarehouse) -> None:
    """Both explain why nothing goes on."""
    sample.publish_again(complete_until=datetime.now(UTC), code_version="0.0.9")

    page = shown(load_settings(timezone="Europe/Berlin"))

    assert "Passes run Pixels 0.0.9" in page
    assert "PIXELS_TIMEZONE says Europe/Berlin" in page


def test_a_warehouse_in_a_cell_knows_only_its_snapshot(sample: SampleWarehouse) -> None:
    """What waits on whatever machine is not guessed."""
    with pixels.open(sample.home) as wh:
        page = html(Session(Held(wh), load_settings(), PAGES, "./system").view)

    assert "Only a snapshot is known here" in page
    assert "Left on the disk" not in page


def test_those_who_may_not_see_people_may_see_the_page() -> None:
    """It names nobody, and no folder of the machine."""
    assert "system" in [page.slug for page in pages_for(Role.VIEWER, PAGES)]


def test_the_page_looks_again_though_nothing_new_is_published(sample: SampleWarehouse) -> None:
    """Other pages do not: their answers depend on what is published alone."""
    now = [at(f"{DAY}T12:00")]
    settings = load_settings()
    state = DashboardState(Published(settings.published_dir, settings), PAGES, now=lambda: now[0])
    state.go("./system")
    state.follow()
    assert state.is_fresh()
    assert state.answer.machine.log.is_missing

    now[0] += timedelta(seconds=10)
    assert not state.is_fresh()
    append(sample.home, [event(1)], at_ms=1_000)
    state.follow()
    assert state.answer.machine.log.waiting == 1

    state.go("./")
    state.follow()
    now[0] += timedelta(days=1)
    assert state.is_fresh()


def runs(*rows: tuple[int, str, float, float]) -> pl.DataFrame:
    """Frames as of `wh.runs`: number, kind, end and until when all was stored, in seconds after noon; each took a second."""
    noon = at(f"{DAY}T12:00")
    zeros = ("records_read", "events_stored", "events_counted", "records_repeated", "records_rejected")
    return pl.DataFrame(
        [
            {
                "run_id": number,
                "kind": kind,
                "started_at": noon + timedelta(seconds=end - 1),
                "finished_at": noon + timedelta(seconds=end),
                "complete_until": noon + timedelta(seconds=until),
                **dict.fromkeys(zeros, 0),
                "figures_changed": False,
            }
            for number, kind, end, until in rows
        ]
    )


def test_a_pass_moves_on_from_the_pass_before_it() -> None:
    """An import between them, which says nothing of the log, is no measure; nor is there one for the oldest."""
    found = with_times(runs((4, "pass", 60, 1), (3, "pass", 40, 39), (2, "import", 20, 1), (1, "pass", 2, 1)))

    assert found.select("run_id", "took", "behind", "moved").rows() == [
        (4, 1.0, 59.0, False),
        (3, 1.0, 1.0, True),
        (2, 1.0, 19.0, None),
        (1, 1.0, 1.0, None),
    ]


def test_bars_and_table_say_the_same() -> None:
    """The longest and the last in the caption of the bars, which hold a bar a run; the table has both in words."""
    found = with_times(runs((2, "pass", 60, 45), (1, "import", 2, 1)))

    bars, table = passes_bars(found, "UTC"), passes_table(found, "UTC")

    assert "How far behind each pass ended; the most 15 s, the last 15 s" in bars
    assert bars.count("<rect") == 3  # both took a second, one is a pass
    assert "<td>15 s</td>" in table
    assert table.count("<tr>") == 3


def test_without_a_run_there_is_no_chart() -> None:
    """And the table says why."""
    nothing = with_times(runs((1, "pass", 1, 1)).clear())

    assert passes_bars(nothing, "UTC") == ""
    assert "No pass has stored anything yet" in passes_table(nothing, "UTC")
