"""Set-up says what is missing, and what to install."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that has nothing but the Makefile and what its rules look at."""
    for name in ("Makefile", "requirements.lock", "requirements-dev.lock", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, tmp_path)
    return tmp_path


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_a_python_that_is_too_old_is_named_and_nothing_is_made(folder: Path) -> None:
    """An older Python is refused before a .venv is made with it."""
    old = folder / "python3.10"
    old.write_text("#!/bin/sh\nexit 1\n")  # what it answers to the question whether it is new enough
    old.chmod(0o755)
    refused = make(folder, "setup", f"PY={old}")
    assert refused.returncode != 0
    assert f"Pixels needs Python 3.11 or newer; {old} is not." in refused.stderr
    assert not (folder / ".venv").exists()


def test_without_any_python_the_package_is_named(folder: Path) -> None:
    """Where no Python is new enough, the message names Debian's packages."""
    refused = make(folder, "setup", "PY=")
    assert refused.returncode != 0
    assert "apt install python3 python3-venv" in refused.stderr


def test_a_finished_set_up_is_done_again_only_for_a_newer_lock(folder: Path) -> None:
    """With its stamps in place `make setup` has nothing to do; a lock that changed since then is installed."""
    (folder / ".venv").mkdir()
    for stamp in (".made", ".installed"):
        (folder / ".venv" / stamp).touch()
    assert make(folder, "--question", "setup").returncode == 0
    later = (folder / ".venv" / ".installed").stat().st_mtime + 1
    os.utime(folder / "requirements.lock", (later, later))
    assert make(folder, "--question", "setup").returncode == 1


def test_what_tests_need_is_named_by_debians_packages(tmp_path: Path) -> None:
    """Where programs are missing and apt is not there either, the installer fails and names every package."""
    installer = REPOSITORY / "tests" / "tools" / "install"
    refused = subprocess.run(
        [sys.executable, installer],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert refused.returncode == 1
    for package in ("chromium", "chromium-driver", "kcat", "maven", "default-jre-headless"):
        assert package in refused.stderr.split()
