"""Made-up traffic: 200 banners, mostly visits, in the order of time but for a few stragglers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import duckdb
import msgspec
import polars as pl

from aggregator.decode import EVENT_COLUMNS

LATE_SHARE = 0.03
LATE_HOURS = 24

_MADE = """
WITH drawn AS (
    SELECT
        n,
        md5('event ' || n) AS noise,
        CASE WHEN n < $players THEN n ELSE hash(n, 'player') % $players END AS player,
        hash(n, 'type') % 100 AS type_drawn,
        hash(n, 'late') % 10000 < $late_share * 10000 AS is_late
    FROM range($start, $start + $count) AS numbers(n)
)
SELECT
    noise::UUID::TEXT AS id,
    'p' || player AS player_id,
    CASE WHEN type_drawn < 90 THEN 'visit' WHEN type_drawn < 97 THEN 'registration' ELSE 'deposit' END AS event_type,
    'banner' || hash(n, 'banner') % 200 AS banner_tag,
    CASE WHEN type_drawn >= 97
        THEN '{"amount":"' || (1 + n % 500) || '.00","b":"click' || n || '","currency":"EUR","s":"v-' || player || '","txid":"' || noise || '"}'
        ELSE '{"b":"click' || n || '","s":"v-' || md5('v' || player) || '"}'
    END AS metadata,
    '203.0.113.' || player % 256 AS source_ip,
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/' || 120 + player % 20
        || '.0.0.0 Safari/537.36' AS user_agent,
    $first + to_milliseconds(((n - $start) * $milliseconds / $count)::BIGINT)
        - CASE WHEN is_late THEN to_milliseconds((hash(n, 'by') % ($late_hours * 3600000))::BIGINT)
               ELSE INTERVAL 0 SECOND END AS created_at
FROM drawn
ORDER BY n
"""


def events(count: int, *, start: int, players: int, first: datetime, during: timedelta) -> pl.DataFrame:
    """Make `count` events (EVENT_COLUMNS), spread evenly over `during` from `first` on; some arrive late.

    They are numbered from `start` on, and the number decides what an event is: those below `players` have one player each,
    the others any of so many.
    """
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        made = con.execute(
            _MADE,
            {
                "start": start,
                "count": count,
                "players": players,
                "first": first,
                "milliseconds": during // timedelta(milliseconds=1),
                "late_share": LATE_SHARE,
                "late_hours": LATE_HOURS,
            },
        ).pl()
    return made.cast(EVENT_COLUMNS)  # type: ignore[arg-type]


def messages(frame: pl.DataFrame) -> Iterator[tuple[str, bytes]]:
    """Write events as the collector does: the key of each and its JSON."""
    encode = msgspec.json.Encoder().encode
    texts = frame.with_columns(created_at=pl.col("created_at").dt.strftime("%Y-%m-%dT%H:%M:%S.%3fZ"))
    fields = ("id", "event_type", "player_id", "banner_tag", "metadata", "source_ip", "user_agent", "created_at")
    for row in texts.select(fields).iter_rows(named=True):
        yield row["player_id"], encode({**row, "metadata": msgspec.Raw(row["metadata"].encode())})
