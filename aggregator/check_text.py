"""What a comparison of the figures with the records found, for a person and for a program."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from aggregator.publish import iso
from aggregator.store.checks import Check
from aggregator.store.comparison import SHOWN, Compared, Difference, Row
from aggregator.store.rebuilding import Checked


def check_as_json(check: Check, checked: Checked, seconds: float) -> str:
    """Return one JSON object; at most the first SHOWN differences of each table."""
    return json.dumps(
        {
            **asdict(check),
            "records": checked.rows,
            "rows": {table.table: table.rows for table in checked.tables if table.rows is not None},
            "first": {table.table: [asdict(each) for each in table.first] for table in checked.tables if table.first},
            "archive": checked.faults,
            "seconds": round(seconds, 3),
        },
        default=_plain,
        ensure_ascii=False,
    )


def check_as_text(check: Check, checked: Checked, seconds: float) -> str:
    """Return lines that begin with `equal` or `differs`."""
    lines = [
        f"{'equal' if check.equal else 'differs'}: snapshot {check.snapshot}, from {checked.rows:,} records, in {seconds:.1f} s"
    ]
    lines += [f"  archive/{file}: {fault}" for file, fault in checked.faults.items()]
    if checked.faults:
        lines.append("  The tables were not compared: put these files back from a copy first.")
    for table in checked.tables:
        lines += _table(table)
    if any(table.differing for table in checked.tables):
        lines.append("`pixels rebuild` puts the recomputed rows in the place of the stored ones.")
    return "\n".join(lines)


def _table(table: Compared) -> list[str]:
    name = table.table if table.rows is None else f"{table.table}, {table.rows:,} rows"
    if not table.differing:
        return [f"  {name}: equal"]
    lines = [f"  {name}: {table.differing:,} {'differs' if table.differing == 1 else 'differ'}"]
    lines += [f"    {_difference(each)}" for each in table.first]
    if table.differing > SHOWN:
        lines.append(f"    ... and {table.differing - SHOWN:,} more")
    return lines


def _difference(difference: Difference) -> str:
    key, stored, recomputed = _values(difference.key), difference.stored, difference.recomputed
    if len(stored) == len(recomputed) == 1:
        names = [name for name in stored[0] if stored[0][name] != recomputed[0][name]]
        changed = ", ".join(
            f"{name} is {_text(stored[0][name])}, recomputed {_text(recomputed[0][name])}" for name in names
        )
        return f"{key}: {changed}"
    parts = [f"should not be there: {_values(row) or 'the row'}" for row in stored]
    parts += [f"is missing: {_values(row) or 'the row'}" for row in recomputed]
    return f"{key}: {'; '.join(parts)}"


def _values(row: Row) -> str:
    return ", ".join(f"{name} {_text(value)}" for name, value in row.items())


def _text(value: Any) -> str:
    """Write a value; what strangers sent stays on its line and moves no cursor."""
    if value is None:
        return "none"
    text = str(_plain(value))
    return text if text.isprintable() and text else repr(text)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return iso(value)
    return value.isoformat() if isinstance(value, date) else str(value)
