"""Who may import whom: the write side and the read side meet only in the schema and in the published snapshot."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
PACKAGES = ("collector", "aggregator", "pixels", "metrics_api", "panel_app")
LIGHT = {"pixels.config", "pixels.errors", "pixels.kafka", "pixels.resources", "pixels.__version__"}
# What counts, and why a record does not, are told by the same rules; they are functions over frames, too heavy for the collector.
# What an export puts before a formula an import takes off.
ALLOWED = {"collector": LIGHT, "aggregator": LIGHT | {"pixels.rules", "pixels.formulas"}}
COMMANDS = {"pixels/cli.py", "pixels/up.py", "pixels/lab.py"}  # these, and pixels/demo, start the other packages


def modules_of(package: str) -> list[Path]:
    found = sorted((REPOSITORY / package).rglob("*.py"))
    assert found, f"{package} has no modules"
    return found


def imports(tree: ast.AST, path: Path, inside_function: bool = False) -> Iterator[tuple[str, str, bool]]:
    """Yield each import as (module, imported name or '', whether it is inside a function)."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, "", inside_function
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(REPOSITORY).parent.parts
            within = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*within, *([node.module] if node.module else [])])
            for alias in node.names:
                yield module, alias.name, inside_function
        else:
            yield from imports(node, path, inside_function or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def our_imports(package: str) -> Iterator[tuple[str, str, bool]]:
    """Yield (file, module of ours, whether inside a function) for every import of another package of ours."""
    for path in modules_of(package):
        for module, name, inside in imports(ast.parse(path.read_text("utf-8")), path):
            top = module.partition(".")[0]
            if top in PACKAGES and top != package:
                whole = f"{module}.{name}" if module == "pixels" and name else module
                yield path.relative_to(REPOSITORY).as_posix(), whole, inside


@pytest.mark.parametrize("package", ["collector", "aggregator"])
def test_the_write_side_imports_only_the_light_modules(package: str) -> None:
    """Collector and aggregator know settings, errors and where the schema is; nothing of the read side, nor each other.

    Of what counts there is one reading, which the aggregator shares with the read side, and so of what looks like a formula.
    """
    assert [(file, module) for file, module, _ in our_imports(package) if module not in ALLOWED[package]] == []


@pytest.mark.parametrize("package", ["metrics_api", "panel_app"])
def test_the_doors_to_the_numbers_import_only_pixels(package: str) -> None:
    """API and dashboard read through `pixels`; they know neither each other nor the write side."""
    assert [(file, m) for file, m, _ in our_imports(package) if m.partition(".")[0] != "pixels"] == []


def test_pixels_imports_the_others_only_inside_its_commands() -> None:
    """The package an analyst imports knows nothing of the others, save lazily where a command starts them."""
    wrong = [
        (file, module)
        for file, module, inside in our_imports("pixels")
        if not (inside and (file in COMMANDS or file.startswith("pixels/demo")))
    ]
    assert wrong == []


def test_nobody_imports_schema() -> None:
    """`schema` is data; the name belongs to another distribution, so nothing of ours imports it."""
    found = [
        str(path)
        for package in PACKAGES
        for path in modules_of(package)
        for module, _, _ in imports(ast.parse(path.read_text("utf-8")), path)
        if module.partition(".")[0] == "schema"
    ]
    assert found == []


@pytest.mark.parametrize("module", ["pixels", "pixels.config", "pixels.cli", "collector.app", "collector.serve"])
def test_the_write_path_loads_neither_polars_nor_duckdb(module: str, tmp_path: Path) -> None:
    """Settings, the command line and the collector stay light: what only readers need is not loaded."""
    heavy = "{'polars', 'duckdb', 'pandas', 'pyarrow', 'numpy', 'panel', 'bokeh', 'holoviews'}"
    program = f"import sys, {module}; print(*sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True, cwd=tmp_path
    )
    assert done.stdout.split() == []
