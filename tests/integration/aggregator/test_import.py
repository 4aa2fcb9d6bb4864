"""History that is imported gives the tables that the rules give, whatever the format, order, split and repetition."""

from __future__ import annotations

import gzip
import json
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import duckdb
import hypothesis
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pixels
from aggregator.imports.run import Import, import_files
from aggregator.run import run_pass
from collector.past import PastEvents
from pixels.config import Settings
from tests.colliding_records import APPENDED, bad_records, deposits, records
from tests.local_log import append
from tests.oracle import Record, Tables, differences, tables
from tests.stored_tables import read_tables

NOW = datetime.fromtimestamp(APPENDED / 1000, UTC)
ZONE = "Europe/Berlin"
COLLECTORS = UUID("ce71af21-7752-5fec-b4b9-1da18d4a3daa")  # its name space for ids; it never changes
COLUMNS = ("id", "event_type", "player_id", "banner_tag", "metadata", "source_ip", "user_agent", "created_at")


def settings_for(home: Path, **more: Any) -> Settings:
    return Settings(_env_file=None, home=home, timezone=ZONE, retention_days=36_500, **more)


def bring_in(settings: Settings, *files: Path, time_zone: str | None = None, **what: Any) -> dict[str, Any]:
    """Import files with their keys believed; return the report as it is printed."""
    judge = PastEvents(settings, trusted=True, time_zone=ZoneInfo(time_zone) if time_zone else None)
    report = import_files(settings, Import(tuple(map(str, files)), judge, **what), now=lambda: NOW)
    said: dict[str, Any] = json.loads(report.as_json())
    return said


def texts(record: Record) -> dict[str, str | None]:
    """The columns of a record as a database would export them."""
    metadata = json.dumps(record.get("metadata", {}), ensure_ascii=False)
    return {column: record.get(column) for column in COLUMNS} | {"metadata": metadata}


def quoted(text: str | None) -> str:
    return "" if text is None else '"' + text.replace('"', '""') + '"'


def as_ndjson(path: Path, wanted: list[Record]) -> None:
    path.write_bytes(b"".join(json.dumps(record).encode() + b"\n" for record in wanted))


def as_gzip(path: Path, wanted: list[Record]) -> None:
    path.write_bytes(
        gzip.compress(b"".join(json.dumps(record, ensure_ascii=False).encode() + b"\r\n" for record in wanted))
    )


def as_csv(path: Path, wanted: list[Record]) -> None:
    rows = [",".join(quoted(text) for text in texts(record).values()) for record in wanted]
    path.write_text("\n".join([",".join(COLUMNS), *rows]), "utf-8", newline="\n")


def as_parquet(path: Path, wanted: list[Record]) -> None:
    pl.DataFrame([texts(record) for record in wanted], schema=dict.fromkeys(COLUMNS, pl.String)).write_parquet(path)


def as_map(path: Path, wanted: list[Record]) -> None:
    columns: dict[str, Any] = {column: pa.array([texts(r)[column] for r in wanted], pa.string()) for column in COLUMNS}
    metadata = [list(record.get("metadata", {}).items()) for record in wanted]
    pq.write_table(
        pa.table(columns | {"metadata": pa.array(metadata, pa.map_(pa.string(), pa.string()))}), path, row_group_size=3
    )


FORMATS: dict[str, Callable[[Path, list[Record]], None]] = {
    "ndjson": as_ndjson, "ndjson.gz": as_gzip, "csv": as_csv, "parquet": as_parquet, "map.parquet": as_map,
}  # fmt: skip
WAYS = st.sampled_from([*FORMATS, "log"])


@hypothesis.settings(max_examples=10)
@given(
    history=st.lists(
        st.tuples(WAYS, st.lists(st.one_of(records, deposits), min_size=1, max_size=8)), min_size=1, max_size=4
    ),
    batch_size=st.integers(1, 12),
)
def test_every_table_is_a_function_of_the_records_whatever_way_they_came(
    history: list[tuple[str, list[Record]]], batch_size: int
) -> None:
    """Imported in any format, order and split, among records of the log, and all of it once more."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        settings = settings_for(home / "home", batch_size=batch_size)
        seen: list[Record] = []
        files = []
        for number, (way, batch) in enumerate(history):
            seen += batch
            if way == "log":
                append(settings.home, batch, at_ms=APPENDED)
                run_pass(settings)
            else:
                files.append(home / f"{number}.{way}")
                FORMATS[way](files[-1], batch)
                assert bring_in(settings, files[-1])["accepted"] == len(batch)
            assert differences(tables(seen, ZONE), read_tables(settings.warehouse_path)) == {}
        if files:
            again = bring_in(settings, *reversed(files))
            assert (again["stored"], again["repeated"]) == (0, again["read"])
        assert differences(tables(seen, ZONE), read_tables(settings.warehouse_path)) == {}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An empty home."""
    return settings_for(tmp_path / "home")


HOSTILE: list[Record] = [
    {"id": "e1", "event_type": "visit", "player_id": "ü", "banner_tag": "<b>x&=1", "created_at": "2026-10-25T00:30:00.000Z"},
    {"id": "e1", "event_type": "visit", "player_id": "ü", "banner_tag": "a", "created_at": "2026-10-25T23:30:00.000Z"},
    {"id": "é", "event_type": "visit", "player_id": 'a"b,c', "banner_tag": "=1;2|3", "created_at": "2026-11-01T10:00:00.007Z",
     "metadata": {"_bot": "x", "s": "", "debug": "1", "player_id": "q", "é": ""}, "source_ip": "", "user_agent": ""},
    {"id": "null", "event_type": "registration", "player_id": "007", "banner_tag": "1e5", "created_at": "2026-11-01T10:00:00.000Z",
     "metadata": {"s": 'line\nand "quotes"\\', "eventId": "1"}, "source_ip": "2001:db8::1", "user_agent": "Mozilla/5.0 (X; Y)"},
    {"id": "d", "event_type": "deposit", "player_id": "7", "banner_tag": "b", "created_at": "2026-11-01T10:00:00.000Z",
     "metadata": {"amount": "1,5", "txid": "t", "_key": "shop"}},
]  # fmt: skip


def test_exports_of_the_events_round_trip(settings: Settings, tmp_path: Path) -> None:
    """DuckDB's CSV, JSON and Parquet of the table `events`, and those of Polars, give the same records, to the letter."""
    append(tmp_path / "old", HOSTILE, at_ms=APPENDED)
    old = settings_for(tmp_path / "old")
    run_pass(old)
    exported = [tmp_path / name for name in ("d.csv", "d.ndjson", "d.parquet", "p.csv", "p.ndjson", "p.parquet")]
    with duckdb.connect(str(old.warehouse_path), read_only=True) as con:
        for path, how in zip(exported, ("csv", "json", "parquet"), strict=False):
            con.execute(f"COPY events TO '{path}' (FORMAT {how})")
        events = con.sql("FROM events").pl()
    events.write_csv(exported[3], quote_style="non_numeric")
    events.write_ndjson(exported[4])
    events.write_parquet(exported[5])

    said = [bring_in(settings, path) for path in exported]

    assert [(each["stored"], each["repeated"]) for each in said] == [(5, 0)] + [(0, 5)] * 5, said
    assert differences(tables(HOSTILE, ZONE), read_tables(settings.warehouse_path)) == {}


def test_files_of_the_archive_round_trip(settings: Settings, tmp_path: Path) -> None:
    """What has left the tables can be imported from its Parquet files; their column of the day is no metadata."""
    append(tmp_path / "old", HOSTILE, at_ms=APPENDED)
    run_pass(Settings(_env_file=None, home=tmp_path / "old", timezone=ZONE, retention_days=1))
    files = sorted((tmp_path / "old" / "archive").rglob("*.parquet"))

    assert bring_in(settings, *files)["stored"] == len(HOSTILE)
    assert differences(tables(HOSTILE, ZONE), read_tables(settings.warehouse_path)) == {}


@hypothesis.settings(max_examples=6)
@given(lines=st.lists(st.one_of(records, deposits, bad_records), min_size=1, max_size=12))
def test_bad_lines_cost_nothing_but_themselves(lines: list[Record | bytes]) -> None:
    """Every line that is no event is refused with a reason, the others count, and `rejected_events` stays empty."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        settings = settings_for(home / "home", batch_size=5)
        written = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
        written = [line for line in written if b"\n" not in line]
        (home / "x.ndjson").write_bytes(b"\n".join(written))
        sound = [line for line in lines if not isinstance(line, bytes)]

        said = bring_in(settings, home / "x.ndjson", refused=home / "refused")

        assert (said["accepted"], said["read"]) == (len(sound), said["refused"] + said["skipped"] + len(sound))
        refused = [json.loads(line) for line in (home / "refused").read_text("utf-8").splitlines()]
        assert len(refused) == said["refused"]
        assert all(0 < each["line"] <= len(written) and each["reason"] and each["detail"] for each in refused)
        assert differences(tables(sound, ZONE), read_tables(settings.warehouse_path)) == {}


def flat(number: int, **more: Any) -> dict[str, Any]:
    """What a sender would say of an event of the past."""
    return {
        "eventType": "visit",
        "playerId": f"p{number}",
        "bannerTag": "a",
        "createdAt": "2026-11-01T10:00:00Z",
        **more,
    }


def write_lines(path: Path, *lines: dict[str, Any] | str) -> Path:
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines), "utf-8")
    return path


def stored(settings: Settings) -> list[dict[str, Any]]:
    """The events of the warehouse by player and time, their metadata decoded."""
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
        found = con.sql("FROM events ORDER BY player_id, created_at, id").pl().to_dicts()
    return [{**event, "metadata": json.loads(event["metadata"])} for event in found]


def test_a_log_that_has_grown_adds_its_new_lines_alone(settings: Settings, tmp_path: Path) -> None:
    """Also where lines are alike: each counts as often as it stands in the file."""
    path = write_lines(tmp_path / "a.ndjson", flat(1), flat(1), flat(2))
    assert bring_in(settings, path)["stored"] == 3

    write_lines(path, flat(1), flat(1), flat(2), flat(1), flat(3))
    said = bring_in(settings, path)

    assert (said["stored"], said["repeated"]) == (2, 3)
    assert [event["player_id"] for event in stored(settings)] == ["p1", "p1", "p1", "p2", "p3"]


def test_the_same_row_is_the_same_event_in_every_format(settings: Settings, tmp_path: Path) -> None:
    """A row without an id gets it by what it says, not by how the file is written."""
    row = {**flat(1), "s": "v-1", "amount": "25.00"}
    write_lines(tmp_path / "a.ndjson", row)
    write_lines(tmp_path / "b.csv", ";".join(row), ";".join(map(str, row.values())))
    pl.DataFrame([row]).write_parquet(tmp_path / "c.parquet")

    said = bring_in(settings, *(tmp_path / name for name in ("a.ndjson", "b.csv", "c.parquet")))

    assert (said["stored"], said["repeated"], said["refused"]) == (1, 2, 0)
    (event,) = stored(settings)
    assert event["metadata"] == {"s": "v-1", "amount": "25.00"}


def test_nothing_is_stored_by_a_check(settings: Settings, tmp_path: Path) -> None:
    """It says what would become of each line, and does not even make the home."""
    path = write_lines(tmp_path / "a.ndjson", flat(1), flat(2, bannerTag="null"), "")

    said = bring_in(settings, path, check=True)

    assert (said["accepted"], said["stored"], said["reasons"]) == (1, 0, {"placeholder_value": 1})
    assert said["skipped_because"] == {"blank": 1}
    assert not settings.home.exists()


def test_a_file_that_breaks_off_is_completed_by_a_whole_copy(settings: Settings, tmp_path: Path) -> None:
    """What was read before the break is stored and published."""
    whole = write_lines(tmp_path / "a", *(flat(number, note=str(hash(number))) for number in range(3_000))).read_bytes()
    packed = gzip.compress(whole)
    (tmp_path / "broken.gz").write_bytes(packed[: len(packed) // 2])
    (tmp_path / "whole.gz").write_bytes(packed)
    judge = PastEvents(settings)

    broken = import_files(settings, Import((str(tmp_path / "broken.gz"),), judge, format="ndjson"), now=lambda: NOW)
    rest = bring_in(settings, tmp_path / "whole.gz", format="ndjson")

    assert broken.failure is not None
    assert "breaks off" in str(broken.failure)
    assert 0 < broken.accepted < 3_000
    assert (rest["stored"], rest["repeated"]) == (3_000 - broken.accepted, broken.accepted)
    assert len(stored(settings)) == 3_000


def test_an_import_that_ends_early_is_completed_by_the_next(settings: Settings, tmp_path: Path) -> None:
    """Asked to end, it stores the batch it is at, publishes, and says so."""
    small = settings_for(settings.home, batch_size=2)
    path = write_lines(tmp_path / "a.ndjson", *map(flat, range(7)))
    asked = iter([False, True])
    what = Import((str(path),), PastEvents(small))

    first = import_files(small, what, now=lambda: NOW, stop=lambda: next(asked))

    assert (first.ended_early, first.accepted) == (True, 4)
    assert (settings.published_dir / "current.json").exists()
    assert bring_in(small, path)["stored"] == 3
    assert differences(expected_of(path), read_tables(settings.warehouse_path)) == {}


def expected_of(path: Path) -> Tables:
    """The tables of flat visits, each another player's, whose ids are those that are stored."""
    ids = {event["player_id"]: event["id"] for event in stored(settings_for(path.parent / "home"))}
    return tables(
        [
            {
                "id": ids[line["playerId"]], "event_type": "visit", "player_id": line["playerId"],
                "banner_tag": "a", "created_at": line["createdAt"],
            }
            for line in map(json.loads, path.read_text("utf-8").splitlines())
        ],
        ZONE,
    )  # fmt: skip


def test_an_event_that_also_came_live_is_the_same_event(settings: Settings, tmp_path: Path) -> None:
    """By its `eventId`, which the collector makes the id of."""
    path = write_lines(tmp_path / "a.ndjson", flat(1, eventId="order-7"))
    bring_in(settings, path)
    (event,) = stored(settings)
    append(
        settings.home,
        [{"id": str(uuid5(COLLECTORS, "visit\np1\norder-7")), "event_type": "visit", "player_id": "p1", "banner_tag": "a",
          "created_at": "2026-11-01T10:00:00.000Z"}],
        at_ms=APPENDED,
    )  # fmt: skip
    run_pass(settings)

    assert [each["id"] for each in stored(settings)] == [event["id"]]


def test_an_import_is_a_run_of_its_own(settings: Settings, tmp_path: Path) -> None:
    """With what it did; of a second one that changed nothing readers see no new snapshot.

    What is said to be complete, and when the last pass was, stay: an import says nothing of the log.
    """
    append(settings.home, HOSTILE, at_ms=APPENDED)
    passed = run_pass(settings, now=lambda: NOW - timedelta(hours=1))
    path = write_lines(tmp_path / "a.ndjson", flat(1), flat(2, playerId=""))

    bring_in(settings, path)
    bring_in(settings, path)

    with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
        runs = con.sql(
            "SELECT kind, events_stored, records_rejected, complete_until FROM aggregation_runs ORDER BY run_id"
        )
        assert [row[:3] for row in runs.fetchall()] == [("pass", 5, 0), ("import", 1, 0), ("import", 0, 0)]
    pointer = json.loads((settings.published_dir / "current.json").read_text("utf-8"))
    assert pointer["snapshot"] == passed.snapshot + 1
    assert datetime.fromisoformat(pointer["complete_until"]) == passed.complete_until.replace(
        microsecond=passed.complete_until.microsecond // 1000 * 1000
    )
    for published in (settings.home, settings.published_dir / pointer["file"]):
        with pixels.open(published) as wh:
            assert (wh.last_pass_at, wh.as_of) == (NOW - timedelta(hours=1), NOW)


def test_a_value_of_parquet_that_python_cannot_hold_costs_its_row_alone(tmp_path: Path) -> None:
    """Instants after 9999, text that is not UTF-8, unknown zones and days without end are refused; the other rows are stored."""
    not_utf8 = pa.StringArray.from_buffers(2, pa.array([0, 2, 3], pa.int32()).buffers()[1], pa.py_buffer(b"\xff\xfeq"))
    usual = {
        "event_type": ["visit", "visit"],
        "player_id": ["p", "q"],
        "banner_tag": ["b", "b"],
        "created_at": ["2026-11-17T10:00:00Z"] * 2,
    }
    odd: dict[str, dict[str, Any]] = {
        "text": {"player_id": not_utf8},
        "instant": {"created_at": pa.array([2**62, 1_763_373_600_000_000], pa.timestamp("us", "UTC"))},
        "day": {"born": pa.array([2**31 - 1, 0], pa.date32())},
        "zone": {"created_at": pa.array([1_763_373_600_000_000] * 2, pa.timestamp("us", "Nowhere/Land"))},
    }
    found = {}
    for name, columns in odd.items():
        file = tmp_path / f"{name}.parquet"
        pq.write_table(pa.table({**usual, **columns}), file)
        said = bring_in(settings_for(tmp_path / name), file)
        found[name] = (said["stored"], said["reasons"])
    assert found == {
        "text": (1, {"not_utf8": 1}),
        "instant": (1, {"bad_line": 1}),
        "day": (1, {"bad_line": 1}),
        "zone": (0, {"bad_line": 2}),
    }


def test_a_request_full_of_brackets_takes_no_longer_than_another(tmp_path: Path) -> None:
    """Where a log is not in the combined format, a stranger's request in it must not cost the square of its length."""
    file = tmp_path / "access.log"
    line = '192.0.2.7 - - [17/Nov/2026:10:00:00 +0000] "GET /{} HTTP/1.1" 404 1\n'
    brackets, letters = line.format("[" * 60_000), line.format("a" * 60_000)

    def seconds(text: str) -> float:
        file.write_text(text)
        began = time.process_time()
        bring_in(settings_for(tmp_path / "home"), file, format="access-log", check=True)
        return time.process_time() - began

    assert seconds(brackets) < 1 + 10 * seconds(letters)
