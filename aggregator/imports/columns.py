"""The columns of an event, as CSV and Parquet name them: in snake case or in camel case. All others are metadata."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from aggregator.imports.opening import UnusableFile

_NEEDED = ("event_type", "player_id", "banner_tag", "created_at")
_SNAKE = {
    "eventType": "event_type",
    "playerId": "player_id",
    "bannerTag": "banner_tag",
    "createdAt": "created_at",
    "eventId": "event_id",
    "sourceIp": "source_ip",
    "userAgent": "user_agent",
}


def check_columns(name: str, columns: Iterable[str]) -> None:
    """Raise UnusableFile when a column that every event needs is missing, or one is there twice."""
    there = Counter(_SNAKE.get(column, column) for column in columns if column)
    if missing := [column for column in _NEEDED if column not in there]:
        raise UnusableFile(
            f"{name} has no column {', '.join(missing)}. Name them in its first line, in this spelling or in that of a "
            "pixel (eventType), and import it again."
        )
    if twice := [column for column, times in there.items() if times > 1]:
        raise UnusableFile(
            f"{name} has the column {', '.join(twice)} twice. Leave one of them out, and import it again."
        )
