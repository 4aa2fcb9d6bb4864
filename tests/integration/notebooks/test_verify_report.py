"""`pixels report verify`: the same question on the same data has the same answer, and what differs is named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pixels.config import Settings, load_settings
from pixels.errors import BadParameter, NoSnapshot
from pixels.reports.run import Form, run_report
from pixels.reports.verify import verify_report
from tests.integration.notebooks.test_run_report import write_notebook
from tests.sample_warehouse import SampleWarehouse, at, visit

DAY = '"2026-11-01", "2026-11-01"'
COUNTED = (
    "import pixels\nfrom pixels.reports.elements import say, table\nwh = pixels.open(snapshot)",
    "# Visits",
    f"say(str(wh.metrics({DAY})['count'].sum()))",
    "# Words",
    "say('nothing that is counted')",
)


@pytest.fixture
def sample(pixels_home: Path) -> SampleWarehouse:
    warehouse = SampleWarehouse(pixels_home, time_zone="Europe/Berlin")
    warehouse.publish(visit("p1", "a", "2026-11-01T10:00"), complete_until=at("2026-11-02T00:00"))
    return warehouse


@pytest.fixture
def settings(sample: SampleWarehouse) -> Settings:
    return load_settings(home=sample.home)


@pytest.fixture
def notebooks(tmp_path: Path) -> Path:
    return write_notebook(tmp_path / "notebooks", "visits", *COUNTED)


def make(settings: Settings, notebooks: Path, out: Path) -> dict[str, Any]:
    """Make the report and return its record."""
    made = run_report("visits", {"banner": "a"}, settings, out, notebooks=notebooks, form=Form(pdf=False))
    record: dict[str, Any] = json.loads(made.record.read_text("utf-8"))
    return record


def change(out: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    """Change report.json by hand."""
    path = out / "report.json"
    record = json.loads(path.read_text("utf-8"))
    edit(record)
    path.write_text(json.dumps(record), "utf-8")


def test_a_report_on_its_kept_snapshot_has_the_same_figures(
    sample: SampleWarehouse, settings: Settings, notebooks: Path, tmp_path: Path
) -> None:
    """In another kernel, although more was published meanwhile; a report of the newer data has another hash."""
    record = make(settings, notebooks, tmp_path / "out")
    sample.publish(visit("p2", "a", "2026-11-01T11:00"), complete_until=at("2026-11-03T00:00"))

    found = verify_report(tmp_path / "out", settings, notebooks=notebooks)
    newer = make(settings, notebooks, tmp_path / "newer")

    assert found.as_text() == "same: the figures of visits on snapshot 1"
    assert [section["section"] for section in record["figures"]["sections"]] == ["Visits", "Words"]
    assert newer["figures"]["sha256"] != record["figures"]["sha256"]
    assert newer["figures"]["sections"][0] != record["figures"]["sections"][0]
    assert newer["figures"]["sections"][1] == record["figures"]["sections"][1]


def test_a_hash_that_was_changed_is_found(settings: Settings, notebooks: Path, tmp_path: Path) -> None:
    """The section is named, and that report.json contradicts itself."""
    make(settings, notebooks, tmp_path / "out")
    change(tmp_path / "out", lambda record: record["figures"]["sections"][0].update(sha256="0" * 64))

    found = verify_report(tmp_path / "out", settings, notebooks=notebooks)

    assert (found.same, found.differing) == (False, ("Visits",))
    assert "report.json was changed" in found.as_text()

    make(settings, notebooks, tmp_path / "out")
    change(tmp_path / "out", lambda record: record["figures"].update(sha256="0" * 64))
    assert not verify_report(tmp_path / "out", settings, notebooks=notebooks).same


def test_another_notebook_and_another_version_are_told_apart_from_other_figures(
    settings: Settings, notebooks: Path, tmp_path: Path
) -> None:
    """They explain a difference, and are none by themselves."""
    make(settings, notebooks, tmp_path / "out")
    change(tmp_path / "out", lambda record: record.update(code_version="0.0.9"))
    write_notebook(notebooks, "visits", *COUNTED, "2 if False else None")

    found = verify_report(tmp_path / "out", settings, notebooks=notebooks)

    assert found.same
    assert "the notebook visits is another one" in found.as_text()
    assert "made with Pixels 0.0.9" in found.as_text()


def test_a_snapshot_that_is_gone_is_told(settings: Settings, notebooks: Path, tmp_path: Path) -> None:
    """With where it was; nothing is run on other data instead."""
    record = make(settings, notebooks, tmp_path / "out")
    shutil.rmtree(record["parameters"]["snapshot"])

    with pytest.raises(NoSnapshot, match=r"the snapshot that visits was made of is gone: .*snapshots"):
        verify_report(tmp_path / "out", settings, notebooks=notebooks)


def test_another_snapshot_in_its_place_is_told(
    sample: SampleWarehouse, settings: Settings, notebooks: Path, tmp_path: Path
) -> None:
    """report.json names the published folder, which has moved on."""
    make(settings, notebooks, tmp_path / "out")
    change(tmp_path / "out", lambda record: record["parameters"].update(snapshot=str(sample.published)))
    sample.publish(visit("p2", "a", "2026-11-01T11:00"), complete_until=at("2026-11-03T00:00"))

    with pytest.raises(NoSnapshot, match="holds snapshot 2 of"):
        verify_report(tmp_path / "out", settings, notebooks=notebooks)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": 1}', '{"name": "visits", "parameters": {"snapshot": "x"}}'])
def test_a_record_that_says_nothing_is_refused(settings: Settings, tmp_path: Path, text: str) -> None:
    """Whatever stands in the file."""
    (tmp_path / "report.json").write_text(text)

    with pytest.raises(BadParameter, match="does not say what it takes to run a report again"):
        verify_report(tmp_path, settings)


def test_a_folder_without_a_report_is_refused(settings: Settings, tmp_path: Path) -> None:
    """The message says what is wanted."""
    with pytest.raises(BadParameter, match="Give the folder of a report"):
        verify_report(tmp_path, settings)
