"""A year of made-up traffic, stored and published as a pass does: journeys of people by 200 banners."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import duckdb
import polars as pl

from aggregator.decode import EVENT_COLUMNS, REJECTED_COLUMNS
from aggregator.writing import writing
from pixels.config import load_settings

FIRST_DAY = date(2025, 11, 1)
DAYS = 365
BANNERS = 200
_DAYS_AT_ONCE = 7

# Everybody visits on some days in a row of weeks, by three banners; one in four registers on one of them, under a visitor key
# until then; two in five of those deposit, on some days after. A number decides all of it.
_MADE = """
WITH people AS (
    SELECT
        n,
        'p' || n AS player_id,
        'v-' || md5('key' || n)::UUID AS visitor_key,
        hash(n, 'first') % $days AS first_day,
        1 + hash(n, 'visits') % 17 AS visits,
        hash(n, 'registers') % 4 = 0 AS registers,
        hash(n, 'registers on') % (1 + hash(n, 'visits') % 17) AS registers_at,
        CASE WHEN hash(n, 'deposits') % 5 < 2 THEN 1 + hash(n, 'how many') % 12 ELSE 0 END AS deposits
    FROM range($people) AS numbers(n)
),
visits AS (
    SELECT
        n, 'visit' AS event_type, i,
        CASE WHEN registers AND i <= registers_at THEN visitor_key ELSE player_id END AS player_id,
        first_day + i * (1 + hash(n, 'every') % 6) AS day
    FROM people, unnest(range(visits::BIGINT)) AS steps(i)
),
registrations AS (
    SELECT n, 'registration' AS event_type, registers_at AS i, player_id, first_day + registers_at * (1 + hash(n, 'every') % 6) AS day
    FROM people WHERE registers
),
deposits AS (
    SELECT p.n, 'deposit' AS event_type, steps.i, p.player_id, r.day + (steps.i + hash(p.n, 'after') % 3) * (1 + hash(p.n, 'pays every') % 9) AS day
    FROM people AS p JOIN registrations AS r USING (n), unnest(range(p.deposits::BIGINT)) AS steps(i)
    WHERE p.registers
),
together AS (FROM visits UNION ALL FROM registrations UNION ALL FROM deposits)
SELECT
    md5(concat_ws(' ', n, event_type, i))::UUID::TEXT AS id,
    player_id,
    event_type,
    'banner' || hash(n, i // 6) % $banners AS banner_tag,
    CASE event_type
        WHEN 'deposit' THEN '{"_key":"bench","amount":"' || (1 + n % 500) || '.00","currency":"EUR","txid":"' || n || '-' || i || '"}'
        ELSE '{"s":"v-' || md5('key' || n)::UUID || '"}'
    END AS metadata,
    '203.0.113.' || n % 256 AS source_ip,
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36' AS user_agent,
    $first::TIMESTAMPTZ + to_days(day::INTEGER) + to_milliseconds((
        CASE event_type WHEN 'visit' THEN 0 WHEN 'registration' THEN 3600000 ELSE 7200000 END
        + hash(n, event_type, i) % 72000000
    )::BIGINT) AS created_at
FROM together
WHERE day >= $from_day AND day < $to_day AND day < $days
ORDER BY created_at
"""


def make_year(home: Path, people: int, days: int = DAYS, banners: int = BANNERS) -> None:
    """Store and publish a year (or so many days) of so many people under `home`, in a year about ten counted events each."""
    beginning = datetime.combine(FIRST_DAY, time(), UTC)
    rejected = pl.DataFrame(schema=REJECTED_COLUMNS)
    with writing(load_settings(home=home, retention_days=36_500), "pass") as session:
        for made in _in_pieces(people, beginning, days, banners):
            session.store(made, rejected, records_read=made.height)
        session.complete_until = beginning + timedelta(days=days + 8)


def _in_pieces(people: int, first: datetime, days: int, banners: int) -> Iterator[pl.DataFrame]:
    """Yield events in the order of weeks."""
    for from_day in range(0, days, _DAYS_AT_ONCE):
        with duckdb.connect() as con:
            con.execute("SET TimeZone = 'UTC'")
            parameters = {
                "people": people,
                "days": days,
                "banners": banners,
                "first": first,
                "from_day": from_day,
                "to_day": from_day + _DAYS_AT_ONCE,
            }
            yield con.execute(_MADE, parameters).pl().cast(EVENT_COLUMNS)  # type: ignore[arg-type]
