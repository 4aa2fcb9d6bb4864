"""`pixels alerts check` as cron runs it, with a webhook that takes what it tells."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.integration.delivery.conftest import Hook
from tests.integration.notebooks.homes import five_weeks


def check(home: Path) -> subprocess.CompletedProcess[str]:
    """Run it."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "pixels", "alerts", "check"],
        env={**os.environ, "PIXELS_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_old_data_arrives_once(pixels_home: Path, hook: Hook) -> None:
    """The data of the tests is old; who is away is told of with 69 and gets it later; without rules it says where they are described."""
    five_weeks(pixels_home)
    assert check(pixels_home).stdout.startswith("There is no rule")
    (pixels_home / "alerts.toml").write_text(
        f'[[alert]]\nname = "old"\non = "lag"\nto = ["http://127.0.0.1:{hook.port}/"]\n'
    )
    hook.answer = 500

    away = check(pixels_home)
    hook.answer = 200
    received = len(hook.received)
    told, quiet = check(pixels_home), check(pixels_home)

    assert away.returncode == 69
    assert (told.returncode, quiet.returncode) == (0, 0)
    assert "Data is through" in told.stdout
    assert len(hook.received) == received + 1
    assert "ALERT old: Data is through" in str(hook.received[-1])
