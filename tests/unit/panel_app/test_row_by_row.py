"""The banner's page says how a log is compared row by row, whatever the banner is called."""

from __future__ import annotations

import html
import re
import subprocess
from datetime import date

import pytest

from panel_app.blocks.accounting import row_by_row
from pixels.period import Period

PERIOD = Period(date(2026, 11, 1), date(2026, 11, 21))


@pytest.mark.parametrize(
    "tag", ["brandA", "a b", "-x", "$(touch x)", "`x`", "it's", '<b>&"', "a\nb", "a\u202eb", "a\\'\n$(x)", "ü"]
)
def test_what_is_copied_into_a_shell_is_the_banner_and_nothing_else(tag: str) -> None:
    """No tag is a command, ends the quotes, or hides what it is."""
    block = row_by_row("registration", tag, PERIOD)
    commands = [html.unescape(found) for found in re.findall(r"<pre[^>]*>(.*?)</pre>", block, re.DOTALL)]
    assert all(command.isprintable() for command in commands)
    words = [
        subprocess.run(
            ["/bin/bash", "-c", f"printf '%s\\0' {command}"], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"}
        )
        .stdout.decode()
        .split("\0")[:-1]
        for command in commands
    ]
    assert words == [
        [
            *("pixels", "reconcile", "FILE", "registration", "--from", "2026-11-01", "--to", "2026-11-21"),
            f"--banner={tag}",
        ],
        [
            "pixels",
            "report",
            "reconciliation",
            "-p",
            "file=FILE",
            "-p",
            "event_type=registration",
            "-p",
            f"banner={tag}",
        ],
    ]
