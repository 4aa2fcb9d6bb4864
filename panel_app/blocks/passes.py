"""What wrote to the warehouse: the newest runs as bars and as a table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import polars as pl

from panel_app import words
from panel_app.blocks.markup import text

_KINDS = {
    "pass": "pass",
    "import": "import",
    "requeue": "refused ones again",
    "rebuild": "rebuild",
    "erase": "erasure",
    "banners": "banners",
}
_COLUMNS = {
    "Read": "records_read",
    "Stored": "events_stored",
    "Counted": "events_counted",
    "Again": "records_repeated",
    "Refused": "records_rejected",
}
_HEIGHT, _STEP, _WIDTH = 40, 10, 7
_WIDEST = 32
"""Pixels that a run takes at most: a few runs are no wall."""
Row = dict[str, object]


def with_times(runs: pl.DataFrame) -> pl.DataFrame:
    """Add to `wh.runs` how long each took, how far behind it ended (seconds), and whether "data through" moved.

    `moved` is null for what is no pass, and for the oldest one, before which nothing is known.
    """
    is_pass = pl.col("kind") == "pass"
    before = pl.when(is_pass).then(pl.col("complete_until")).forward_fill().shift()
    moved = pl.when(is_pass).then(pl.col("complete_until") > before)
    return (
        runs.sort("run_id")
        .with_columns(
            took=(pl.col("finished_at") - pl.col("started_at")).dt.total_milliseconds() / 1000,
            behind=(pl.col("finished_at") - pl.col("complete_until")).dt.total_milliseconds() / 1000,
            moved=moved,
        )
        .sort("run_id", descending=True)
    )


def passes_bars(runs: pl.DataFrame, time_zone: str) -> str:
    """Draw how long each of the runs (as `with_times` returns them) took, and how far behind each pass ended, the newest last."""
    rows = runs.sort("run_id").to_dicts()
    if not rows:
        return ""
    behind = [row for row in rows if row["kind"] == "pass"]
    return (
        f'<div class="sized"><div class="bars">{_bars("How long each took", "took", rows, time_zone)}'
        f"{_bars('How far behind each pass ended', 'behind', behind, time_zone)}</div></div>"
    )


def _bars(label: str, column: str, rows: list[Row], zone: str) -> str:
    if not rows:
        return ""
    most = max(_seconds(row, column) for row in rows)
    bars = "".join(_bar(place, row, column, most, zone) for place, row in enumerate(rows))
    caption = (
        f"{label}; the most {words.short_duration(most)}, the last {words.short_duration(_seconds(rows[-1], column))}"
    )
    caption += "; grey: no pass" if any(row["kind"] != "pass" for row in rows) else ""
    ends = [_ended(row, zone) for row in (rows[0], *rows[1:][-1:])]
    return (
        f'<figure style="max-width:max(28em, {len(rows) * _WIDEST}px)"><figcaption>{text(caption)}</figcaption><svg viewBox="0 0 {len(rows) * _STEP} {_HEIGHT}" '
        f'preserveAspectRatio="none" role="img" aria-label="{text(caption)}">{bars}</svg>'
        f'<div class="ends">{"".join(f"<span>{text(end)}</span>" for end in ends)}</div></figure>'
    )


def _bar(place: int, row: Row, column: str, most: float, zone: str) -> str:
    value = _seconds(row, column)
    height = max(0.6, value / most * _HEIGHT) if most > 0 else 0.6
    other = "" if row["kind"] == "pass" else ' class="other"'
    told = f"{_KINDS.get(str(row['kind']), row['kind'])} {row['run_id']}, {_ended(row, zone)}: {words.short_duration(value)}"
    return (
        f'<rect{other} x="{place * _STEP + (_STEP - _WIDTH) / 2:.1f}" y="{_HEIGHT - height:.1f}" width="{_WIDTH}" '
        f'height="{height:.1f}"><title>{text(told)}</title></rect>'
    )


def passes_table(runs: pl.DataFrame, time_zone: str) -> str:
    """Draw the runs that `with_times` returns, in their order."""
    if runs.is_empty():
        return '<p class="note">No pass has stored anything yet.</p>'
    numbers = "".join(f'<th scope="col">{one}</th>' for one in _COLUMNS)
    rows = "".join(_row(row, time_zone) for row in runs.to_dicts())
    return (
        '<div class="scrolls" tabindex="0" role="group" aria-label="The newest runs"><table class="passes"><thead><tr>'
        '<th scope="col">Run</th><th scope="col" class="kind">What</th><th scope="col">Ended</th><th scope="col">Took</th>'
        f'<th scope="col">Behind</th>{numbers}<th scope="col">Outcome</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _row(row: Row, zone: str) -> str:
    number: Callable[[str], str] = lambda column: words.number(int(str(row[column])))  # noqa: E731 - of this row
    behind = words.short_duration(_seconds(row, "behind")) if row["kind"] == "pass" else words.NONE
    return (
        f'<tr><th scope="row">{number("run_id")}</th><td class="kind">{text(_KINDS.get(str(row["kind"]), row["kind"]))}</td>'
        f"<td>{text(_ended(row, zone))}</td><td>{words.short_duration(_seconds(row, 'took'))}</td><td>{behind}</td>"
        + "".join(f"<td>{number(column)}</td>" for column in _COLUMNS.values())
        + f"<td>{_outcome(row)}</td></tr>"
    )


def _outcome(row: Row) -> str:
    changed = "figures changed" if row["figures_changed"] else "nothing new"
    return changed if row["moved"] is not False else f'{changed}, <span class="down">not all that waited</span>'


def _ended(row: Row, zone: str) -> str:
    finished = row["finished_at"]
    assert isinstance(finished, datetime)  # noqa: S101 - as wh.runs says
    return words.instant_to_the_second(finished, zone)


def _seconds(row: Row, column: str) -> float:
    return max(0.0, float(str(row[column])))
