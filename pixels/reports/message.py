"""The message that a report is sent with: in short as text, as HTML with a picture of its first page, and as PDF."""

from __future__ import annotations

from html import escape
from pathlib import Path
from shlex import quote
from typing import Any

from pixels.config import Settings
from pixels.delivery import Attachment, Message
from pixels.reports.pdf import NoPdf, printing
from pixels.reports.record import OK, read_record, title_of
from pixels.reports.summary import Summary, summary_of

_PDF = "application/pdf"


def message_of(folder: Path, settings: Settings, *, picture: bool = True) -> Message:
    """Return the message of a report in its folder, of one that failed as well; `picture`: with one, which only mails show.

    Raises BadParameter: there is no report.
    """
    record = read_record(folder)
    title = title_of(record)
    if record["status"] != OK:
        return _failed(title, record, folder)
    page = folder / f"{record['name']}.html"
    summary = summary_of(page.read_text("utf-8"))
    pdf = folder / record["pdf"] if record["pdf"] else None
    demo = "[demo data] " if record["is_demo"] else ""
    subject = f"{demo}{title}{f': {summary.subject}' if summary.subject else ''}"
    drawn = _picture(page, settings) if picture else b""
    attachments = (Attachment(pdf, _PDF),) if pdf else ()
    return Message(
        subject, _text(summary, record, folder), _html(title, summary, record, folder, drawn), drawn, attachments
    )


def _failed(title: str, record: dict[str, Any], folder: Path) -> Message:
    """Say what failed and where the notebook is; of the figures nothing is known."""
    text = (
        f"{title} failed.\n\n{record['error']}\n\n{folder / record['name']}.ipynb has the traceback.\n"
        f"To run it again: pixels report {record['name']}{''.join(f' -p {name}={quote(value)}' for name, value in _given(record))}\n"
    )
    return Message(f"FAILED: {title}", text, is_alarm=True)


def _given(record: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted(record.get("asked", {}).get("parameters", {}).items())


def _facts(record: dict[str, Any], folder: Path) -> list[str]:
    return [
        f"Data through {record['complete_until']}, snapshot {record['snapshot']}.",
        f"The report is in {folder}.",
        f"To prove its figures: pixels report verify {folder}",
    ]


def _text(summary: Summary, record: dict[str, Any], folder: Path) -> str:
    sections = [f"{heading}\n{told}" for heading, told in summary.sections]
    return (
        "\n\n".join([*([summary.subject] if summary.subject else []), *sections, "\n".join(_facts(record, folder))])
        + "\n"
    )


def _html(title: str, summary: Summary, record: dict[str, Any], folder: Path, picture: bytes) -> str:
    """Return the same as HTML; whatever stands in the data stays text."""
    image = (
        '<p><img src="cid:picture" alt="The first page of the report" style="max-width:100%;border:1px solid #ccc"></p>'
    )
    sections = "".join(
        f'<h2 style="font-size:16px;margin:16px 0 4px">{escape(heading)}</h2><p style="margin:0">{escape(told)}</p>'
        for heading, told in summary.sections
    )
    facts = "<br>".join(escape(fact) for fact in _facts(record, folder))
    return (
        '<!doctype html><html><body style="font-family:sans-serif;font-size:14px;color:#1c1c1c;max-width:720px">'
        f'<h1 style="font-size:20px;margin:0">{escape(title)}</h1><p style="margin:4px 0"><b>{escape(summary.subject)}</b></p>'
        f'{sections}{image if picture else ""}<p style="color:#5f6b7a">{facts}</p></body></html>'
    )


def _picture(page: Path, settings: Settings) -> bytes:
    """Return the first page as PNG; nothing where there is no Chromium."""
    try:
        with printing(settings) as printer:
            return printer.picture(page)
    except NoPdf:
        return b""
