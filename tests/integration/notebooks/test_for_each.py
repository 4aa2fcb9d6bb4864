"""`pixels report NAME --for-each banner`: one report each, on one snapshot, whatever becomes of the others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pixels.cli import main
from pixels.config import Settings, load_settings
from pixels.errors import BadParameter
from pixels.reports.for_each import folder_name, run_for_each
from pixels.reports.run import Form, run_report
from pixels.reports.verify import verify_report
from tests.integration.notebooks.homes import BANNERS, HOSTILE, five_weeks
from tests.integration.notebooks.test_run_report import write_notebook

DAYS = 'from_: Day = ""  # first\nto_: Day = ""  # last\nsnapshot: str = ""  # the data\nbanner: str = ""  # a tag\nlimit: int = 1  # any'
IMPORTS = "from pixels.period import Day"
COUNT = (
    "import pixels\nfrom pixels.reports.elements import say\nwh = pixels.open(snapshot)",
    "assert 'left_behind' not in globals()\nleft_behind = banner",
    "say(f'{banner}: {wh.banners(from_, to_).filter(banner_tag=banner)[\"visits\"].sum()} visits')",
)
WEEK = {"days": "2026-11-15..2026-11-21"}
NO_PDF = Form(pdf=False)


@pytest.fixture
def settings(pixels_home: Path) -> Settings:
    five_weeks(pixels_home)
    return load_settings(home=pixels_home)


def record(out: Path) -> Any:
    return json.loads((out / "for_each.json").read_text("utf-8"))


def test_every_banner_with_events_has_its_report(settings: Settings, tmp_path: Path) -> None:
    """The same as when it is asked for alone; nothing that one leaves behind in a kernel reaches the next."""
    folder = write_notebook(tmp_path / "notebooks", "count", *COUNT, parameters=DAYS, imports=IMPORTS)
    out = tmp_path / "out"

    made = run_for_each("count", WEEK, "banner", settings, out, notebooks=folder, form=NO_PDF, jobs=1)
    alone = run_report(
        "count", {**WEEK, "banner": HOSTILE}, settings, tmp_path / "alone", notebooks=folder, form=NO_PDF
    )

    assert [(one.value, one.status) for one in made.reports] == [(banner, "ok") for banner in sorted(BANNERS)]
    assert sorted(path.name for path in out.iterdir()) == sorted([*map(folder_name, BANNERS), "for_each.json"])
    kept = json.loads((out / folder_name(HOSTILE) / "report.json").read_text("utf-8"))
    single = json.loads(alone.record.read_text("utf-8"))
    assert kept["parameters"] == single["parameters"]
    assert kept["figures"] == single["figures"]
    assert verify_report(out / folder_name(HOSTILE), settings, notebooks=folder).same
    assert (made.exit_code, record(out)["snapshot"], len(record(out)["reports"])) == (0, 1, 3)


def test_one_that_fails_does_not_stop_the_others(settings: Settings, tmp_path: Path) -> None:
    """It keeps its traceback, and the exit code is that of a failed report."""
    raising = "if banner == 'brandA':\n    raise ValueError('no such affiliate')"
    folder = write_notebook(tmp_path / "notebooks", "count", raising, *COUNT, parameters=DAYS, imports=IMPORTS)

    made = run_for_each("count", WEEK, "banner", settings, tmp_path / "out", notebooks=folder, form=NO_PDF, jobs=2)

    (failed,) = made.failed
    assert (failed.value, made.exit_code, len(made.reports)) == ("brandA", 70, 3)
    assert "ValueError: no such affiliate" in str(failed.error)
    assert (tmp_path / "out" / failed.folder / "count.ipynb").exists()
    statuses = [one["status"] for one in record(tmp_path / "out")["reports"]]
    assert sorted(statuses) == ["failed", "ok", "ok"]


def test_a_kernel_that_dies_takes_one_report_with_it(settings: Settings, tmp_path: Path) -> None:
    """The next one gets a new kernel."""
    dying = "import os\nif banner == 'brandA':\n    os.kill(os.getpid(), 9)"
    folder = write_notebook(tmp_path / "notebooks", "count", dying, *COUNT, parameters=DAYS, imports=IMPORTS)

    made = run_for_each("count", WEEK, "banner", settings, tmp_path / "out", notebooks=folder, form=NO_PDF, jobs=1)

    assert [one.value for one in made.failed] == ["brandA"]
    assert "the kernel" in str(made.failed[0].error)


@pytest.mark.parametrize(
    ("parameters", "dimension", "message"),
    [
        ({}, "baner", "for-each: count has no parameter 'baner'"),
        ({}, "limit", "for-each: numbers are not split by limit: .*there are banner_tag, affiliate"),
        ({"banner": "brandA"}, "banner", "for-each: banner is given with -p too"),
        ({"days": "nonsense"}, "banner", "days: 'nonsense' is not a day"),
    ],
)
def test_what_cannot_be_split_is_refused_before_anything_runs(
    settings: Settings, tmp_path: Path, parameters: dict[str, str], dimension: str, message: str
) -> None:
    """The message says what there is."""
    folder = write_notebook(tmp_path / "notebooks", "count", *COUNT, parameters=DAYS, imports=IMPORTS)

    with pytest.raises(BadParameter, match=message):
        run_for_each("count", parameters, dimension, settings, tmp_path / "out", notebooks=folder)

    assert not (tmp_path / "out").exists()


def test_days_without_events_make_no_report_and_say_so(settings: Settings, tmp_path: Path) -> None:
    """It is no failure: a week may be quiet."""
    out = tmp_path / "out"

    command = ["report", "campaign_report", "-p", "days=2020-01", "--for-each", "banner", "--out", str(out)]
    done = CliRunner().invoke(main, command)

    assert (done.exit_code, done.stdout) == (0, f"0 of 0 reports made in {out}\n")
    assert done.stderr == "pixels: there is no banner with events in these days.\n"
    assert record(out)["reports"] == []


def test_the_command_makes_pages_and_pdfs(settings: Settings, tmp_path: Path) -> None:
    """Each folder is that of a report made alone."""
    out = tmp_path / "out"
    command = ["report", "campaign_report", "-p", "days=2026-11-21", "--for-each", "banner", "--jobs", "2"]

    done = CliRunner().invoke(main, [*command, "--out", str(out)])

    assert (done.exit_code, done.stdout, done.stderr) == (0, f"3 of 3 reports made in {out}\n", "")
    for banner in BANNERS:
        files = sorted(path.name for path in (out / folder_name(banner)).iterdir())
        assert files == ["campaign_report.html", "campaign_report.ipynb", "campaign_report.pdf", "report.json"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--jobs", "2"], "--jobs goes with --for-each"),
        (["--for-each", "banner", "--progress"], "--progress tells of one report"),
    ],
)
def test_options_that_do_not_go_together_are_refused(settings: Settings, given: list[str], said: str) -> None:
    """One report is one job, and tells of its cells."""
    done = CliRunner().invoke(main, ["report", "campaign_report", *given])

    assert done.exit_code == 2
    assert said in done.stderr
