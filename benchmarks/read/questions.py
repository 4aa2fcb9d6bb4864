"""What is asked of a year, and the plainest SQL that gives the same rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from pixels import Warehouse

YEAR = ("2025-11-01", "2026-10-31")
MONTH = ("2026-09-01", "2026-09-30")

_PEOPLE = """
WITH links AS (
    FROM visitor_links WHERE visitor_key NOT IN (SELECT player_id FROM players WHERE registration_at IS NOT NULL)
),
people AS (
    SELECT coalesce(l.player_id, c.player_id) AS person, c.event_type, c.event_date, c.created_at
    FROM counted_events AS c LEFT JOIN links AS l ON l.visitor_key = c.player_id
)
"""
FUNNEL = f"""{_PEOPLE},
steps AS (FROM people WHERE event_date BETWEEN $start::DATE AND $end::DATE + 8),
visits AS (FROM steps WHERE event_type = 'visit' AND event_date BETWEEN $start AND $end),
registrations AS (FROM steps WHERE event_type = 'registration'),
deposits AS (FROM steps WHERE event_type = 'deposit'),
registered AS (
    SELECT v.person, v.created_at AS entered_at, r.created_at AS registered_at
    FROM visits AS v ASOF JOIN registrations AS r ON v.person = r.person AND r.created_at >= v.created_at
    WHERE r.created_at <= v.created_at + INTERVAL 7 DAY
),
deposited AS (
    SELECT r.person
    FROM registered AS r ASOF JOIN deposits AS d ON r.person = d.person AND d.created_at >= r.registered_at
    WHERE d.created_at <= r.entered_at + INTERVAL 7 DAY
)
SELECT unnest([
    (SELECT count(DISTINCT person) FROM visits),
    (SELECT count(DISTINCT person) FROM registered),
    (SELECT count(DISTINCT person) FROM deposited)
])
"""


@dataclass(frozen=True)
class Question:
    """One call of the library, and what answers it without the library."""

    name: str
    ask: Callable[[Warehouse], pl.DataFrame]
    """Returns the columns that the SQL gives too; what else the call counts it counts all the same."""
    sql: str
    parameters: tuple[str, ...]
    """Values of $start and $end, or of $person."""

    def bound(self) -> dict[str, str]:
        """Return the parameters by name."""
        return dict(zip(("start", "end") if len(self.parameters) > 1 else ("person",), self.parameters, strict=True))


def questions(person: str) -> list[Question]:
    """Return all of them; `person` is one of those who registered."""
    return [
        Question(
            "metrics, year",
            lambda wh: wh.metrics(*YEAR),
            "SELECT event_date, event_type, count FROM daily_metrics WHERE event_date BETWEEN $start AND $end ORDER BY ALL",
            YEAR,
        ),
        Question(
            "summary, year",
            lambda wh: wh.summary(*YEAR),
            "SELECT event_date, event_type, banner_tag, count FROM event_summary "
            "WHERE event_date BETWEEN $start AND $end ORDER BY ALL",
            YEAR,
        ),
        Question(
            "accounting, year",
            lambda wh: wh.accounting(*YEAR),
            "FROM daily_accounting WHERE event_date BETWEEN $start AND $end ORDER BY ALL",
            YEAR,
        ),
        Question("kpis, year", _key_figures(YEAR), _KPIS, YEAR),
        Question("kpis, month", _key_figures(MONTH), _KPIS, MONTH),
        Question("funnel, month", lambda wh: wh.funnel(*MONTH).select("players"), FUNNEL, MONTH),
        Question("funnel, year", lambda wh: wh.funnel(*YEAR).select("players"), FUNNEL, YEAR),
        Question("cohorts by month, year", _cohorts, _COHORTS, YEAR),
        Question("segments", lambda wh: wh.segments().select("segment", "people").sort("segment"), _SEGMENTS, YEAR),
        Question("player", lambda wh: wh.player(person).select("created_at", "id"), _PLAYER, (person,)),
    ]


def _key_figures(days: tuple[str, str]) -> Callable[[Warehouse], pl.DataFrame]:
    return lambda wh: wh.kpis(*days).select("daily_unique_visitors", "unique_visitors", "registrations", "ftd")


_KPIS = """
SELECT
    (SELECT sum(count)::BIGINT FROM daily_metrics WHERE event_type = 'visit' AND event_date BETWEEN $start AND $end),
    (SELECT count(DISTINCT player_id) FROM counted_events WHERE event_type = 'visit' AND event_date BETWEEN $start AND $end),
    (SELECT count(*) FROM players WHERE registration_at::DATE BETWEEN $start AND $end),
    (SELECT count(*) FROM players WHERE deposit_at::DATE BETWEEN $start AND $end AND registration_at <= deposit_at)
"""


def _cohorts(wh: Warehouse) -> pl.DataFrame:
    cells = wh.cohorts(*YEAR, by="month", periods=600).filter(pl.col("active_depositors") > 0)
    return cells.select("cohort", "offset", "players", "active_depositors")


_COHORTS = """
WITH cohorts AS (
    SELECT player_id, date_trunc('month', registration_at)::DATE AS cohort,
        CASE WHEN deposit_at >= registration_at THEN player_id END AS depositor
    FROM players WHERE registration_at::DATE BETWEEN $start AND $end
)
SELECT cohort, date_diff('month', cohort, d.event_date) AS after, any_value(s.players), count(DISTINCT c.player_id)
FROM cohorts AS c
JOIN (SELECT cohort, count(*) AS players FROM cohorts GROUP BY cohort) AS s USING (cohort)
JOIN (FROM counted_events WHERE event_type = 'deposit') AS d ON d.player_id = c.depositor
GROUP BY cohort, after
ORDER BY ALL
"""
_SEGMENTS = f"""{_PEOPLE},
each AS (
    SELECT person, max(event_date) FILTER (event_type = 'deposit') AS deposited, bool_or(event_type = 'registration') AS registered
    FROM people GROUP BY person
)
SELECT
    CASE WHEN $end::DATE + 9 - deposited >= 30 THEN 'lapsed' WHEN deposited >= $start THEN 'depositor'
         WHEN registered THEN 'registered' ELSE 'visitor' END AS segment,
    count(*)
FROM each GROUP BY segment ORDER BY segment
"""
_PLAYER = """
SELECT created_at, id FROM events
WHERE player_id IN (SELECT visitor_key FROM visitor_links WHERE player_id = $person UNION ALL SELECT $person)
ORDER BY ALL
"""
