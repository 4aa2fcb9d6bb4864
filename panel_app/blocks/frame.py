"""What stands above every page: where one is, until when the data is complete, and which days and banners are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from panel_app import words
from panel_app.address import COMPARISONS, NO_COMPARISON, Address
from panel_app.blocks.banners import heading_of
from panel_app.blocks.forms import hidden_fields
from panel_app.blocks.markup import link, name, text
from panel_app.page import Page
from panel_app.periods import LABELS, custom
from panel_app.state import DashboardState

_COMPARED = {"weekday": "Same weekdays before", "previous": "Days just before", NO_COMPARISON: "Nothing"}
_SHORT = {"weekday": "vs same weekdays", "previous": "vs days before", NO_COMPARISON: "not compared"}
_TODAY = {"visit": "unique visitor", "registration": "registration", "deposit": "depositor"}
MOST_LISTED = 300


def navigation(state: DashboardState, pages: Sequence[Page], user: str = "") -> str:
    """Draw the ways to the pages; the days and the filters go with one. And who is signed in, with the way out."""
    address = state.address
    main = "".join(_way(page, address) for page in pages if page.is_in_navigation and not page.is_in_more)
    others = [page for page in pages if page.is_in_more]
    more = ""
    if others:
        here = next((page.title for page in others if page.slug == address.page), "")
        items = "".join(f"<li>{_way(page, address)}</li>" for page in others)
        css = ' class="current"' if here else ""
        more = f'<details class="menu" data-menu data-stays-open><summary{css}>{text(here or "More")}</summary><ul>{items}</ul></details>'
    out = f'<span class="user">{text(user)} <a href="./logout">Sign out</a></span>' if user else ""
    return f'<h1>Pixels: {text(state.page.title)}</h1><nav class="pages" aria-label="Pages">{main}{more}{out}</nav>'


def _way(page: Page, address: Address) -> str:
    kept = Address(page.slug, address.days, address.against, address.where, address.by)
    return link(kept, text(page.title), current=page.slug == address.page)


def status(state: DashboardState) -> str:
    """Draw time zone, "data through", the age of the last pass, and the badge of demo data."""
    standing = state.standing
    if standing is None:
        return ""
    parts = [
        '<span class="demo-badge">Demo data</span>' if standing.is_demo else "",
        f'<span>Data through <b class="data-through">{text(state.data_through)}</b></span>',
        f'<span class="last-pass {"late" if state.passes_are_late else "muted"}">Last pass {text(state.last_pass)}</span>',
        _quiet(state),
    ]
    return "".join(parts)


def _quiet(state: DashboardState) -> str:
    """Say when the last event was, when that is long ago: a quiet night is no fault of the passes."""
    last = state.standing.last_event_at if state.standing else None
    if last is None or state.last_event_age < words.QUIET:
        return ""
    return f'<span class="last-event muted">Last event {text(words.ago(state.last_event_age))}</span>'


def health(state: DashboardState) -> str:
    """Draw how many events of the days were refused, and why; a click leads to the page that says what became of the others."""
    refused = state.strip.refused
    total = int(refused["count"].sum())
    if not total:
        return ""
    reasons = ", ".join(f"{words.number(count)} {reason}" for reason, count in refused.iter_rows())
    told = f"{text(words.counted(total, 'refused event'))}: {text(reasons)}"
    return link(replace(state.address.at("proof"), days=state.situation.choice), told, css="refused")


def today_so_far(today: pl.DataFrame) -> str:
    """Draw the running day beside the same weekday last week, both up to the same time."""
    rows = {row["event_type"]: row for row in today.to_dicts()}
    shown = "".join(_so_far(event_type, label, rows[event_type]) for event_type, label in _TODAY.items())
    beside = " (by then last week)" if any(isinstance(row["before"], int) for row in rows.values()) else ""
    return f'<div class="today"><span class="muted">Today so far{beside}</span>{shown}</div>'


def _so_far(event_type: str, label: str, row: dict[str, object]) -> str:
    count, before = row["count"], row["before"]
    assert isinstance(count, int)  # noqa: S101 - as wh.today says
    beside = f' <span class="muted">({words.number(before)})</span>' if isinstance(before, int) else ""
    return f'<span><b class="today-{event_type}">{words.number(count)}</b>{beside} {label}{"" if count == 1 else "s"}</span>'


def filters(state: DashboardState) -> str:
    """Draw the row of filters, and the filters that are set, each with a way to take it away."""
    where, strip = state.situation, state.strip
    page, address = state.page, state.address
    parts = []
    if where is not None and "days" in page.filters:
        parts += [_presets(address, where.choice), _days(state)]
    if where is not None and "against" in page.filters:
        parts.append(_against(address))
    if strip is not None and "where" in page.filters:
        parts.append(_banners(address, strip.tags))
    if strip is not None and "by" in page.filters:
        parts.append(_dimension(address, strip.dimensions))
    row = f'<div class="filters" role="group" aria-label="Filters">{"".join(parts)}</div>' if parts else ""
    return row + (_chips(address) if "where" in page.filters else "")


def _presets(address: Address, choice: str) -> str:
    ways = "".join(
        link(replace(address, days=slug), text(label), css=f"preset-{slug}", current=slug == choice)
        for slug, label in LABELS.items()
    )
    return f'<div class="segments period" role="group" aria-label="Days">{ways}</div>'


def _days(state: DashboardState) -> str:
    """Draw the days as two fields of the browser's own, in the reader's way to write days."""
    where = state.situation
    period = where.period
    own = " current" if where.choice == custom(period) else ""
    hidden = hidden_fields(replace(state.address, days=""))
    return (
        f'<details class="menu days{own}" data-menu data-stays-open><summary>{text(words.days(period))}</summary>'
        f'<form data-go action="./{state.address.page}" class="panel">{hidden}'
        f'<label>From <input type="date" name="start" required value="{period.start.isoformat()}"></label>'
        f'<label>To <input type="date" name="end" required value="{period.end.isoformat()}"></label>'
        '<button type="submit" class="filled">Show these days</button></form></details>'
    )


def _against(address: Address) -> str:
    ways = "".join(
        f"<li>{link(replace(address, against=slug), text(_COMPARED[slug]), current=slug == address.against)}</li>"
        for slug in COMPARISONS
    )
    return _menu(text(_SHORT[address.against]), f"<ul>{ways}</ul>", "against", "Compared with")


def _banners(address: Address, tags: Sequence[str]) -> str:
    chosen = [value for dimension, value in address.where if dimension == "banner_tag"]
    listed = [*chosen, *(tag for tag in tags if tag not in chosen)][:MOST_LISTED]
    lines = "".join(
        f"<li>{link(address.only('banner_tag', tag), name(tag), current=tag in chosen)}</li>" for tag in listed
    )
    more = len(tags) - len(listed)
    rest = f'<p class="note">and {words.number(more)} more, on the page Banners</p>' if more > 0 else ""
    inside = (
        '<input type="search" data-narrows="banner-list" placeholder="Search banners" aria-label="Search banners">'
        f'<ul id="banner-list" class="long-list">{lines}</ul>{rest}'
    )
    label = f"Banner: {len(chosen)} chosen" if chosen else "Banner: all"
    return _menu(text(label), inside, "banner-filter", "Banners to show")


def _dimension(address: Address, dimensions: Sequence[str]) -> str:
    ways = "".join(
        f"<li>{link(replace(address, by=one), text(heading_of(one)), current=one == address.by)}</li>"
        for one in dimensions
    )
    return _menu(f"By {text(heading_of(address.by).lower())}", f"<ul>{ways}</ul>", "dimension", "Split tables by")


def _menu(label: str, inside: str, css: str, meaning: str) -> str:
    return (
        f'<details class="menu {css}" data-menu data-stays-open><summary title="{text(meaning)}">{label}</summary>'
        f'<div class="panel">{inside}</div></details>'
    )


def _chips(address: Address) -> str:
    if not address.where:
        return ""
    chips = "".join(
        link(
            address.only(dimension, value),
            f'<span class="muted">{text(heading_of(dimension))}</span> {name(value)} <span aria-hidden="true">&times;</span>',
            css="chip",
            label=f"Without the filter {heading_of(dimension)} {'(none)' if value is None else value}",
        )
        for dimension, value in address.where
    )
    clear = link(replace(address, where=()), "Clear all", css="clear")
    return f'<div class="chips">{chips}{clear}</div>'


def told(state: DashboardState) -> str:
    """Draw what stands in the way of newer figures, and what of the address was not understood."""
    problem, misread = state.problem, state.misread
    lines = [f'<div class="problem" role="alert">{text(problem)}</div>'] if problem else []
    if state.passes_are_late:
        lines.append(
            f'<div class="problem stopped" role="alert">The last pass was {text(state.last_pass)}: the figures stand still at '
            f"{text(state.data_through)}. Events are received and kept all the same. See that <code>pixels aggregate</code> runs: "
            "its log says why it does not.</div>"
        )
    lines += [f'<div class="misread" role="status">{text(one)}</div>' for one in misread]
    return "".join(lines)
