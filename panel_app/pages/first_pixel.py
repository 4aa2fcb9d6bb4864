"""What a person sees before the first event: how to send one."""

from __future__ import annotations

from panel_app.blocks.markup import text

_INVITATION = """
<div class="first-pixel"><h2>Ready for the first pixel</h2>
<p>No event has been counted yet. Embed this in a page. The figures appear here by themselves after the next pass:
every few seconds under <code>pixels up</code>, else when <code>pixels aggregate</code> runs.</p>
"""


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
    """Draw the page for the time without an event; the overview replaces it when there is one."""
    return (
        f'{_INVITATION}<pre class="pixel-snippet" id="snippet">{text(snippet(collector))}</pre>'
        '<button type="button" class="filled copy-snippet" data-copy="snippet">Copy</button>'
        '<p class="note">Or send one visit now:</p>'
        f'<pre class="pixel-try">curl -i "{text(collector)}/visit?playerId=123&amp;bannerTag=brandA"</pre></div>'
    )
