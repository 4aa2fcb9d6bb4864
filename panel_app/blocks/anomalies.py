"""Anomalies as a list of sentences, each with its note; and one series with its table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from panel_app import words
from panel_app.acknowledged import LONGEST, Acknowledged
from panel_app.address import Address
from panel_app.blocks.markup import link, name, text
from pixels.anomalies.figures import DAYS_NEEDED, RATES
from pixels.anomalies.said import LABELS, Writer, said, visitors_were_usual

TAG = "banner_tag"
_KINDS = {"silence": "Silence", "fall": "Fall", "rise": "Rise"}


def anomalies_list(
    runs: pl.DataFrame,
    found: pl.DataFrame,
    notes: Sequence[Acknowledged],
    address: Address,
    *,
    needs: int,
    may_note: bool,
) -> str:
    """Draw what stood out, the newest first: what it was, who explains it, and what was noted of it."""
    head = "<h2>What stood out</h2>"
    if needs:
        return (
            f'{head}<p class="note">Needs {DAYS_NEEDED} days of data that are over before anything can be said: '
            f"{words.counted(needs, 'day')} more.</p>"
        )
    if runs.is_empty():
        return (
            f'{head}<p class="note">Nothing: every figure of these days is what the days before let expect.</p>{_how()}'
        )
    items = "".join(_item(run, found, notes, address, may_note) for run in runs.iter_rows(named=True))
    return f'{head}<ul class="runs anomalies">{items}</ul>{_how()}'


def _how() -> str:
    return (
        '<p class="note">Of all banners together and of each: visitors, registrations and FTD of a day, and how those of 7 days converted. '
        "Chance alone would have fewer than one in a month stand out. The day that goes on is never told of, a conversion when its 7 days are over.</p>"
    )


def _item(
    run: dict[str, Any], found: pl.DataFrame, notes: Sequence[Acknowledged], address: Address, may_note: bool
) -> str:
    write = Writer(lambda tag: f"<b>{name(tag)}</b>", words.number, words.percent)
    sentence = said(run, TAG, write, visitors_were_usual(found, run, TAG))
    banner = None if run["is_total"] else run[TAG]
    ways = [link(address.with_options(measure=run["measure"], banner=banner), "chart")]
    if run["measure"] not in RATES:
        kind = {"registrations": "registration", "ftd": "deposit"}.get(run["measure"], "visit")
        ways.append(link(address.at("why", day=run["event_date"].isoformat(), type=kind), "why?"))
    if banner is not None:
        ways.append(link(address.at("banner", tag=banner), "banner"))
    note = next((one for one in reversed(notes) if one.is_of(run)), None)
    days = words.short_days(run["start"], run["end"])
    badge = f'<span class="kind {run["kind"]}">{_KINDS[run["kind"]]}</span>'
    return (
        f'<li class="{"noted" if note else ""}"><div class="line"><span>{badge} {sentence}</span>'
        f'<span class="exports"><span class="muted">{text(days)}</span>{"".join(ways)}</span></div>{_note(run, note, may_note)}</li>'
    )


def key_of(run: dict[str, Any]) -> str:
    """Return what names a run in a form."""
    whose = "all" if run["is_total"] else f"one {run[TAG]}"
    return f"{run['measure']} {run['start'].isoformat()} {run['kind']} {whose}"


def chosen_run(runs: pl.DataFrame, key: str) -> dict[str, Any] | None:
    """Return the run that a form names; None where there is none any more."""
    return next((run for run in runs.iter_rows(named=True) if key_of(run) == key), None)


def _note(run: dict[str, Any], note: Acknowledged | None, may_note: bool) -> str:
    """Draw what was noted, and the form to note something."""
    told = ""
    if note:
        who = f"{name(note.who)}, " if note.who else ""
        told = f'<p class="note">Looked at ({who}{text(note.at[:10])}): {name(note.note or "nothing noted")}</p>'
    if not may_note:
        return told
    return (
        f'{told}<details class="twin"><summary>{"Change the note" if note else "Acknowledge"}</summary><form data-send class="asked">'
        f'<input type="hidden" name="run" value="{text(key_of(run))}">'
        f'<input type="text" name="note" maxlength="{LONGEST}" aria-label="Note" placeholder="What it was, or who looks at it" '
        f'value="{text(note.note if note else "")}"><button type="submit">Note it</button></form></details>'
    )


def series_head(measure: str, banner: str | None, address: Address) -> str:
    """Draw what the chart is of, and the choice of another figure."""
    whose = "all banners together" if banner is None else name(banner)
    chips = "".join(
        link(address.with_options(measure=one, banner=banner), text(label), current=one == measure)
        for one, label in LABELS.items()
    )
    whole = (
        link(address.with_options(measure=measure, banner=None), "all banners together") if banner is not None else ""
    )
    return (
        f'<div class="line"><h2>{text(LABELS[measure])}, {whose}</h2>{whole}</div>'
        f'<div class="filters"><div class="segments" role="group" aria-label="Figure">{chips}</div></div>'
        '<p class="keys note"><span class="key now">the figure</span><span class="key before">expected, with its limits</span>'
        "<span>diamond: stands out</span></p>"
    )


def series_table(rows: pl.DataFrame, measure: str) -> str:
    """Draw the same as a table."""

    def written(value: float | None) -> str:
        if value is None:
            return words.NONE
        return words.percent(value) if measure in RATES else words.number(round(value))

    lines = "".join(
        f'<tr><th scope="row">{words.day(row["event_date"])}</th><td>{written(row["value"])}</td><td>{written(row["expected"])}</td>'
        f"<td>{written(row['lower'])}</td><td>{written(row['upper'])}</td><td>{_KINDS.get(row['kind'] or '', '')}</td></tr>"
        for row in rows.iter_rows(named=True)
    )
    headings = "".join(
        f'<th scope="col">{one}</th>'
        for one in ("Day", LABELS[measure], "Expected", "At least", "At most", "Stands out as")
    )
    return (
        '<details class="twin" data-stays-open><summary>As a table</summary><div class="scrolls" tabindex="0"><table><thead><tr>'
        f"{headings}</tr></thead><tbody>{lines}</tbody></table></div></details>"
    )
