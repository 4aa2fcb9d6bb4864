"""What a person sees before the first event: how to send one."""

from __future__ import annotations

import panel as pn

from panel_app.blocks.controls import button
from panel_app.blocks.markup import block, stack, text
from panel_app.blocks.status import refusals
from panel_app.state import OverviewState

_WIDTH = 760
_INVITATION = """
<div class="first-pixel"><h2>Ready for the first pixel</h2>
<p>No event has been counted yet. Embed this in a page. The figures appear here by themselves after the next pass:
every few seconds under <code>pixels up</code>, else when <code>pixels aggregate</code> runs.</p></div>
"""
_COPY = """
const done = () => { const label = button.label; button.label = "Copied"; setTimeout(() => { button.label = label }, 1500) }
const by_hand = () => {
  const area = document.createElement("textarea")
  area.value = snippet; document.body.append(area); area.select()
  if (document.execCommand("copy")) done()
  area.remove()
}
navigator.clipboard ? navigator.clipboard.writeText(snippet).then(done, by_hand) : by_hand()
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


def first_pixel(state: OverviewState, collector: str) -> pn.Column:
    """Return the page for the time without an event; the overview replaces it when there is one."""
    code = snippet(collector)
    copy = button("Copy", "copy-snippet", filled=True)
    copy.js_on_click(args={"snippet": code, "button": copy}, code=_COPY)
    return stack(
        block(_INVITATION),
        block(f'<pre class="pixel-snippet">{text(code)}</pre>', max_width=_WIDTH),
        copy,
        block(_one_visit(collector), max_width=_WIDTH),
        block(pn.bind(lambda _: _refused(state), state.param.figures)),
    )


def _one_visit(collector: str) -> str:
    return (
        '<p class="note">Or send one visit now:</p>'
        f'<pre class="pixel-try">curl -i "{text(collector)}/visit?playerId=123&amp;bannerTag=brandA"</pre>'
    )


def _refused(state: OverviewState) -> str:
    if state.figures is None or state.figures.refused.is_empty():
        return ""
    return (
        f'<p class="refused">Pixels arrived, but {text(refusals(state.figures))}. '
        "A pixel needs a <code>playerId</code> and a <code>bannerTag</code>, and no placeholder in them.</p>"
    )
