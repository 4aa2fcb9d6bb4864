"""Schemathesis asks the running API what its description allows, and what it does not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from metrics_api.endpoints import ENDPOINTS
from tests.integration.metrics_api.test_serve import running_api
from tests.unit.metrics_api.questions import publish

SECRET = "analyst-0123456789"
KEYS = json.dumps({"ann": {"secret": SECRET, "scope": "analyst"}})


def test_it_finds_nothing(tmp_path: Path) -> None:
    """Every check but one: that `from` is not after `to` no schema can say, so a valid request can be refused."""
    publish(tmp_path / "home")
    with running_api(tmp_path / "home", PIXELS_API_KEYS=KEYS) as (_, port):
        command = [
            sys.executable, "-m", "schemathesis.cli", "run", f"http://127.0.0.1:{port}/api/openapi.json",
            "--header", f"Authorization: Bearer {SECRET}", "--checks", "all", "--exclude-checks", "positive_data_acceptance",
            "--phases", "examples,coverage,fuzzing", "--max-examples", "2", "--seed", "1", "--generation-deterministic", "--no-color",
        ]  # fmt: skip
        found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=240)

    assert found.returncode == 0, found.stdout[-20_000:] + found.stderr
    assert f"Tested: {len(ENDPOINTS) + 2}" in found.stdout, found.stdout[-5_000:]
