"""What a person sees before the first event is counted: how to send one, or why those that came do not count."""

from __future__ import annotations

import sys
from pathlib import Path
from shlex import quote

import polars as pl

from panel_app import words
from panel_app.blocks.markup import text
from panel_app.blocks.refused import refused_table

LISTED = 5


def snippet(collector: str) -> str:
    """Return the HTML that a site embeds: a visit for every page view, and what sign-up and deposit pages call."""
    return (
        f'<script src="{collector}/pixels.js" data-visit data-banner-tag="brandA"></script>\n'
        "<script>\n"
        '  // after sign-up:   pixels.registration({playerId: "123"})\n'
        '  // after a deposit: pixels.deposit({playerId: "123"})\n'
        "</script>"
    )


def first_pixel(collector: str) -> str:
    """Draw how to send the first event; the overview replaces it when there is one."""
    return (
        '<div class="first-pixel"><h2>Ready for the first pixel</h2>'
        "<p>No event has been counted yet. Embed this in a page. The figures appear here by themselves after the next pass:"
        " every few seconds under <code>pixels up</code>, else when <code>pixels aggregate</code> runs.</p>"
        f"{_embed(collector)}</div>"
    )


def waiting_for_a_pass(received: int, home: Path) -> str:
    """Draw that events were received, and wait for a pass to count them."""
    line = f"* * * * *  PIXELS_HOME={quote(str(home.resolve()))} {quote(sys.executable)} -m pixels aggregate"
    return (
        f'<div class="first-pixel waiting-for-a-pass"><h2>{words.counted(received, "event")} received, none counted yet</h2>'
        "<p>They are stored safely and wait for a pass, which counts them. <code>pixels up</code> makes one every few seconds."
        " Without it, let cron make one a minute (<code>crontab -e</code>; more in <code>deploy/cron</code>):</p>"
        f'<pre id="cron-line">{text(line)}</pre>'
        '<button type="button" class="filled" data-copy="cron-line">Copy</button>'
        '<p class="note">This page turns to the figures by itself after the first pass.</p></div>'
    )


def all_refused(collector: str, refused: pl.DataFrame, total: int, time_zone: str) -> str:
    """Draw that events arrive and all of them are refused: the last ones, and what mends them."""
    return (
        f'<div class="first-pixel wide all-refused"><h2>{words.counted(total, "event")} arrived, and all were refused</h2>'
        f"<p>The last ones, and what their sender has to change:</p>{refused_table(refused.head(LISTED), time_zone)}"
        f"<p>A pixel that counts looks like this:</p>{_embed(collector)}</div>"
    )


def _embed(collector: str) -> str:
    return (
        f'<pre class="pixel-snippet" id="snippet">{text(snippet(collector))}</pre>'
        '<button type="button" class="filled copy-snippet" data-copy="snippet">Copy</button>'
        '<p class="note">Or send one visit now:</p>'
        f'<pre class="pixel-try">curl -i "{text(collector)}/visit?playerId=123&amp;bannerTag=brandA"</pre>'
    )
