"""`pixels report`: a command for each notebook, described by the notebook itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from pixels.cli import main
from pixels.reports.notebooks import RESERVED, report_notebooks


@pytest.fixture(autouse=True)
def _home(pixels_home: Path) -> None:
    """No setting of this machine."""


def test_the_reports_are_listed_with_their_titles() -> None:
    """Who has never seen them finds out what there is."""
    listed = CliRunner().invoke(main, ["report", "--help"]).stdout

    assert re.search(r"campaign_report +Campaign report", listed)
    assert "quickstart" not in listed


@pytest.mark.parametrize("name", report_notebooks())
def test_the_help_of_a_report_is_that_of_its_parameters_cell(name: str) -> None:
    """Name, type, default and comment, without a kernel."""
    shown = CliRunner().invoke(main, ["report", name, "--help"])

    assert shown.exit_code == 0
    assert "snapshot (str)" in shown.stdout
    assert "-p NAME=VALUE" in shown.stdout


def test_the_help_says_type_help_and_default() -> None:
    """As they stand in the cell."""
    shown = " ".join(CliRunner().invoke(main, ["report", "campaign_report", "--help"]).stdout.split())

    assert "banner (str) only this banner; by default all" in shown


def test_no_report_takes_the_name_of_a_command(tmp_path: Path) -> None:
    """A notebook called verify would hide the command, or be hidden by it."""
    for name in (*RESERVED, "mine"):
        (tmp_path / f"{name}.ipynb").write_text(
            '{"cells": [{"cell_type": "code", "source": [], "metadata": {"tags": ["parameters"]}}]}'
        )

    assert list(report_notebooks(tmp_path)) == ["mine"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["campaign_reprt"], 64, "no report 'campaign_reprt' (did you mean 'campaign_report'?)"),
        (["campaign_report", "-p", "from"], 2, "'from': write key=value"),
        (["campaign_report", "-p", "from=1", "-p", "from=2"], 2, "'from' is given twice"),
        (["campaign_report", "--snapshot", "a", "-p", "snapshot=b"], 2, "say the same: give one of them"),
        (["campaign_report", "-p", "baner=a"], 64, "no such parameter (did you mean 'banner'?)"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_can(arguments: list[str], code: int, message: str) -> None:
    """Before a snapshot is looked for: there is none here."""
    outcome = CliRunner().invoke(main, ["report", *arguments])

    assert (outcome.exit_code, outcome.stdout) == (code, "")
    assert message in outcome.stderr
