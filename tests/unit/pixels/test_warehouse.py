"""Opening what is published, and following it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Event as Flag
from threading import Thread

import duckdb
import pytest

import pixels
from pixels import Warehouse
from pixels.errors import BadParameter, ConfigurationError, NoSnapshot, PixelsError
from pixels.kept import kept_snapshots
from tests.sample_warehouse import SampleWarehouse, at, visit

DAYS = ("2026-11-01", "2026-11-30")


@pytest.fixture
def sample(tmp_path: Path) -> SampleWarehouse:
    """A home with one published visit."""
    sample = SampleWarehouse(tmp_path / "sample")
    sample.publish(visit("p1", "brandA", "2026-11-01T10:00"), complete_until=at("2026-11-02T00:00"))
    return sample


def visits(warehouse: Warehouse) -> int:
    """Count what the warehouse shows."""
    return int(warehouse.metrics(*DAYS)["count"].sum())


def test_without_a_path_the_settings_say_where(sample: SampleWarehouse, pixels_home: Path) -> None:
    """PIXELS_HOME is where `pixels.open()` looks."""
    sample.published.rename(pixels_home / "published")

    with pixels.open() as wh:
        assert visits(wh) == 1


def test_home_published_folder_and_file_are_paths(sample: SampleWarehouse) -> None:
    """Each of the three ways to name a snapshot opens it, as text or as a Path."""
    for path in (sample.home, str(sample.published), sample.published / "snapshot-000001.duckdb"):
        with pixels.open(path) as wh:
            assert (wh.snapshot, visits(wh)) == (1, 1)


def test_it_says_what_it_shows(tmp_path: Path) -> None:
    """Number, instants, time zone and whether it is made-up data come from the pointer; instants are UTC."""
    sample = SampleWarehouse(tmp_path, "Europe/Berlin", is_demo=True)
    sample.publish(visit("p1", "brandA", "2026-11-01T10:00"), complete_until=at("2026-11-02T00:00"))

    with pixels.open(tmp_path) as wh:
        assert (wh.snapshot, wh.time_zone, wh.is_demo) == (1, "Europe/Berlin", True)
        assert wh.last_event_at == datetime(2026, 11, 1, 10, tzinfo=UTC)
        assert wh.as_of == wh.complete_until == wh.last_pass_at == datetime(2026, 11, 2, tzinfo=UTC)
        assert "demo data" in repr(wh)


def test_a_file_alone_says_what_it_shows(sample: SampleWarehouse) -> None:
    """Without the pointer, the runs in the file tell how complete it is."""
    file = sample.published / "snapshot-000001.duckdb"
    (sample.published / "current.json").unlink()

    with pixels.open(file) as wh:
        assert (wh.snapshot, wh.time_zone, wh.is_demo) == (1, "UTC", False)
        assert wh.as_of == wh.complete_until == wh.last_pass_at == datetime(2026, 11, 2, tzinfo=UTC)
        assert wh.last_event_at == datetime(2026, 11, 1, 10, tzinfo=UTC)
        assert wh.fresh()
        assert wh.reload() is wh


def test_a_pinned_file_needs_no_folder(sample: SampleWarehouse) -> None:
    """Opened from one file, a warehouse stays what it is when that file is deleted."""
    file = sample.published / "snapshot-000001.duckdb"
    with pixels.open(file) as wh:
        sample.publish()
        file.unlink()

        assert wh.fresh()
        assert wh.reload() is wh
        assert (wh.status().snapshot, visits(wh)) == (1, 1)


def test_an_older_snapshot_is_opened_by_its_number(sample: SampleWarehouse) -> None:
    """As long as it is kept: among the newest, as the last of a month, or by a report. It knows that there are newer ones."""
    for day in (2, 3, 4):
        sample.publish(
            visit(f"p{day}", "brandA", f"2026-11-0{day}T10:00"), complete_until=at(f"2026-11-0{day + 1}T00:00")
        )
    dated = sample.published / "dated"
    pinned = sample.home / "reports" / "snapshots" / "20261103T000000000000Z-000002"
    dated.mkdir()
    pinned.mkdir(parents=True)
    (sample.published / "snapshot-000001.duckdb").rename(dated / "2026-10-000001.duckdb")
    (sample.published / "snapshot-000002.duckdb").rename(pinned / "snapshot-000002.duckdb")

    for number in (1, 2, 3, 4):
        with pixels.open(sample.home, snapshot=number) as wh, wh.reload() as newest:
            assert (wh.snapshot, visits(wh), wh.complete_until) == (number, number, at(f"2026-11-0{number + 1}T00:00"))
            assert wh.fresh() is (number == 4)
            assert newest.snapshot == 4

    with pytest.raises(NoSnapshot, match=r"snapshot 5 is not kept under .*; kept are: 1, 2, 3, 4"):
        pixels.open(sample.published, snapshot=5)


def test_a_file_is_the_snapshot_that_was_asked_for(sample: SampleWarehouse) -> None:
    """Path and number that contradict each other are an error, and what is no number is one."""
    file = sample.published / "snapshot-000001.duckdb"

    with pixels.open(file, snapshot=1) as wh:
        assert wh.snapshot == 1
    with pytest.raises(NoSnapshot, match=r"is snapshot 1, not 2"):
        pixels.open(file, snapshot=2)
    for number in ("1", True, 1.0):
        with pytest.raises(BadParameter, match="is not the number of a snapshot"):
            pixels.open(file, snapshot=number)  # type: ignore[arg-type]


def test_a_kept_snapshot_that_goes_away_is_looked_for_elsewhere(
    sample: SampleWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pass may delete it between the look and the opening, while it stays as the last of its month."""
    sample.publish(visit("p2", "brandA", "2026-11-02T10:00"))
    dated = sample.published / "dated"
    dated.mkdir()
    first = sample.published / "snapshot-000001.duckdb"

    def look_just_before_it_goes(published: Path) -> dict[int, Path]:
        found = kept_snapshots(published)
        if first.exists():
            first.rename(dated / "2026-11-000001.duckdb")
        return found

    monkeypatch.setattr("pixels.opening.kept_snapshots", look_just_before_it_goes)

    with pixels.open(sample.home, snapshot=1) as wh:
        assert visits(wh) == 1


def test_an_empty_warehouse_is_open_and_empty(tmp_path: Path) -> None:
    """Snapshot 0 has no events and no last event; every question has an answer."""
    SampleWarehouse(tmp_path, snapshot=-1).publish()

    with pixels.open(tmp_path) as wh:
        assert (wh.snapshot, wh.last_event_at) == (0, None)
        assert wh.metrics(*DAYS).is_empty()
        assert wh.banners(*DAYS).is_empty()
        assert set(wh.kpis(*DAYS).row(0)) == {0}


def test_nothing_published_says_what_to_do(pixels_home: Path) -> None:
    """The first thing a new user may meet names the command that helps."""
    with pytest.raises(NoSnapshot, match=r"nothing has been published under .* yet: run `pixels aggregate`"):
        pixels.open()
    with pytest.raises(NoSnapshot, match="does not exist"):
        pixels.open(pixels_home / "nowhere")


@pytest.mark.parametrize(
    "pointer",
    ["", "{", "[]", "null", '{"snapshot": 1}', "\x00", '{"file": "x"}'],
)
def test_a_damaged_pointer_is_explained(sample: SampleWarehouse, pointer: str) -> None:
    """What is not a whole pointer is named, with what to do."""
    (sample.published / "current.json").write_text(pointer)

    with pytest.raises(NoSnapshot, match=r"current\.json cannot be read.*pixels aggregate"):
        pixels.open(sample.home)


@pytest.mark.parametrize(
    ("field", "value"),
    [("snapshot", "one"), ("snapshot", True), ("as_of", "yesterday"), ("as_of", "2026-11-01T00:00:00"), ("file", "../../x.duckdb"),
     ("file", "/etc/passwd"), ("file", ""), ("file", ".."), ("time_zone", "Mars/Olympus"), ("time_zone", "../etc"), ("time_zone", ""), ("is_demo", None)],
)  # fmt: skip
def test_a_wrong_value_in_the_pointer_is_explained(sample: SampleWarehouse, field: str, value: object) -> None:
    """No value of the pointer leads out of its folder or into a traceback."""
    sample.publish_again(**{field: value})  # type: ignore[arg-type]

    with pytest.raises(NoSnapshot, match=r"current\.json"):
        pixels.open(sample.home)


def test_a_newer_schema_is_refused(sample: SampleWarehouse) -> None:
    """A snapshot of a later version is not read by guesswork."""
    sample.publish_again(schema_version=99, code_version="9.0.0")

    with pytest.raises(NoSnapshot, match=r"newer Pixels \(9\.0\.0, schema 99; this one knows schema \d+\)"):
        pixels.open(sample.home)


@pytest.mark.parametrize("content", [b"", b"not a database", b"\x00" * 8192])
def test_a_damaged_snapshot_is_explained(sample: SampleWarehouse, content: bytes) -> None:
    """A file that is no database raises NoSnapshot, with what to do."""
    file = sample.published / "snapshot-000001.duckdb"
    file.write_bytes(content)

    for path in (sample.home, file):
        with pytest.raises(NoSnapshot, match=r"is damaged, or is no snapshot.*pixels aggregate"):
            pixels.open(path)


def test_a_cut_off_snapshot_is_explained(sample: SampleWarehouse) -> None:
    """A copy that ends early is found out, not answered with what is left of it."""
    file = sample.published / "snapshot-000001.duckdb"
    file.write_bytes(file.read_bytes()[:20_000])

    with pytest.raises(NoSnapshot, match=r"snapshot-000001\.duckdb"):
        visits(pixels.open(sample.home))


def test_some_other_database_is_no_snapshot(tmp_path: Path) -> None:
    """A DuckDB file without Pixels' tables is refused."""
    file = tmp_path / "other.duckdb"
    duckdb.connect(str(file)).close()

    with pytest.raises(NoSnapshot, match=r"other\.duckdb"):
        pixels.open(file)


def test_the_writers_file_is_not_opened(sample: SampleWarehouse) -> None:
    """A reader of warehouse.duckdb would stop the aggregator, so it is turned away."""
    file = sample.published / "snapshot-000001.duckdb"
    file.rename(sample.home / "warehouse.duckdb")

    with pytest.raises(NoSnapshot, match="belongs to `pixels aggregate` alone"):
        pixels.open(sample.home / "warehouse.duckdb")


def test_a_pointer_to_a_missing_file_is_explained(sample: SampleWarehouse) -> None:
    """When the pointer stays on a file that is gone, the reader gives up after a few tries."""
    (sample.published / "snapshot-000001.duckdb").unlink()

    with pytest.raises(NoSnapshot, match=r"names snapshot-000001\.duckdb, which is not there: run `pixels aggregate`"):
        pixels.open(sample.home)


def test_a_reader_rereads_the_pointer_when_its_file_has_gone(sample: SampleWarehouse) -> None:
    """While snapshots come and go as fast as they can, every open succeeds."""
    stop = Flag()

    def publish() -> None:
        while not stop.is_set():
            old = sample.published / f"snapshot-{sample.snapshot:06d}.duckdb"
            sample.publish()
            old.unlink()

    publisher = Thread(target=publish)
    publisher.start()
    try:
        while sample.snapshot < 8:
            with pixels.open(sample.home) as wh:
                assert visits(wh) == 1
    finally:
        stop.set()
        publisher.join()


def test_an_open_snapshot_never_changes(sample: SampleWarehouse) -> None:
    """It is kept, also after its file is deleted; `reload` gives the newest as another object."""
    with pixels.open(sample.home) as wh:
        sample.publish(visit("p2", "brandA", "2026-11-01T11:00"))
        (sample.published / "snapshot-000001.duckdb").unlink()

        assert not wh.fresh()
        assert (wh.snapshot, visits(wh)) == (1, 1)
        with wh.reload() as newest:
            assert newest is not wh
            assert (newest.snapshot, visits(newest)) == (2, 2)
            assert newest.fresh()
            assert newest.reload() is newest
        assert visits(wh) == 1


def test_an_empty_pass_moves_status_but_not_the_snapshot(sample: SampleWarehouse) -> None:
    """A quiet night is complete up to now without a new snapshot."""
    file = sample.published / "snapshot-000001.duckdb"
    with pixels.open(sample.home) as wh:
        before = wh.status()
        sample.point_at(file.name, complete_until=at("2026-11-03T00:00"), as_of=pixels_text(before.as_of))

        assert wh.fresh()
        assert wh.status().complete_until == at("2026-11-03T00:00")
        assert wh.complete_until == at("2026-11-02T00:00")


def test_a_warehouse_made_anew_under_the_same_name_is_seen(sample: SampleWarehouse) -> None:
    """Deleted and begun again, with the same file name and number: an open one is not fresh, a new one shows the new data."""
    with pixels.open(sample.home) as wh:
        anew = SampleWarehouse(sample.home)
        anew.publish(visit("p1", "x", "2026-11-01T10:00"), visit("p2", "x", "2026-11-01T10:00"))

        assert not wh.fresh()
        with pixels.open(sample.home) as other:
            assert (visits(wh), visits(other)) == (1, 2)


def test_an_unusable_memory_limit_is_explained(sample: SampleWarehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting is named, not the engine's own error alone."""
    monkeypatch.setenv("PIXELS_MEMORY_LIMIT", "lots")

    with pytest.raises(ConfigurationError, match="PIXELS_MEMORY_LIMIT: 'lots' is no amount of memory"):
        pixels.open(sample.home)


def test_a_closed_warehouse_says_so(sample: SampleWarehouse) -> None:
    """Closing twice is harmless; asking afterwards is an error that says what to do."""
    wh = pixels.open(sample.home)
    wh.close()
    wh.close()

    with pytest.raises(PixelsError, match=r"closed: open it again with pixels\.open\(\)"):
        wh.metrics(*DAYS)


def test_many_threads_share_one_warehouse(sample: SampleWarehouse) -> None:
    """Each call has a cursor of its own, so that answers never mix."""
    with pixels.open(sample.home) as wh, ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda number: wh.sql("SELECT $n AS n", {"n": number})["n"][0], range(200)))

    assert answers == list(range(200))


def test_an_instant_is_utc_in_every_thread(sample: SampleWarehouse) -> None:
    """The machine's time zone reaches neither frames nor SQL."""
    program = (
        "import pixels, sys; wh = pixels.open(sys.argv[1]);"
        "f = wh.sql(\"SELECT min(first_seen) AS at, strftime(min(first_seen), '%H:%M') AS text FROM players\");"
        "print(f.schema['at'], f['at'][0].isoformat(), f['text'][0])"
    )
    environment = {**os.environ, "TZ": "America/New_York"}

    done = subprocess.run(
        [sys.executable, "-c", program, str(sample.home)], capture_output=True, text=True, env=environment, check=True
    )

    assert done.stdout.split("\n")[0] == "Datetime(time_unit='us', time_zone='UTC') 2026-11-01T10:00:00+00:00 10:00"


def test_reading_leaves_no_file_behind(sample: SampleWarehouse) -> None:
    """The published folder holds what the aggregator put there and no more, and its bytes stay."""
    before = {file.name: file.read_bytes() for file in sample.published.iterdir()}
    with pixels.open(sample.home) as wh:
        wh.kpis(*DAYS)

    assert {file.name: file.read_bytes() for file in sample.published.iterdir()} == before


def test_unknown_fields_of_the_pointer_are_left_alone(sample: SampleWarehouse) -> None:
    """A later version may add to the pointer without stopping this one."""
    sample.publish_again(anything={"new": 1})

    assert "anything" in json.loads((sample.published / "current.json").read_text())
    with pixels.open(sample.home) as wh:
        assert visits(wh) == 1


def pixels_text(instant: datetime) -> str:
    """Write an instant as the pointer does."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S.000Z")


@pytest.mark.parametrize("path", [3, b"x", "~nobody-of-this-name/x", "x" * 5_000])
def test_what_is_no_path_is_named(path: object) -> None:
    """The parameter is named, whatever was given."""
    with pytest.raises(BadParameter, match="path: "):
        pixels.open(path)  # type: ignore[arg-type]


def test_a_home_before_its_first_pass_says_to_run_one(tmp_path: Path) -> None:
    """Also when the folder of snapshots is named that is not there yet."""
    for path in (tmp_path, tmp_path / "published"):
        with pytest.raises(NoSnapshot, match="run `pixels aggregate`"):
            pixels.open(path)
