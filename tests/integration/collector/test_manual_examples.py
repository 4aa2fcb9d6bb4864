"""The examples of docs/pixel.md do what stands beside them: somebody will copy them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.collector.running import RunningCollector

MANUAL = (Path(__file__).parents[3] / "docs" / "pixel.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$(?:\n```json\n(.*?)^```$)?", re.DOTALL | re.MULTILINE)
DIFFERS_EACH_TIME = {"id", "source_ip", "user_agent", "created_at"}


def examples(language: str) -> list[tuple[str, str]]:
    """Return each program in this language, and the JSON that is printed right below it."""
    return [(program, answer) for found, program, answer in BLOCK.findall(MANUAL) if found == language]


def run(program: list[str], collector: RunningCollector) -> str:
    """Run an example against the collector; return what it prints."""
    program[-1] = program[-1].replace("https://pixels.example.com", collector.url)
    return subprocess.run(program, check=True, capture_output=True, text=True, timeout=60).stdout


def comparable(value: Any) -> Any:
    """Return JSON with a mark in place of what differs each time."""
    if isinstance(value, dict):
        return {key: ... if key in DIFFERS_EACH_TIME else comparable(each) for key, each in value.items()}
    return [comparable(each) for each in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def printed(collector: RunningCollector) -> dict[str, str]:
    """Run every example for a shell, in their order; return what each prints."""
    return {program: run(["bash", "-euo", "pipefail", "-c", program], collector) for program, _ in examples("sh")}


@pytest.mark.parametrize(("program", "answer"), examples("sh"))
def test_each_example_for_a_shell_answers_as_the_manual_says(
    printed: dict[str, str], program: str, answer: str
) -> None:
    """With the JSON below it; otherwise with nothing, a batch of which nothing is refused, or a digest that the manual names."""
    said = printed[program]

    if answer:
        assert comparable(json.loads(said)) == comparable(json.loads(answer))
    elif said.startswith("{"):
        assert json.loads(said)["refused"] == 0
    elif said:
        assert said.split()[-1] in MANUAL


def test_what_the_examples_for_a_shell_send_is_stored_or_refused(
    printed: dict[str, str], collector: RunningCollector
) -> None:
    """Every one of them; an amount as it is written, also as a number of JSON."""
    stored = {
        (event["event_type"], event["player_id"], event["metadata"].get("amount")) for event in collector.events()
    }

    assert printed
    assert stored == {
        ("visit", "p-7", None),
        ("deposit", "123", "25.00"),
        ("deposit", "123", "40.00"),
        ("registration", "123", None),
        ("visit", "p-1", None),
        ("visit", "p-2", None),
        ("visit", "p-3", None),
    }
    assert [refusal["reason"] for refusal in collector.refusals()] == ["placeholder_value"] * 2


def test_the_example_in_python_sends_one_event_however_often_it_is_run(collector: RunningCollector) -> None:
    """It names the event."""
    ((program, _),) = examples("python")
    known = len(collector.events())
    for _ in range(2):
        run([sys.executable, "-c", program], collector)

    first, second = collector.events()[known:]
    assert first["id"] == second["id"]
