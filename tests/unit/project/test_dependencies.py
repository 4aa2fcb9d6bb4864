"""The dependencies are written in one place, pyproject.toml; the lock files and conda's file follow it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[3]
LOCKS = ("requirements.lock", "requirements-dev.lock")


def pyproject() -> dict[str, Any]:
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))


def lock_text(name: str) -> str:
    return (REPOSITORY / name).read_text("utf-8")


def locked(name: str) -> dict[str, Requirement]:
    """Return what a lock file pins on this machine, by canonical name."""
    statements = lock_text(name).replace("\\\n", " ").splitlines()
    pins = [Requirement(statement.partition(" --hash=")[0].strip()) for statement in statements if statement.strip()]
    return {canonicalize_name(pin.name): pin for pin in pins if pin.marker is None or pin.marker.evaluate()}


def test_condas_file_and_pyproject_name_the_same_python_and_the_same_extra() -> None:
    """environment.yml takes Python from conda within pyproject's bounds, and everything else from pyproject."""
    project = pyproject()["project"]
    entries = re.findall(r"^\s*- (.+)$", (REPOSITORY / "environment.yml").read_text("utf-8"), re.MULTILINE)
    assert entries == ["conda-forge", f"python{project['requires-python']}", "pip", "pip:", "-e .[all]"]
    assert project["optional-dependencies"]["all"] == [f"{project['name']}[dev]"]


@pytest.mark.parametrize(("lock", "extras"), [(LOCKS[0], ()), (LOCKS[1], ("dev",))])
def test_a_lock_pins_every_dependency_within_its_bounds(lock: str, extras: tuple[str, ...]) -> None:
    """Each dependency of pyproject.toml is pinned, to a version that pyproject.toml allows."""
    project, pins = pyproject()["project"], locked(lock)
    wanted = [*project["dependencies"], *(d for extra in extras for d in project["optional-dependencies"][extra])]
    for dependency in map(Requirement, wanted):
        (pin,) = pins[canonicalize_name(dependency.name)].specifier
        assert pin.operator == "=="
        assert dependency.specifier.contains(pin.version), f"{lock}: {dependency} is pinned to {pin.version}"


def test_the_lock_for_tests_differs_from_the_lock_for_use_only_by_additions() -> None:
    """Tests run on exactly the versions that users get."""
    for_use, for_tests = locked(LOCKS[0]), locked(LOCKS[1])
    assert {name: str(for_tests.get(name)) for name in for_use} == {name: str(pin) for name, pin in for_use.items()}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_a_hash_for_every_pin_and_no_address(lock: str) -> None:
    """pip checks what it installs, from whatever index the machine is set up for."""
    statements = [s for s in lock_text(lock).replace("\\\n", " ").splitlines() if s.strip()]
    assert len(statements) > 100
    assert [s for s in statements if not re.search(r"^\S+==\S+ .*--hash=sha256:[0-9a-f]{64}", s)] == []
    assert not re.search(r"://|--index-url|--find-links|\s@\s", lock_text(lock))


def test_the_lock_for_use_can_build_the_project() -> None:
    """`make setup` builds without isolation, so the build backend is in the lock."""
    for requirement in map(Requirement, pyproject()["build-system"]["requires"]):
        (pin,) = locked(LOCKS[0])[canonicalize_name(requirement.name)].specifier
        assert requirement.specifier.contains(pin.version)
