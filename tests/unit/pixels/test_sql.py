"""`wh.sql`: free to ask, unable to do anything else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

import pixels
from pixels import Warehouse
from pixels.errors import PixelsError
from tests.sample_warehouse import SampleWarehouse, visit


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A warehouse with two visits; no query can change it, so that all tests share it."""
    home = tmp_path_factory.mktemp("home")
    SampleWarehouse(home).publish(visit("p1", "brandA", "2026-11-01T10:00"), visit("p2", "brandB", "2026-11-02T10:00"))
    with pixels.open(home) as warehouse:
        yield warehouse


def test_every_table_can_be_read(wh: Warehouse) -> None:
    """What the schema promises is there, by its plain name."""
    tables = wh.sql("SHOW TABLES")["name"].to_list()

    assert {"events", "daily_metrics", "event_summary", "players", "counted_events"} <= set(tables)
    for table in tables:
        assert wh.sql(f'SELECT count(*) AS n FROM "{table}"')["n"].dtype == pl.Int64


@pytest.mark.parametrize(
    ("query", "params"),
    [("SELECT count(*) AS n FROM events WHERE banner_tag = ?", ["brandA"]),
     ("SELECT count(*) AS n FROM events WHERE banner_tag = $tag", {"tag": "brandA"}),
     ("WITH a AS (FROM events) SELECT count(*) AS n FROM a WHERE banner_tag = 'brandA'; -- done", None)],
)  # fmt: skip
def test_parameters_are_bound(wh: Warehouse, query: str, params: list[str] | dict[str, str] | None) -> None:
    """By place or by name; a text with a quote in it is just a text."""
    assert wh.sql(query, params)["n"].to_list() == [1]
    assert wh.sql("SELECT $t AS t", {"t": "'; DROP TABLE events; --"})["t"].to_list() == ["'; DROP TABLE events; --"]


def test_sums_are_whole_numbers(wh: Warehouse) -> None:
    """A sum of counts is Int64, not a decimal; one that is too wide keeps its exact value."""
    assert wh.sql("SELECT sum(count) AS n FROM daily_metrics").schema == {"n": pl.Int64}
    wide = wh.sql("SELECT sum(x) AS n FROM (VALUES (9223372036854775807), (1)) AS t (x)")
    assert str(wide["n"][0]) == "9223372036854775808"


def test_a_pivot_with_its_columns_is_a_select(wh: Warehouse) -> None:
    """Shaping a table is reading it."""
    wide = wh.sql("PIVOT event_summary ON banner_tag IN ('brandA', 'brandB') USING sum(count) GROUP BY event_type")

    assert wide.rows() == [("visit", 1, 1)]


@pytest.mark.parametrize(
    "query",
    ["COPY events TO '{folder}/out.csv'", "COPY (SELECT 1) TO '{folder}/out.parquet'", "EXPORT DATABASE '{folder}/out'",
     "ATTACH '{folder}/out.duckdb'", "DETACH snapshot", "USE memory", "CREATE TABLE t (a INT)", "CREATE TEMP TABLE t AS SELECT 1",
     "CREATE TABLE memory.main.t (a INT)", "INSERT INTO events SELECT * FROM events", "DELETE FROM events", "DROP TABLE events",
     "UPDATE daily_metrics SET count = 9", "PRAGMA version", "SET memory_limit = '1GB'", "SET GLOBAL TimeZone = 'Asia/Tokyo'",
     "RESET memory_limit", "INSTALL httpfs", "LOAD httpfs", "CALL pragma_version()", "BEGIN", "CHECKPOINT", "VACUUM", "SELECT 1; SELECT 2",
     "SELECT 1; DROP TABLE events", "PREPARE q AS SELECT 1", "EXPLAIN ANALYZE SELECT 1", "", "  ", "-- nothing", ";",
     "PIVOT daily_metrics ON event_type USING sum(count)"],
)  # fmt: skip
def test_one_select_is_run_and_nothing_else(wh: Warehouse, tmp_path: Path, query: str) -> None:
    """Whatever writes, attaches, sets or loads is refused before it runs, with a message that says so."""
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(PixelsError, match="one SELECT is run, nothing else"):
        wh.sql(query.format(folder=tmp_path))

    assert sorted(tmp_path.rglob("*")) == before
    assert wh.sql("SELECT count(*) AS n FROM events")["n"].to_list() == [2]


@pytest.mark.parametrize(
    "query",
    ["SELECT * FROM read_csv('{file}')", "FROM '{file}'", "SELECT * FROM read_text('{file}')", "SELECT * FROM read_blob('{file}')",
     "SELECT * FROM glob('{folder}/*')", "SELECT * FROM sniff_csv('{file}')", "SELECT * FROM read_json_auto('{file}')",
     "SELECT * FROM parquet_scan('{file}')", "SELECT * FROM read_duckdb('{file}')", "SELECT * FROM duckdb_secrets()",
     "WITH a AS (SELECT content FROM read_text('{file}')) SELECT * FROM a"],
)  # fmt: skip
def test_no_other_file_is_read(wh: Warehouse, tmp_path: Path, query: str) -> None:
    """Not a file, not a folder's listing, not this machine's secrets."""
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")

    with pytest.raises(PixelsError, match="reads the warehouse and no other file") as raised:
        wh.sql(query.format(file=secret, folder=tmp_path))

    assert "1,2" not in str(raised.value)


@pytest.mark.parametrize(
    "query",
    ["FROM query('SELECT 1')", "SELECT * FROM Query_Table(['events'])", "FROM enable_logging('QueryLog', storage_path := '{folder}/log')",
     "SELECT * FROM events WHERE EXISTS (FROM enable_profiling(save_location := '{folder}/p.json'))", "SELECT write_log('x')",
     'WITH a AS (FROM "enable_logging"()) FROM a', "FROM checkpoint('snapshot')",
     "FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))"],
)  # fmt: skip
def test_functions_that_do_more_than_read_are_refused(wh: Warehouse, tmp_path: Path, query: str) -> None:
    """A SELECT can call functions that change the engine or run other SQL; those are named and refused."""
    with pytest.raises(PixelsError, match=r"\(\) is not available: a query only reads"):
        wh.sql(query.format(folder=tmp_path))


def test_a_python_variable_is_no_table(wh: Warehouse) -> None:
    """A name in a query never means a frame of the program around it."""
    frame = pl.DataFrame({"a": [1]})

    with pytest.raises(PixelsError, match="frame does not exist"):
        wh.sql("SELECT * FROM frame")

    assert frame.height == 1


@pytest.mark.parametrize(
    ("query", "params", "message"),
    [("SELEC 1", None, "syntax error"), ("SELECT nothing FROM events", None, "nothing"), ("SELECT ?", None, "parameter"),
     ("SELECT $a", {"b": 1}, "."), ("SELECT ?", [object()], "."), ("SELECT 1/0 FROM nowhere", None, "nowhere"), ("SELECT 'x'::INT", None, "x")],
)  # fmt: skip
def test_a_mistake_in_a_query_is_a_message(
    wh: Warehouse, query: str, params: list[object] | dict[str, object] | None, message: str
) -> None:
    """Every failure is a PixelsError, and the warehouse answers the next question."""
    with pytest.raises(PixelsError, match=message):
        wh.sql(query, params)

    assert wh.sql("SELECT 1 AS one").rows() == [(1,)]


def test_a_query_larger_than_memory_spills_and_cleans_up(tmp_path: Path) -> None:
    """Sorting more than the memory limit works, in a folder that is gone afterwards."""
    SampleWarehouse(tmp_path / "home").publish()
    program = (
        "import pixels, sys, os;"
        "wh = pixels.open(sys.argv[1]);"
        "q = 'SELECT count(*) AS n FROM (SELECT r, row_number() OVER (ORDER BY h) AS p FROM"
        " (SELECT range AS r, md5(range::TEXT) AS h FROM range(600000))) WHERE p % 2 = 0';"
        "print(wh.sql(q)['n'][0]); wh.close()"
    )
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "home")],
        capture_output=True, text=True, check=True,
        env={"PIXELS_MEMORY_LIMIT": "40MB", "TMPDIR": str(temporary), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip

    assert done.stdout.strip() == "300000"
    assert list(temporary.iterdir()) == []


def test_a_query_that_cannot_spill_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When memory is not enough, the message names the setting."""
    SampleWarehouse(tmp_path).publish()
    monkeypatch.setenv("PIXELS_MEMORY_LIMIT", "20MB")

    with (
        pixels.open(tmp_path) as small,
        pytest.raises(PixelsError, match="more memory than PIXELS_MEMORY_LIMIT allows"),
    ):
        small.sql("SELECT list(md5(range::TEXT)) AS all FROM range(3000000)")
