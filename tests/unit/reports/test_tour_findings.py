"""What each query of the tour comes to."""

from __future__ import annotations

import polars as pl

from pixels.reports import tour_findings as findings


def sums(*rows: tuple[str, int | None, int | None]) -> pl.DataFrame:
    schema = {"event_type": pl.String, "daily_metrics": pl.Int64, "event_summary": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_tables_that_disagree_are_named_with_what_to_do() -> None:
    """Also where one has nothing of a type."""
    assert findings.agreement(sums(("visit", 3, 3), ("deposit", 1, 1))) == (
        "They agree in each of 2 event types: 4 events count."
    )
    told = findings.agreement(sums(("visit", 3, 2), ("deposit", None, 1), ("registration", 1, 1)))
    assert told == "They differ in visit, deposit, which must not be: run `pixels rebuild --check`."
    assert findings.agreement(sums()) == "Both are empty: nothing has been counted."


def test_the_largest_table_is_named() -> None:
    """Empty ones are no largest."""
    tables = pl.DataFrame({"table_name": ["a", "b"], "rows_about": [1, 1]})

    assert findings.largest(tables) == "There are 2 tables; a is the largest, with about 1 row."
    assert findings.largest(tables.with_columns(rows_about=0)) == "There are 2 tables, all empty."


def test_people_are_counted_with_their_keys() -> None:
    """Nobody yet is said."""
    row = pl.DataFrame({"players": [4], "registered": [2], "deposited": [1], "linked_visitor_keys": [1]})

    assert findings.people(row) == (
        "Of 4 players and visitor keys, 2 (50.0 %) registered and 1 deposited; 1 visitor key belongs to one who registered."
    )
    assert findings.people(row.with_columns(players=0)) == "Nobody is known yet."


def test_refusals_and_quotients_are_told() -> None:
    """And that there are none."""
    refusals = pl.DataFrame({"reason": ["bad", "worse"], "refusals": [3, 1]})
    daily = pl.DataFrame({"event_type": ["visit", "registration", "visit"], "count": [30, 5, 20]})

    assert findings.refused(refusals) == "4 refusals in all, most of them as “\u2068bad\u2069” (3)."
    assert findings.refused(refusals.clear()) == "Nothing was ever refused."
    assert findings.per_100_visits(daily).startswith("On these days there were 10.0 registrations per 100 visits")
    assert findings.per_100_visits(daily.clear()).startswith("No visit was counted")
