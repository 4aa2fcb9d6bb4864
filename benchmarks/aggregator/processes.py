"""Each thing that is measured runs in a process of its own, which prints what it took as its last line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any


def told_by(command: list[str], environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Run a command; return the JSON of its last line."""
    whole_environment = {**os.environ, **(environment or {})}
    done = subprocess.run(command, env=whole_environment, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def told_by_module(name: str, *arguments: str, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Run a module of this package with this Python."""
    return told_by([sys.executable, "-m", f"{__package__}.{name}", *arguments], environment)
