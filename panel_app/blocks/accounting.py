"""What became of all that was received, in sums that explain a difference with somebody else's log."""

from __future__ import annotations

from datetime import date
from shlex import quote

import polars as pl

from panel_app import words
from panel_app.address import Address
from panel_app.blocks.markup import link, name, text
from panel_app.page import Shown
from pixels.period import Period

OUTCOMES = {
    "counted": "Counted",
    "same_player_again": "Same player again",
    "credited_to_another_banner": "Credited to another banner",
    "same_event_again": "Same event again",
    "bots": "Crawlers",
}
"""What `received` is the sum of, in the words of the screen."""
TYPES = {"visit": "Visits", "registration": "Registrations", "deposit": "Deposits"}
_MEANINGS = {
    "counted": "the first of the player on that day",
    "same_player_again": "the player had counted on that day already, for this banner",
    "credited_to_another_banner": "the player counted on that day for another banner, which came first",
    "same_event_again": "a retry of the same event",
    "bots": "visits of declared crawlers",
}


def accounting_table(accounts: pl.DataFrame) -> str:
    """Draw the sums of `wh.accounting` by event type."""
    columns = ["received", *OUTCOMES]
    sums = {row["event_type"]: row for row in accounts.group_by("event_type").agg(pl.col(columns).sum()).to_dicts()}
    headings = "".join(f'<th scope="col" title="{text(_MEANINGS[one])}">{text(OUTCOMES[one])}</th>' for one in OUTCOMES)
    rows = "".join(
        f'<tr><th scope="row">{label}</th>'
        + "".join(f"<td>{words.number(sums.get(kind, {}).get(column, 0))}</td>" for column in columns)
        + "</tr>"
        for kind, label in TYPES.items()
    )
    return (
        '<div class="scrolls" tabindex="0"><table class="accounting"><thead><tr><th scope="col">Type</th>'
        f'<th scope="col">Received</th>{headings}</tr></thead><tbody>{rows}</tbody></table></div>'
        '<p class="note">Received is the sum of the others. Days are those of the events.</p>'
    )


def days_table(accounts: pl.DataFrame, shown: Shown, event_type: str, banner: str | None) -> str:
    """Draw one event type by day; each day leads to the records behind it, for those who may see them."""
    columns = ["received", *OUTCOMES]
    of_type = accounts.filter(pl.col("event_type") == event_type)
    days = of_type.group_by("event_date").agg(pl.col(columns).sum()).sort("event_date", descending=True)
    headings = "".join(f'<th scope="col">{text(OUTCOMES[one])}</th>' for one in OUTCOMES)
    rows = "".join(_day(row, columns, shown, event_type, banner) for row in days.to_dicts())
    return (
        '<div class="scrolls tall" tabindex="0"><table class="accounting"><thead><tr><th scope="col">Day</th>'
        f'<th scope="col">Received</th>{headings}<th scope="col">Records</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _day(row: dict[str, object], columns: list[str], shown: Shown, event_type: str, banner: str | None) -> str:
    day = row["event_date"]
    assert isinstance(day, date)  # noqa: S101 - as wh.accounting says
    cells = "".join(f"<td>{words.number(int(str(row[column])))}</td>" for column in columns)
    asked = {"day": day.isoformat(), "type": event_type} | ({} if banner is None else {"banner": banner})
    label = f"Why is this so on {words.day(day)}?"
    way = link(shown.address.at("why", **asked), "why?", label=label) if shown.sees_people else words.NONE
    return f'<tr><th scope="row">{words.day(day)}</th>{cells}<td>{way}</td></tr>'


def types_choice(address: Address, event_type: str) -> str:
    """Draw the event types to choose from."""
    ways = "".join(
        link(address.with_options(type="" if kind == "visit" else kind), label, current=kind == event_type)
        for kind, label in TYPES.items()
    )
    return f'<div class="segments" role="group" aria-label="Event type">{ways}</div>'


def other_log(accounts: pl.DataFrame, event_type: str, banner: str, theirs: int | None, form: str) -> str:
    """Draw the question what the affiliate's log says, and what explains the difference.

    `form` is the rest of the address as hidden fields. What never reached Pixels is all that the accounting cannot explain.
    """
    asked = (
        f'<form data-go action="./banner" class="asked">{form}<label>Their log says '
        f'<input type="number" name="theirs" min="0" step="1" max="999999999999" value="{"" if theirs is None else theirs}"'
        f' required></label> {TYPES[event_type].lower()} for these days <button type="submit">Explain</button></form>'
    )
    return asked if theirs is None else asked + _explanation(accounts, event_type, banner, theirs)


def row_by_row(event_type: str, banner: str, period: Period) -> str:
    """Draw how a log is compared row by row: by a command, since no file leaves the reader's machine for this page."""
    command = f"pixels reconcile FILE {event_type} --from {period.start} --to {period.end} {_in_a_shell(f'--banner={banner}')}"
    page = f"pixels report reconciliation -p file=FILE -p event_type={event_type} -p {_in_a_shell(f'banner={banner}')}"
    return (
        '<details class="twin" data-stays-open><summary>Compare their file row by row</summary>'
        "<p class='note'>Where Pixels runs, this says of every row of a CSV or Parquet file whether it counted, and why not:</p>"
        f'<pre tabindex="0">{text(command)}</pre>'
        "<p class='note'>and this makes the page to send back, which names nobody who is not in the file:</p>"
        f'<pre tabindex="0">{text(page)}</pre>'
        "<p class='note'>In Python it is <code>wh.reconcile(file, type)</code>. Files are not taken here.</p></details>"
    )


def _in_a_shell(written: str) -> str:
    """Quote what a stranger named for a shell; control characters and signs that turn the direction stand as codes."""
    if written.isprintable():
        return quote(written)
    return "$'" + "".join(_escaped(character) for character in written) + "'"


def _escaped(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def _explanation(accounts: pl.DataFrame, event_type: str, banner: str, theirs: int) -> str:
    of_type = accounts.filter(pl.col("event_type") == event_type)
    sums = of_type.select(pl.col("received", *OUTCOMES).sum()).row(0, named=True)
    noun = TYPES[event_type].lower()
    missing = theirs - sums["received"]
    lines = [f"They count <b>{words.number(theirs)}</b> {noun} of {name(banner)}."]
    if missing > 0:
        lines.append(
            f"<b>{words.number(missing)}</b> of them never were received, or were refused: a click that did not become a page, "
            "a script blocker, a pixel that is not on the page, other days or another time zone."
        )
    elif missing < 0:
        lines.append(
            f"Pixels received <b>{words.number(-missing)}</b> more than they count: they may leave out what they take for "
            "repeats, or count other days."
        )
    lines.append(f"<b>{words.number(sums['received'])}</b> were received. Of these")
    lines += [
        f"<b>{words.number(sums[one])}</b> {text(OUTCOMES[one].lower())}: {text(_MEANINGS[one])}."
        for one in [*[key for key in OUTCOMES if key != "counted"], "counted"]
        if sums[one]
    ]
    return "<ul class='explained'>" + "".join(f"<li>{line}</li>" for line in lines) + "</ul>"
