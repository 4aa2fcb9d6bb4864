"""docs/settings.md and docs/cli.md say what the code says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from pixels.cli import main
from pixels.config import Settings
from pixels.reports.commands import ReportGroup

DOCS = Path(__file__).parents[3] / "docs"


def table_rows(text: str, header: str) -> list[list[str]]:
    """Return the cells below a table's header line."""
    _, _, after = text.partition(f"{header}\n")
    rows = after.split("\n\n")[0].splitlines()[1:]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


def as_documented(default: object) -> str:
    return f"`{default}`" if str("" if default is None else default) else "empty"


def test_every_setting_is_listed_with_its_default_and_meaning() -> None:
    """The table of settings.md is the settings, no more, no less, in their order."""
    text = (DOCS / "settings.md").read_text("utf-8")
    expected = [
        [f"`PIXELS_{name.upper()}`", as_documented(field.default), field.description]
        for name, field in Settings.model_fields.items()
    ]
    assert table_rows(text, "| variable | default | meaning |") == expected


def sections(text: str) -> dict[str, str]:
    """Return the text under each `## `pixels COMMAND`` heading of cli.md."""
    parts = re.split(r"^## `pixels ([a-z -]+(?: NAME)?)`$", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def commands(group: click.Group, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield each command with its words after `pixels`; of a group those below it, of all reports one as NAME."""
    if isinstance(group, ReportGroup):
        yield f"{prefix}NAME", _any_report(group)
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def _any_report(group: ReportGroup) -> click.Command:
    command = group.get_command(click.Context(group), "campaign_report")
    assert command is not None
    command.help = group.help
    return command


def test_every_command_is_described_with_its_options() -> None:
    """cli.md has a section for each command, with the help text and all options of the command, and no other."""
    documented = sections((DOCS / "cli.md").read_text("utf-8"))
    assert list(documented) == [name for name, _ in commands(main)]
    for name, command in commands(main):
        options = [option for option in command.params if isinstance(option, click.Option)]
        expected = [
            [" / ".join(f"`{word}`" for word in (*option.opts, *option.secondary_opts)), option.help]
            for option in options
        ]
        assert str(command.help).strip() in documented[name]
        assert table_rows(documented[name], "| option | meaning |") == expected, f"pixels {name}"
