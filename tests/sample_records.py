"""Records as the collector appends them, one like the other but for their number."""

from __future__ import annotations

from typing import Any


def event(number: int, **fields: Any) -> dict[str, Any]:
    """Return a visit of player `p<number>`; `fields` take the place of its own."""
    return {
        "id": f"e{number}",
        "event_type": "visit",
        "player_id": f"p{number}",
        "banner_tag": "b",
        "created_at": "2026-11-17T10:00:00.000Z",
        **fields,
    }
