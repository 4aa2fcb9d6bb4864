"""docs/pixel.md says what the collector does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

from collector.answers import STATUS_OF_REASON
from collector.batch import MAX_ITEMS
from collector.contract import Reason, read_contract
from collector.http_protocol import PixelProtocol
from collector.malformed import MAX_HEAD_BYTES
from collector.parameters import MAX_QUERY_BYTES
from pixels.config import Settings
from tests.integration.collector.running import RunningCollector

MANUAL = (Path(__file__).parents[3] / "docs" / "pixel.md").read_text("utf-8")


def test_the_manual_lists_every_reason_with_its_status() -> None:
    """And none that the collector does not give."""
    listed = dict(re.findall(r"^\| `(\w+)` \| (\d{3}) \|", MANUAL, re.MULTILINE))

    assert listed == {reason: STATUS_OF_REASON.get(reason, "400 ")[:3] for reason in get_args(Reason)}


def test_the_manual_names_the_limits_in_force() -> None:
    """They come from the schema and may change there."""
    contract = read_contract()

    table = MANUAL.partition("## Limits")[2].partition("## Answers")[0]
    assert [int(n.replace(",", "")) for n in re.findall(r"[\d,]{2,}", table)] == [
        MAX_QUERY_BYTES,
        contract.name_length,
        contract.id_length,
        contract.metadata_keys,
        contract.key_length,
        contract.value_length,
        Settings.model_fields["max_body_bytes"].default,
        MAX_ITEMS,
        contract.message_bytes,
        MAX_HEAD_BYTES // 1024,
        PixelProtocol.RECEIVE_SECONDS,
    ]


def test_the_example_in_python_works_as_printed(collector: RunningCollector) -> None:
    """Somebody will copy it."""
    (program,) = re.findall(r"```python\n(.*?)```", MANUAL, re.DOTALL)

    subprocess.run([sys.executable, "-c", program.replace("https://pixels.example.com", collector.url)], check=True)

    (event,) = collector.events()
    assert (event["event_type"], event["player_id"], event["banner_tag"]) == ("deposit", "123", "brandA")
    assert event["metadata"] == {"amount": "25.00", "currency": "EUR"}
