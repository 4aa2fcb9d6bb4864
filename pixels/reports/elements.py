"""What a page is made of: head, sentences, tables and charts, for a notebook cell and for the page made of it.

Whatever was named by strangers stays text: every value is escaped here, and nothing is taken for markup or for a formula.
Each says in its metadata which figures it shows (`fingerprint`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from html import escape
from typing import Any

import polars as pl
from IPython.display import HTML

from pixels.period import Period
from pixels.reports.days import day_that_goes_on, today
from pixels.reports.fingerprint import marked, of_frame, of_plot
from pixels.reports.words import END_ISOLATE, ISOLATE
from pixels.warehouse import Warehouse
from pixels.words import NONE, counted, day, days, instant, number

CHART_WIDTH = 880

_NO_MATH = "mathjax_ignore tex2jax_ignore"  # "$" is money here, not the start of a formula
_SET = {  # in the cells themselves, as JupyterLab has a style of its own for tables
    "text": 'class="text" style="text-align:left"',
    "number": 'class="number" style="text-align:right"',
}
_BADGE = "display:inline-block;padding:.1em .7em;border-radius:1em;background:#9a3412;color:#fff;font-weight:600"


def say(text: str) -> HTML:
    """Show plain text as a paragraph; what `words.quoted` sets apart is an element of its own."""
    markup = escape(text).replace(ISOLATE, "<bdi>").replace(END_ISOLATE, "</bdi>")
    return HTML(f'<p class="{_NO_MATH}">{markup}</p>', metadata=marked(text))


def head(wh: Warehouse, period: Period | None = None, banner: str = "", whose: str = "") -> HTML:
    """Show what the page is about: the days, the banner or whose banners, and which data it was made of; "Demo data" on top."""
    lines = [f'<p class="demo"><span style="{_BADGE}">Demo data</span></p>'] if wh.is_demo else []
    if period is not None:
        subject = f"{days(period)}, {whose or (f'banner {banner}' if banner else 'all banners')}"
        lines.append(f'<p class="subject {_NO_MATH}"><strong>{escape(subject)}</strong></p>')
    facts = (
        f"Data through {instant(wh.complete_until, wh.time_zone)}",
        f"days in {wh.time_zone}",
        f"snapshot {wh.snapshot}",
    )
    lines.append(f'<p class="facts">{escape(" · ".join(facts))}</p>')
    return HTML("".join(lines), metadata=marked(*lines))


def caution(wh: Warehouse, period: Period) -> HTML | None:
    """Warn when days of the period are not over, have not come, or were before Pixels; None when there is nothing to warn of."""
    goes_on, data = day_that_goes_on(wh, period), wh.days_with_data()
    warnings = []
    if data is None:
        warnings.append(
            "Nothing has been counted yet: send a pixel, and run `pixels aggregate` (`pixels up` does that by itself)."
        )
    elif period.start < data.start:
        warnings.append(
            f"The first counted event is of {day(data.start)}; the days before are not zero, they are unknown."
        )
    if goes_on:
        warnings.append(
            f"{day(goes_on)} is not over: it holds what came until {instant(wh.complete_until, wh.time_zone)}."
        )
    if period.end > today(wh):
        warnings.append(f"Days after {day(today(wh))} have not come yet.")
    if not warnings:
        return None
    return HTML(f'<p class="caution">{escape(" ".join(warnings))}</p>', metadata=marked(*warnings))


def table(frame: pl.DataFrame, headings: Mapping[str, str], limit: int = 20, *, numbers: Collection[str] = ()) -> HTML:
    """Show columns of a frame, named by `headings`, in its order; the first `limit` rows, and how many more there are.

    Whole numbers are written as 12,345, others with one decimal, and a value that is missing as a dash. `numbers` are
    columns of numbers that are written already.
    """
    kinds = {name: "number" if name in numbers or frame[name].dtype.is_numeric() else "text" for name in headings}
    cells = "".join(f'<th scope="col" {_SET[kinds[name]]}>{escape(text)}</th>' for name, text in headings.items())
    rows = "".join(f"<tr>{_row(row, kinds)}</tr>" for row in frame.head(limit).iter_rows(named=True))
    more = frame.height - limit
    rest = f'<p class="more">and {counted(more, "row")} more</p>' if more > 0 else ""
    drawn = f'<table class="{_NO_MATH}"><thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table>'
    return HTML(f'<div class="wide">{drawn}</div>{rest}', metadata=marked(*of_frame(frame, headings)))


def _row(row: Mapping[str, object], kinds: Mapping[str, str]) -> str:
    return "".join(f'<td {_SET[kind]} dir="auto">{escape(_cell(row[name]))}</td>' for name, kind in kinds.items())


def _cell(value: object) -> str:
    if value is None:
        return NONE
    if isinstance(value, int):
        return number(value)
    return f"{value:,.1f}" if isinstance(value, float) else str(value)


def prepare_charts() -> HTML:
    """Bring into the page what draws its charts, BokehJS, from this machine and not from the network. Show it once, first."""
    import holoviews.plotting.bokeh  # noqa: F401 - makes Bokeh known; hv.extension would bring 3 MB of Panel as well
    from bokeh.resources import Resources

    # Only what is inline: Panel adds the address of a script of its own to the rest.
    scripts = Resources(mode="inline", components=["bokeh"]).js_raw
    return HTML("".join(f"<script>{script}</script>" for script in scripts))


def chart(plot: Any, description: str) -> HTML:
    """Show a plot of `pixels.plots`, with a description for those who cannot see it. Needs `prepare_charts()` before.

    It is as wide as the page, whatever width the plot was made for. Bokeh's own embedding is used: HoloViews' would let a
    banner tag that holds a closing script tag break out of it.
    """
    import holoviews as hv
    from bokeh.embed import components

    drawn = _as_wide_as_the_page(hv.render(plot, backend="bokeh"))
    script, place = components(drawn)
    figure = f'<figure class="chart" role="img" aria-label="{escape(description)}">{place}{script}</figure>'
    return HTML(figure, metadata=marked(*of_plot(drawn)))


def _as_wide_as_the_page(drawn: Any) -> Any:
    """Let plots stretch with the page."""
    from bokeh.models import LayoutDOM

    for part in drawn.select({"type": LayoutDOM}):
        part.sizing_mode, part.width, part.min_width = "stretch_width", None, None
    return drawn
