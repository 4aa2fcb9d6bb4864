"""`pixels banners import` and `ls`: what is said of banners is stored as a whole, published at once, and carried along."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import structlog
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

import pixels
from aggregator.banners import import_banners
from aggregator.lock import writer_lock
from aggregator.rebuild import check, rebuild
from aggregator.run import run_pass
from pixels.cli import main
from pixels.config import Settings, load_settings
from tests.interruptions import killed_at
from tests.local_log import append
from tests.oracle import differences, tables
from tests.sample_records import event
from tests.stored_tables import read_tables

PIXELS = Path(sys.executable).with_name("pixels")
APPENDED = 1_795_000_000_000
Row = tuple[str, str | None, str | None, str | None, Decimal | None]
ACME: Row = ("b", "Acme", "autumn", "left", Decimal("12.5"))


@pytest.fixture(autouse=True)
def log_lines_go_where_they_went() -> Iterator[None]:
    """The command says where log lines go; the next test wants them elsewhere."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def home(pixels_home: Path) -> Path:
    """A warehouse in which one event counts, of the banner b."""
    append(pixels_home, [event(0)], at_ms=APPENDED)
    run_pass(load_settings())
    return pixels_home


def banners(*words: object) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, ["banners", *map(str, words)])


def imported(home: Path, *lines: str, options: tuple[str, ...] = ()) -> dict[str, Any]:
    """Import a file of these lines; return the line that is printed."""
    file = home.parent / "banners.csv"
    file.write_text("".join(f"{line}\n" for line in lines))
    done = banners("import", file, *options)
    assert done.exit_code == 0, done.stderr
    (line,) = done.stdout.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def published(home: Path) -> list[Row]:
    """What readers are told."""
    with pixels.open(home) as wh:
        return wh.known_banners().rows()


HEADER = "banner_tag,affiliate,campaign,name,cost"
LINE = "b,Acme,autumn,left,12.5"


def test_it_is_published_at_once_and_stays(home: Path) -> None:
    """A snapshot with a number of its own; the counts are what they were, and the next pass changes nothing."""
    done = imported(home, HEADER, LINE)

    counts = {"check": False, "read": 1, "added": 1, "changed": 0, "removed": 0, "unchanged": 0}
    assert done == {**counts, "snapshot": 2, "published": True}
    assert published(home) == [ACME]
    assert not run_pass(load_settings()).published
    with pixels.open(home) as wh:
        assert wh.snapshot == 2
        kinds = wh.sql("SELECT run_id, kind, figures_changed FROM aggregation_runs ORDER BY run_id").rows()
        assert kinds == [(1, "pass", True), (2, "banners", True)]
        file = home / "published" / wh.status().file
    assert differences(tables([event(0)], "UTC"), read_tables(file)) == {}


def test_the_manual_shows_what_is_read_and_printed(home: Path) -> None:
    """Its example is imported, and its JSON line has the fields of ours."""
    manual = (Path(__file__).parents[3] / "docs" / "banners.md").read_text("utf-8")
    example, printed = (
        re.findall(rf"^```{language}\n(.*?)^```$", manual, re.DOTALL | re.MULTILINE)[0] for language in ("csv", "json")
    )
    done = imported(home, *example.splitlines())
    assert (done["read"], done["added"]) == (3, 3)
    assert list(done) == list(json.loads(printed))


def test_a_file_imported_again_changes_nothing(home: Path) -> None:
    """No snapshot is written, whatever zeros stand behind the point."""
    imported(home, HEADER, LINE)
    again = imported(home, HEADER, "b,Acme,autumn,left,12.5000")
    assert (again["unchanged"], again["snapshot"], again["published"]) == (1, 2, False)
    assert imported(home, HEADER)["published"] is False


def test_a_line_replaces_what_was_said_and_other_banners_stay(home: Path) -> None:
    """In all columns; with --replace the others go."""
    imported(home, HEADER, LINE, "c,Beta,,,")
    done = imported(home, "banner_tag,name", "b,right", "d,new")
    assert (done["added"], done["changed"], done["removed"], done["unchanged"]) == (1, 1, 0, 0)
    assert published(home) == [
        ("b", None, None, "right", None),
        ("c", "Beta", None, None, None),
        ("d", None, None, "new", None),
    ]
    done = imported(home, HEADER, "c,Beta,,,", options=("--replace",))
    assert (done["added"], done["changed"], done["removed"], done["unchanged"]) == (0, 0, 2, 1)
    assert published(home) == [("c", "Beta", None, None, None)]
    imported(home, HEADER, options=("--replace",))
    assert published(home) == []


def test_a_check_stores_nothing(pixels_home: Path) -> None:
    """It says what would be done: before there is a warehouse, and with one."""
    first = imported(pixels_home, HEADER, LINE, options=("--check",))
    assert (first["check"], first["added"], first["snapshot"], first["published"]) == (True, 1, None, False)
    assert not (pixels_home / "warehouse.duckdb").exists()
    imported(pixels_home, HEADER, LINE, "c,,,,")
    would = imported(pixels_home, HEADER, "b,Beta,,,", "d,,,,", options=("--check", "--replace"))
    assert (would["added"], would["changed"], would["removed"], would["unchanged"]) == (1, 1, 1, 0)
    assert [tag for tag, *_ in published(pixels_home)] == ["b", "c"]
    assert imported(pixels_home, HEADER, LINE, "c,,,,")["unchanged"] == 2


def test_one_bad_line_keeps_the_whole_file_out(home: Path) -> None:
    """Exit code 65, the line and its value on stderr, nothing on stdout, nothing stored."""
    file = home / "banners.csv"
    file.write_text(f"{HEADER}\n{LINE}\nc,Beta,,,12 EUR\n")
    done = banners("import", file)
    assert (done.exit_code, done.stdout) == (65, "")
    assert "line 3: cost '12 EUR' is no amount" in done.stderr
    assert published(home) == []
    with pixels.open(home) as wh:
        assert wh.snapshot == 1


def test_tags_that_no_counted_event_has_are_named(home: Path) -> None:
    """How many, and the first five of them; a typing error is likely. They are stored all the same."""
    file = home / "banners.csv"
    file.write_text("banner_tag\n" + "b\n" + "".join(f"x{n}\n" for n in range(7)))
    for options in (["--check"], []):
        done = banners("import", file, *options)
        assert "7 of 8 banners have no counted event: 'x0', 'x1', 'x2', 'x3', 'x4' and 2 more." in done.stderr
    assert len(published(home)) == 8
    file.write_text("banner_tag\nb\n")
    assert banners("import", file).stderr == ""


def test_standard_input_is_read(home: Path) -> None:
    """A hyphen in the file's place."""
    done = subprocess.run(
        [PIXELS, "banners", "import", "-"], input=f"{HEADER}\n{LINE}\n", capture_output=True, text=True
    )
    assert json.loads(done.stdout)["added"] == 1, done.stderr
    bad = subprocess.run([PIXELS, "banners", "import", "-"], input="tag\n", capture_output=True, text=True)
    assert bad.returncode == 65
    assert bad.stderr.startswith("pixels: standard input has unknown columns: 'tag'")


@pytest.mark.parametrize("step", ["before_commit", "after_commit", "in_copy", "before_pointer"])
def test_killed_at_any_step_all_of_it_is_there_or_nothing(home: Path, step: str) -> None:
    """What was committed the next pass publishes; imported again it is there in any case."""
    (home / "banners.csv").write_text(f"{HEADER}\n{LINE}\nc,,,,\n")
    assert killed_at({"PIXELS_HOME": str(home)}, step, kind="banners") == -9
    assert published(home) == []
    assert run_pass(load_settings()).published == (step != "before_commit")
    assert len(published(home)) == (0 if step == "before_commit" else 2)
    import_banners(load_settings(), str(home / "banners.csv"))
    assert [tag for tag, *_ in published(home)] == ["b", "c"]


def test_a_full_disk_ends_it_with_an_explanation(home: Path) -> None:
    """When no file can grow, exit code 74, and what readers have stays; with room it is done."""
    file = home.parent / "many.csv"
    file.write_text("banner_tag,name\n" + "".join(f"t{n},{n * 7919:x}{n * 104729:x}\n" for n in range(60_000)))
    limit = (home / "warehouse.duckdb").stat().st_size

    def no_file_grows() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    ended = subprocess.run(
        [PIXELS, "banners", "import", file], capture_output=True, text=True, preexec_fn=no_file_grows
    )

    assert (ended.returncode, ended.stdout) == (74, ""), ended.stderr
    assert "Make room" in ended.stderr
    assert published(home) == []
    import_banners(load_settings(), str(file))
    assert len(published(home)) == 60_000


def test_beside_another_writer_it_ends_at_once_or_waits(home: Path) -> None:
    """Exit code 75; with --wait it begins when the other is done, and of two at once both are stored."""
    file = home / "banners.csv"
    file.write_text(f"{HEADER}\n{LINE}\n")
    with writer_lock(home):
        assert banners("import", file).exit_code == banners("import", "--check", file).exit_code == 75
    at_once = []
    for tag in "cd":
        one = home.parent / f"{tag}.csv"
        one.write_text(f"banner_tag\n{tag}\n")
        at_once.append(subprocess.Popen([PIXELS, "banners", "import", "--wait", one], stdout=subprocess.DEVNULL))
    assert [process.wait(timeout=60) for process in at_once] == [0, 0]
    assert [tag for tag, *_ in published(home)] == ["c", "d"]


def test_a_rebuild_carries_it_over_and_a_comparison_says_equal(home: Path) -> None:
    """It follows from no record, so there is nothing to compare it with."""
    imported(home, HEADER, LINE)
    assert check(load_settings()).check.equal
    with duckdb.connect(str(home / "warehouse.duckdb")) as con:
        con.execute("UPDATE daily_metrics SET count = 7")
    assert not check(load_settings()).check.equal
    assert rebuild(load_settings()).published
    assert published(home) == [ACME]
    assert rebuild(load_settings(timezone="Europe/Berlin"), ["timezone"]).rebuilt.run_id
    assert published(home) == [ACME]


def as_before_there_were_banners(home: Path) -> Path:
    """Make the warehouse and its snapshot those of the version before; return the snapshot's file."""
    pointer = home / "published" / "current.json"
    content = json.loads(pointer.read_text())
    files = [home / "warehouse.duckdb", pointer.with_name(content["file"])]
    for file in files:
        with duckdb.connect(str(file)) as con:
            con.execute("DROP TABLE banners; DELETE FROM schema_migrations WHERE name = '0004_banners'")
    pointer.write_text(json.dumps({**content, "schema_version": 3}))
    return files[1]


@pytest.mark.parametrize("writer", ["pass", "import"])
def test_an_older_warehouse_is_migrated_and_published(home: Path, writer: str) -> None:
    """Its snapshot is read until then, in which nothing is known of any banner; of the counts nothing is computed anew."""
    old = as_before_there_were_banners(home)
    for path in (home, old):
        with pixels.open(path) as wh:
            assert wh.known_banners().rows() == []
            assert wh.metrics("2026-11-17", "2026-11-17")["count"].to_list() == [1]
    assert "Nothing is known" in banners("ls").stdout

    if writer == "pass":
        assert run_pass(load_settings()).published
    else:
        assert imported(home, HEADER, LINE)["published"]

    assert published(home) == ([] if writer == "pass" else [ACME])
    with pixels.open(home) as wh:
        assert wh.sql("FROM banners").columns == HEADER.split(",")
        assert "rebuild" not in wh.sql("SELECT kind FROM aggregation_runs")["kind"].to_list()


def test_the_list_is_shown_and_its_csv_is_imported_again_to_the_letter(home: Path) -> None:
    """What looks like a formula has an apostrophe in the CSV, which the import takes off; escapes stand as codes in the table."""
    assert "Nothing is known" in banners("ls").stdout
    rows = ["=1+1,'+x,''=y,'z,1", '-,@a,"say ""hi"", you",a\u200db,99999999999999.9999', "\u202eb,,,,"]
    imported(home, HEADER, *rows)
    before = published(home)
    assert [row[0] for row in before] == ["-", "=1+1", "\u202eb"]

    written = banners("ls", "--format", "csv").stdout
    file = home.parent / "again.csv"
    file.write_text(written)
    imported(home, HEADER, options=("--replace",))
    done = banners("import", "--replace", file)

    assert json.loads(done.stdout)["added"] == 3
    assert published(home) == before
    assert "\n'=1+1," in written
    assert "\\u202eb" in banners("ls").stdout
    listed = json.loads(banners("ls", "--format", "json").stdout)
    assert [row["cost"] for row in listed] == ["99999999999999.9999", "1.0000", None]


names = st.none() | st.sampled_from(["Acme", "=Beta", "Öl"])
file_of_banners = st.dictionaries(
    st.sampled_from(["a", "b", "=c", "d e", "Ä"]),
    st.tuples(names, names, names, st.none() | st.decimals(0, 1000, places=4)),
    max_size=4,
)


def as_file(said: dict[str, tuple[object, ...]]) -> str:
    return "".join(f"{line}\n" for line in [HEADER, *(",".join(map(_cell, (tag, *row))) for tag, row in said.items())])


def _cell(value: object) -> str:
    return "" if value is None else f"'{value}" if str(value).startswith("=") else str(value)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(file_of_banners, st.booleans()), min_size=2, max_size=3))
def test_any_imports_in_sequence_are_a_merge_of_dictionaries(
    files: list[tuple[dict[str, tuple[object, ...]], bool]],
) -> None:
    """The later file wins, tag by tag; with replace it is all that stays. A snapshot is made if and only if that differs."""
    expected: dict[str, tuple[object, ...]] = {}
    with tempfile.TemporaryDirectory() as folder:
        own = Settings(_env_file=None, home=Path(folder))
        run_pass(own)
        for said, replace in files:
            file = Path(folder) / "banners.csv"
            file.write_text(as_file(said))
            merged = said if replace else {**expected, **said}
            result, _ = import_banners(own, str(file), replace=replace)
            assert result.read == result.added + result.changed + result.unchanged == len(said)
            assert result.removed == len(expected.keys() - merged.keys())
            assert result.published == (merged != expected)
            expected = merged
        with pixels.open(folder) as wh:
            assert {tag: tuple(row) for tag, *row in wh.known_banners().iter_rows()} == expected
