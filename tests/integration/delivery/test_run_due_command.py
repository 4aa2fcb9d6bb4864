"""`pixels report run-due` as cron calls it: a real report, a real webhook."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from pixels.cli import main
from pixels.reports.ledger import Ledger
from tests.integration.delivery.conftest import Hook
from tests.integration.notebooks.homes import five_weeks

SCHEDULE = """
[[schedule]]
name = "weekly"
report = "weekly_report"
cron = "0 * * * *"
to = ["http://127.0.0.1:{port}/T0KEN"]
retries = 0
"""


@pytest.fixture
def home(pixels_home: Path, hook: Hook) -> Path:
    """A schedule of every hour that was looked at two hours ago."""
    five_weeks(pixels_home)
    (pixels_home / "reports.toml").write_text(SCHEDULE.replace("{port}", str(hook.port)))
    two_hours_ago = datetime.now(UTC) - timedelta(hours=2)
    Ledger(pixels_home / "reports" / "schedules.json").put("weekly", since=two_hours_ago.isoformat())
    return pixels_home


def test_what_is_due_runs_once_and_arrives(home: Path, hook: Hook) -> None:
    """The page is on the shelf; the second call has nothing to do, and prints nothing that cron would mail."""
    first = CliRunner().invoke(main, ["report", "run-due"])
    second = CliRunner().invoke(main, ["report", "run-due"])

    assert (first.exit_code, second.exit_code, second.output) == (0, 0, "")
    assert "sent to http://127.0.0.1/..." in first.stdout
    assert "1 missed before it" in first.stdout
    assert "T0KEN" not in first.output
    assert [received["title"] for received in hook.received] == ["Weekly report: 9 to 15 Nov 2026, all banners"]
    (page,) = (home / "reports" / "weekly").glob("*/weekly_report.html")
    assert f"weekly/{page.parent.name}/weekly_report.html" in (home / "reports" / "index.html").read_text("utf-8")


def test_the_lists_say_how_it_went(home: Path) -> None:
    """As a table and as JSON."""
    table = CliRunner().invoke(main, ["report", "schedule", "ls"])
    rows = json.loads(CliRunner().invoke(main, ["report", "schedule", "next", "3", "--json"]).stdout)

    assert table.stdout.splitlines()[0].split() == [
        "name",
        "report",
        "cron",
        "time_zone",
        "last_due",
        "last_status",
        "next",
    ]
    assert "weekly_report" in table.stdout
    assert [row["name"] for row in rows] == ["weekly"] * 3
    assert rows[0]["at"] < rows[1]["at"] < rows[2]["at"]


def test_who_does_not_get_it_is_an_error_until_they_do(home: Path, hook: Hook) -> None:
    """The report is not run again for that."""
    hook.answer = 500
    failed = CliRunner().invoke(main, ["report", "run-due"])
    assert failed.exit_code == 69
    assert "not sent to" in failed.stderr
    hook.answer = 200
    assert CliRunner().invoke(main, ["report", "run-due"]).exit_code == 0
    assert len(list((home / "reports" / "weekly").iterdir())) == 1


def test_a_failing_report_is_its_own_exit_code(home: Path, hook: Hook) -> None:
    """Without a snapshot nothing can run."""
    (home / "published" / "current.json").unlink()

    outcome = CliRunner().invoke(main, ["report", "run-due"])

    assert outcome.exit_code == 70
    assert "weekly: due" in outcome.stderr
    assert "failed: " in outcome.stderr


def test_a_wrong_file_is_a_wrong_configuration(home: Path) -> None:
    """Nothing runs."""
    (home / "reports.toml").write_text("[[schedule]]\nname = 1\n")

    outcome = CliRunner().invoke(main, ["report", "run-due"])

    assert outcome.exit_code == 78
    assert "schedule number 1: name: is no text" in outcome.stderr


def test_without_a_schedule_the_list_says_how_to_write_one(pixels_home: Path) -> None:
    """And run-due has nothing to do."""
    assert "docs/reports.md" in CliRunner().invoke(main, ["report", "schedule", "ls"]).stdout
    assert CliRunner().invoke(main, ["report", "run-due"]).exit_code == 0
