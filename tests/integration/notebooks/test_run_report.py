"""Running a report: the kernel it gets, the files it leaves, and what is refused before anything runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from pixels.cli import main
from pixels.config import Settings, load_settings
from pixels.errors import BadParameter
from pixels.reports import ReportFailed, run_report
from pixels.reports.run import Form
from tests.sample_warehouse import SampleWarehouse, at, visit
from tests.unit.reports.html_page import HtmlPage

PARAMETERS = 'banner: str = "none"  # a tag\nsnapshot: str = ""  # the data'


def write_notebook(folder: Path, name: str, *cells: str, parameters: str = PARAMETERS, imports: str = "") -> Path:
    """Write a report with these cells after its parameters cell, and the imports before; return the folder.

    A cell that begins with # and a space is a heading of a section.
    """
    notebook = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "language": "python", "display_name": "Python"}}
    )
    notebook.cells = [
        *([nbformat.v4.new_code_cell(imports)] if imports else []),
        nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}),
        *map(_cell, cells),
    ]
    folder.mkdir(exist_ok=True)
    nbformat.write(notebook, folder / f"{name}.ipynb")
    return folder


def _cell(source: str) -> object:
    is_heading = source.startswith("# ")
    return nbformat.v4.new_markdown_cell(f"#{source}") if is_heading else nbformat.v4.new_code_cell(source)


@pytest.fixture
def settings(pixels_home: Path) -> Settings:
    """A home with one visit."""
    sample = SampleWarehouse(pixels_home, time_zone="Europe/Berlin")
    sample.publish(visit("p1", "a", "2026-11-01T10:00"), complete_until=at("2026-11-02T00:00"))
    return load_settings(home=pixels_home, memory_limit="123MB")


def test_a_report_runs_in_this_python_with_these_settings(
    settings: Settings, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever kernels, start-up files, modules of the current folder and parameters like code there are."""
    Path("polars.py").write_text("raise SystemExit('a module of the current folder was imported')")
    folder = write_notebook(
        tmp_path / "reports",
        "small",
        "import os, sys, polars, pixels\nwh = pixels.open(snapshot)",
        "print(sys.executable, os.environ['PIXELS_MEMORY_LIMIT'], wh.snapshot, wh.complete_until, banner)",
        "print('for the notebook', file=sys.stderr)",
    )
    tag = 'x"; raise SystemExit(1) # {out} \\'

    result = run_report(
        "small", {"banner": tag}, settings, tmp_path / "out {home}", notebooks=folder, form=Form(pdf=False)
    )

    text = HtmlPage(result.html.read_text("utf-8")).text
    assert f"{sys.executable} 123MB 1 2026-11-02 00:00:00+00:00 {tag}" in text
    assert "print(" not in text
    assert "for the notebook" not in text
    assert "for the notebook" in result.notebook.read_text("utf-8")
    assert capfd.readouterr() == ("", "")
    record = json.loads(result.record.read_text("utf-8"))
    assert record["parameters"] == {"banner": tag, "snapshot": record["parameters"]["snapshot"]}
    assert Path(record["parameters"]["snapshot"]).parent == settings.reports_dir / "snapshots"
    assert {
        "name": "small",
        "snapshot": 1,
        "as_of": "2026-11-02T00:00:00.000Z",
        "complete_until": "2026-11-02T00:00:00.000Z",
        "time_zone": "Europe/Berlin",
        "is_demo": False,
        "status": "ok",
        "error": None,
    }.items() <= record.items()
    assert sorted(path.name for path in result.html.parent.iterdir()) == ["report.json", "small.html", "small.ipynb"]


def test_relative_days_are_those_of_the_warehouse_at_one_instant(settings: Settings, tmp_path: Path) -> None:
    """At 23:30 UTC it is tomorrow in Berlin; report.json has what was asked and what it came to."""
    cell = 'from_: Day = ""  # first\nto_: Day = ""  # last\nsnapshot: str = ""  # the data'
    folder = write_notebook(tmp_path / "reports", "small", parameters=cell, imports="from pixels.period import Day")

    result = run_report(
        "small",
        {"days": "this_week"},
        settings,
        tmp_path / "out",
        notebooks=folder,
        as_of=datetime(2026, 11, 22, 23, 30, tzinfo=UTC),
        form=Form(pdf=False),
    )

    record = json.loads(result.record.read_text("utf-8"))
    assert record["asked"] == {"parameters": {"days": "this_week"}, "as_of": "2026-11-22T23:30:00.000Z"}
    assert (record["parameters"]["from"], record["parameters"]["to"]) == ("2026-11-23", "2026-11-29")


def test_an_instant_without_a_time_zone_is_refused(settings: Settings, tmp_path: Path) -> None:
    """It would be another day elsewhere."""
    with pytest.raises(BadParameter, match=r"as_of: .* has no time zone"):
        run_report("campaign_report", {}, settings, tmp_path / "out", as_of=datetime(2026, 11, 22))  # noqa: DTZ001


def test_a_failing_report_keeps_its_traceback_and_leaves_no_page(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older page goes: it would be taken for this run's. A name too long for Unix sockets is no obstacle."""
    long = tmp_path / "a-very-long-name-for-a-temporary-folder" / "that-no-unix-socket-can-have-in-its-own-name"
    long.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    folder = write_notebook(tmp_path / "reports", "broken", "1 / 0", "print('never')")
    out = tmp_path / "out"
    out.mkdir()
    (out / "broken.html").write_text("an older page")

    with pytest.raises(ReportFailed, match="broken failed in cell 3: ZeroDivisionError: division by zero") as failed:
        run_report("broken", {"banner": "\x1b[31m"}, settings, out, notebooks=folder)

    assert failed.value.exit_code == 70
    assert sorted(path.name for path in out.iterdir()) == ["broken.ipynb", "report.json"]
    errors = [
        output.ename
        for cell in nbformat.read(out / "broken.ipynb", as_version=4).cells
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    ]
    assert errors == ["ZeroDivisionError"]
    record = json.loads((out / "report.json").read_text("utf-8"))
    assert (record["status"], record["error"]) == ("failed", "cell 3: ZeroDivisionError: division by zero")
    assert list(long.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nosuch"], 64, "name: there is no report 'nosuch'; there is: affiliate_report, anomaly_investigation"),
        (["../notebooks/campaign_report"], 64, "there is: affiliate_report, anomaly_investigation"),
        (["quickstart"], 64, "there is: affiliate_report, anomaly_investigation"),
        (["campaign_report", "-p", "fro=2026-11-01"], 64, "  from (Day): first day, as 2026-11-01"),
        (["campaign_report", "-p", "from=2026-11-31"], 64, "from: '2026-11-31' is not a day of the calendar"),
        (["campaign_report", "-p", "from=2026-11-02", "-p", "to=2026-11-01"], 64, "to: 2026-11-01 is before from"),
        (["campaign_report", "-p", "snapshot=nosuch"], 66, "nosuch does not exist"),
        (["campaign_report", "--out", "file/folder"], 64, "out: file/folder cannot be used as a folder"),
    ],
)
def test_what_cannot_run_is_refused_before_it_runs(
    settings: Settings, arguments: list[str], code: int, message: str
) -> None:
    """The message says what there is, and nothing is written."""
    Path("file").touch()

    outcome = CliRunner().invoke(main, ["report", *arguments])

    assert outcome.exit_code == code
    assert message in outcome.stderr
    assert [path.name for path in Path().iterdir()] == ["file"]
    assert list(settings.reports_dir.glob("*.*")) == []


def test_without_data_the_report_says_what_to_do(pixels_home: Path) -> None:
    """Nothing has been published yet: no kernel is started for that."""
    outcome = CliRunner().invoke(main, ["report", "campaign_report"])

    assert (outcome.exit_code, outcome.stdout) == (66, "")
    assert "nothing has been published" in outcome.stderr


def test_a_report_goes_on_when_whoever_followed_it_is_gone(settings: Settings, tmp_path: Path) -> None:
    """The dashboard was killed: its pipe breaks, and the report that it asked for is made all the same."""
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-P",
        "-m",
        "pixels",
        "report",
        "weekly_report",
        "--no-pdf",
        "--progress",
        "--out",
        str(out),
    ]
    with subprocess.Popen(
        command,
        env={**os.environ, "PIXELS_HOME": str(settings.home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert any(line.startswith("cell ") for line in process.stderr)  # which reads until it finds one
        process.stderr.close()
        code = process.wait(timeout=120)

    assert code == 0
    assert json.loads((out / "report.json").read_text("utf-8"))["status"] == "ok"
    assert (out / "weekly_report.html").exists()
