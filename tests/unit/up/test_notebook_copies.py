"""Copies of the shipped notebooks follow the shipped ones until somebody changes them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixels.notebook_copies import copy_notebooks


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    folder = tmp_path / "shipped"
    folder.mkdir()
    (folder / "quickstart.ipynb").write_text("one", "utf-8")
    (folder / "quickstart.py").write_text("the twin", "utf-8")
    return folder


def test_notebooks_are_copied_and_nothing_else(shipped: Path, tmp_path: Path) -> None:
    """The text twins are for developers."""
    assert copy_notebooks(shipped, tmp_path / "work") == []

    assert (tmp_path / "work" / "quickstart.ipynb").read_text("utf-8") == "one"
    assert not (tmp_path / "work" / "quickstart.py").exists()


def test_an_unchanged_copy_follows_a_newer_version(shipped: Path, tmp_path: Path) -> None:
    """An upgrade of Pixels brings its notebooks."""
    copy_notebooks(shipped, tmp_path / "work")
    (shipped / "quickstart.ipynb").write_text("two", "utf-8")

    assert copy_notebooks(shipped, tmp_path / "work") == []
    assert (tmp_path / "work" / "quickstart.ipynb").read_text("utf-8") == "two"


def test_a_changed_copy_is_left_alone_and_named_once_for_each_newer_version(shipped: Path, tmp_path: Path) -> None:
    """It is the analyst's work; without a newer version there is nothing to say."""
    copy = tmp_path / "work" / "quickstart.ipynb"
    copy_notebooks(shipped, copy.parent)
    copy.write_text("mine", "utf-8")
    said = [copy_notebooks(shipped, copy.parent)]
    for version in ("two", "three"):
        (shipped / "quickstart.ipynb").write_text(version, "utf-8")
        said += [copy_notebooks(shipped, copy.parent) for _ in range(2)]

    assert said == [[], ["quickstart.ipynb"], [], ["quickstart.ipynb"], []]
    assert copy.read_text("utf-8") == "mine"


def test_a_notebook_that_was_there_before_is_left_alone(shipped: Path, tmp_path: Path) -> None:
    """Nobody knows whose it is."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "quickstart.ipynb").write_text("mine", "utf-8")

    assert copy_notebooks(shipped, tmp_path / "work") == ["quickstart.ipynb"]
    assert (tmp_path / "work" / "quickstart.ipynb").read_text("utf-8") == "mine"


def test_a_deleted_copy_is_made_again(shipped: Path, tmp_path: Path) -> None:
    """So one gets a fresh one."""
    copy_notebooks(shipped, tmp_path / "work")
    (tmp_path / "work" / "quickstart.ipynb").unlink()

    copy_notebooks(shipped, tmp_path / "work")

    assert (tmp_path / "work" / "quickstart.ipynb").read_text("utf-8") == "one"


@given(steps=st.lists(st.sampled_from(["ship A", "ship B", "write A", "write mine", "delete", "copy"]), max_size=12))
def test_what_somebody_wrote_is_never_overwritten(tmp_path_factory: pytest.TempPathFactory, steps: list[str]) -> None:
    """Whatever the order of shipping, editing, deleting and copying."""
    shipped, work = tmp_path_factory.mktemp("shipped"), tmp_path_factory.mktemp("work")
    source, copy = shipped / "n.ipynb", work / "n.ipynb"
    source.write_text("A", "utf-8")
    for step in steps:
        action, _, text = step.partition(" ")
        if action == "ship":
            source.write_text(text, "utf-8")
        elif action == "write":
            copy.write_text(text, "utf-8")
        elif action == "delete":
            copy.unlink(missing_ok=True)
        else:
            before = copy.read_text("utf-8") if copy.exists() else None
            copy_notebooks(shipped, work)
            after = copy.read_text("utf-8")
            assert after == ("mine" if before == "mine" else after)
            assert before is not None or after == source.read_text("utf-8")
