"""Pixels inside IPython: the cell magic `%%pixels`, and how a warehouse, a funnel and a player look in a notebook.

    %load_ext pixels

`pixels lab` does that in each kernel, and puts the newest snapshot there as `wh`.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import polars as pl
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

import pixels
from pixels import player
from pixels.errors import PixelsError
from pixels.plots.theme import EVENT_COLORS, STEP_LABELS
from pixels.warehouse import Warehouse
from pixels.words import NONE, counted, days, instant, number, percent

WAREHOUSE = "wh"
_FUNNEL = {"step", "event_type", "players", "entered", "rate", "mature_rate", "immature"}
_RECORDS_SHOWN = 200
_LEFT = 'style="text-align:left"'


def load(shell: InteractiveShell) -> None:
    """Make the magic and the displays known to a shell; a second time changes nothing."""
    shell.register_magic_function(_magic(shell), magic_kind="cell", magic_name="pixels")
    html: Any = shell.display_formatter.formatters["text/html"]
    html.for_type(Warehouse, warehouse_html)
    html.for_type(pl.DataFrame, frame_html)


def put_warehouse(shell: InteractiveShell) -> None:
    """Put the newest snapshot into the shell as `wh`, if there is one: `pixels.open()` says what to do where there is none."""
    try:
        shell.push({WAREHOUSE: pixels.open()})
    except PixelsError:
        return


def _magic(shell: InteractiveShell) -> Callable[[str, str], pl.DataFrame | None]:
    def pixels_sql(line: str, cell: str) -> pl.DataFrame | None:
        """Run one SELECT on `wh`, or else the newest snapshot, and return a Polars frame.

            %%pixels players
            SELECT * FROM players WHERE registration_at >= $start

        $start is the variable of that name. With a name on the first line the frame is that variable, and is not shown.
        """
        name = line.strip()
        if name and not name.isidentifier():
            raise UsageError(f"%%pixels {name}: not a name that a variable can have")
        try:
            frame = _warehouse(shell).sql(cell, _bound(cell, shell.user_ns))
        except PixelsError as error:
            raise UsageError(str(error)) from error
        if not name:
            return frame
        shell.push({name: frame})
        return None

    return pixels_sql


def _warehouse(shell: InteractiveShell) -> Warehouse:
    """Return what stands in `wh`, which is put there if need be."""
    held = shell.user_ns.get(WAREHOUSE)
    if not isinstance(held, Warehouse):
        held = pixels.open()
        shell.push({WAREHOUSE: held})
    return held


def _bound(query: str, names: dict[str, Any]) -> dict[str, Any] | None:
    """Return the variables that the query names as $name. Raises UsageError for one that is not there."""
    import duckdb

    try:
        statements = duckdb.extract_statements(query)
    except duckdb.Error:
        return None  # `wh.sql` says what is wrong with it
    asked = {name for statement in statements for name in statement.named_parameters}
    missing = sorted(name for name in asked if name not in names)
    if missing:
        raise UsageError(f"${missing[0]}: there is no variable {missing[0]}")
    return {name: names[name] for name in asked} or None


def warehouse_html(warehouse: Warehouse) -> str:
    """Draw which data a warehouse holds: days, snapshot, and how many of each event type count."""
    try:
        data = warehouse.days_with_data()
        counts = warehouse.metrics(data.start, data.end) if data else None
    except PixelsError:  # closed, or its file is damaged: what the pointer said still stands
        return f"<code>{escape(repr(warehouse))}</code>"
    rows = {
        "Days with data": days(data) if data else "none yet: send a pixel, then run `pixels aggregate`",
        "Data through": f"{instant(warehouse.complete_until, warehouse.time_zone)} ({warehouse.time_zone})",
        "Snapshot": f"{warehouse.snapshot}{', demo data' if warehouse.is_demo else ''}",
    }
    if counts is not None:
        sums = dict(counts.group_by("event_type").agg(pl.col("count").sum()).iter_rows())
        rows["Counted events"] = ", ".join(
            counted(sums.get(event_type, 0), label.lower()) for event_type, label in STEP_LABELS.items()
        )
    lines = "".join(f'<tr><th style="text-align:left">{name}</th>{_cell(text)}</tr>' for name, text in rows.items())
    return f"<table><caption {_LEFT}>Pixels warehouse</caption><tbody>{lines}</tbody></table>"


def frame_html(frame: pl.DataFrame) -> str:
    """Draw a frame: what `wh.funnel` returns with a bar a step, what `wh.player` returns as a timeline, others as Polars does."""
    if set(frame.columns) >= _FUNNEL and frame["step"].is_unique().all() and frame.height:
        return funnel_html(frame)
    if frame.columns == list(player.COLUMNS) and frame.height:
        return player_html(frame)
    return str(frame._repr_html_())


def funnel_html(steps: pl.DataFrame) -> str:
    """Draw the steps of a funnel, each with its share of those who entered, and of those whose window is over."""
    rows = "".join(
        f"<tr>{_head(STEP_LABELS.get(row['event_type'], row['event_type']))}{_bar(row)}{_cell(number(row['players']), right=True)}"
        f"{_cell(percent(row['rate']), right=True)}{_cell(percent(row['mature_rate']), right=True)}</tr>"
        for row in steps.sort("step").iter_rows(named=True)
    )
    head = "".join(
        f"<th>{name}</th>" for name in ("Step", "", "People", "Of those who entered", "Whose window is over")
    )
    immature = int(steps.item(0, "immature"))
    note = f"<caption {_LEFT}>{counted(immature, 'person', 'people')} may still go on</caption>" if immature else ""
    return f"<table>{note}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def player_html(records: pl.DataFrame) -> str:
    """Draw what a person did, the oldest first; times are UTC."""
    shown = records.head(_RECORDS_SHOWN)
    rows = "".join(
        f"<tr>{_cell(row['created_at'].strftime('%Y-%m-%d %H:%M:%S'))}"
        f'<td style="text-align:left">{_dot(row["event_type"])}&nbsp;{escape(row["event_type"])}</td>'
        f"{_cell(row['banner_tag'])}{_cell(row['outcome'].replace('_', ' '))}{_cell(row['player_id'])}</tr>"
        for row in shown.iter_rows(named=True)
    )
    head = "".join(
        f'<th style="text-align:left">{name}</th>' for name in ("Time (UTC)", "Event", "Banner", "Became", "Sent as")
    )
    more = (
        f"<p>and {counted(records.height - shown.height, 'record')} more</p>" if records.height > shown.height else ""
    )
    person = escape(records.item(0, "person"))
    caption = f"<caption {_LEFT}>Person <bdi>{person}</bdi>: {counted(records.height, 'record')}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}"


def _head(text: str) -> str:
    return f'<th style="text-align:left">{escape(text)}</th>'


def _cell(text: str | None, *, right: bool = False) -> str:
    return f'<td dir="auto" style="text-align:{"right" if right else "left"}">{escape(NONE if text is None else text)}</td>'


def _dot(event_type: str) -> str:
    return f'<span aria-hidden="true" style="color:{EVENT_COLORS.get(event_type, "inherit")}">●</span>'


def _bar(row: dict[str, Any]) -> str:
    share = (row["rate"] or 0.0) * 100
    color = EVENT_COLORS.get(row["event_type"], "#888")
    bar = f'<div style="width:{share:.1f}%;min-width:1px;height:1em;background:{color}"></div>'
    return f'<td style="width:16em;min-width:8em">{bar}</td>'
