"""The two contracts of the log, as data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_SCHEMA = Path(__file__).parents[3] / "schema"

EVENT_SCHEMA: dict[str, Any] = json.loads((_SCHEMA / "event.schema.json").read_text("utf-8"))
REFUSAL_SCHEMA: dict[str, Any] = json.loads((_SCHEMA / "refusal.schema.json").read_text("utf-8"))
REASONS: set[str] = set(REFUSAL_SCHEMA["$defs"]["reason"]["enum"])
