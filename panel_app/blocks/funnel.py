"""The funnel as bars that are a table, the questions it answers, and the people behind it."""

from __future__ import annotations

from typing import Any

import polars as pl

from panel_app import words
from panel_app.address import Address
from panel_app.blocks.banners import heading_of
from panel_app.blocks.forms import hidden_fields
from panel_app.blocks.markup import link, name, skeleton, text
from panel_app.measures import ENOUGH
from panel_app.page import Shown
from pixels.funnel import ENTRANTS, ORDERS
from pixels.plots.theme import STEP_LABELS

STEP_OF = {1: "visit", 2: "registration", 3: "deposit"}
SORTS = ("entered", "registered", "deposited", "visit_to_registration", "visit_to_deposit")
_WINDOWS = ("1d", "7d", "14d", "30d")
_ORDERS = {
    "ordered": ("In order", "Visit, then registration, then deposit; other events may come between."),
    "strict": ("Strictly", "The same, and no other step may come between."),
    "any": ("In any order", "Registration and deposit in whatever order after the visit."),
}
_ENTRANTS = {
    "all": ("Everybody", "All who visited on these days."),
    "new": ("New visitors", "Without those who had registered before."),
}
_LEFT = {2: "did not register", 3: "did not deposit"}
_WORDS = {"visit": "visited", "registration": "registered", "deposit": "deposited"}


def questions(address: Address) -> str:
    """Draw what can be asked: in which order, within which time, of whom."""
    window = address.option("window", "7d")
    windows = "".join(
        link(
            address.with_options(window="" if one == "7d" else one),
            _length(one),
            current=one == window,
        )
        for one in _WINDOWS
    )
    own = "" if window in _WINDOWS else text(window)
    field = (
        f'<form data-go action="./funnel" class="asked">{hidden_fields(address.with_options(window=None))}'
        f'<input name="window" value="{own}" size="5" maxlength="8" placeholder="or 12h" aria-label="Within another time, such as 12h or 3d">'
        "</form>"
    )
    return (
        f'<div class="filters questions"><span class="muted">Within</span><div class="segments" role="group" aria-label="Within">{windows}</div>'
        f"{field}{_choice(address, 'order', _ORDERS, ORDERS[0])}{_choice(address, 'entrants', _ENTRANTS, ENTRANTS[0])}</div>"
    )


def _length(window: str) -> str:
    """Write 7d as 7 days; what is not of whole days stays as it was asked for."""
    number, is_days = window[:-1], window.endswith("d") and window[:-1].isdecimal()
    return words.counted(int(number), "day") if is_days else window


def _choice(address: Address, option: str, labels: dict[str, tuple[str, str]], default: str) -> str:
    chosen = address.option(option, default)
    ways = "".join(
        f"<li>{link(address.with_options(**{option: '' if value == default else value}), f'{text(label)}<br><small>{text(meaning)}</small>', current=value == chosen)}</li>"
        for value, (label, meaning) in labels.items()
    )
    return (
        f'<details class="menu" data-menu data-stays-open><summary>{text(labels[chosen][0])}</summary>'
        f'<div class="panel"><ul>{ways}</ul></div></details>'
    )


def funnel_bars(steps: pl.DataFrame, shown: Shown, problem: str, ways: str) -> str:
    """Draw a bar a step: people, their share of those who entered, and how long it took them."""
    if problem:
        return f'<p class="nothing">{text(problem)}</p>'
    rows = steps.to_dicts()
    drawn = "".join(_bar(row, rows[place - 1] if place else None, shown) for place, row in enumerate(rows))
    headings = ("Step", "", "People", "Of those who entered", "Of whom all had their time", "Time taken")
    return (
        '<div class="sized"><table class="funnel"><thead><tr>'
        + "".join(
            f'<th scope="col"{css}>{one}</th>'
            for one, css in zip(headings, ("", "", "", "", *[' class="wide-only"'] * 2), strict=True)
        )
        + f"</tr></thead><tbody>{drawn}</tbody></table></div>{_immature(rows, shown.address)}{ways}"
    )


def _bar(row: dict[str, Any], before: dict[str, Any] | None, shown: Shown) -> str:
    address = shown.address
    kind, entered = row["event_type"], row["entered"]
    share = row["players"] / entered * 100 if entered else 0.0
    mature = row["mature_players"] / row["mature_entered"] if row["mature_entered"] else None
    lost = ""
    if before is not None and before["players"] > row["players"]:
        drop = str(row["step"])
        is_open = address.option("drop") == drop
        people = words.number(before["players"] - row["players"])
        told = f"{people} {_LEFT[row['step']]}"
        to = address.with_options(drop="" if is_open else drop)
        lost = link(to, told, css="lost", current=is_open) if shown.sees_people else f'<span class="lost">{told}</span>'
    chance = " chance" if row["mature_entered"] < ENOUGH else ""
    return (
        f'<tr><th scope="row">{STEP_LABELS[kind]}{f"<br>{lost}" if lost else ""}</th>'
        f'<td class="funnel-bar"><div style="width:{share:.1f}%"></div></td>'
        f'<td class="people funnel-step-{kind}">{words.number(row["players"])}</td>'
        f'<td class="funnel-rate-{kind}">{words.percent(row["players"] / entered if entered else None)}</td>'
        f'<td class="wide-only{chance}">{words.percent(mature)}</td><td class="wide-only">{_times(row)}</td></tr>'
    )


def _times(row: dict[str, Any]) -> str:
    """Write the median time from the entry, and that of the middle half."""
    median = row.get("median_seconds_from_entry")
    if row["step"] == 1 or median is None:
        return words.NONE
    quarter, three = row["p25_seconds_from_entry"], row["p75_seconds_from_entry"]
    return f"{words.duration(median)} <span class='muted'>({words.duration(quarter)} to {words.duration(three)})</span>"


def _immature(rows: list[dict[str, Any]], address: Address) -> str:
    immature = rows[0]["immature"] if rows else 0
    window = address.option("window", "7d")
    told = "Time taken is the median from the visit, and of the middle half of people; of everybody, or of one banner alone."
    if immature:
        told = (
            f"{words.counted(immature, 'person', 'people')} entered less than {text(_length(window))} before the data ends and may still go on. "
            f"“Of whom all had their time” leaves them out. {told}"
        )
    return f'<p class="note">{told}</p>'


def breakdown_table(split: pl.DataFrame, address: Address) -> str:
    """Draw a row a value of the dimension: people by step, and mature rates; those of few people grey, and last."""
    by = address.by
    rows = _breakdown(split, by)
    sort = address.option("sort", "entered")
    chance = pl.col("mature_entered") < ENOUGH if sort.startswith("visit_to") else pl.lit(value=False)
    ordered = rows.with_columns(_chance=chance).sort(
        "_chance", sort, by, descending=[False, True, False], nulls_last=True
    )
    labels = dict(
        zip(SORTS, ("Entered", "Registered", "Deposited", "Visit to registration", "Visit to deposit"), strict=True)
    )
    headings = "".join(
        f'<th scope="col" class="{"sorted" if one == sort else ""}{" wide-only" if one.startswith("visit_to") else ""}">'
        f"{link(address.with_options(sort='' if one == 'entered' else one), text(label) + (' ▾' if one == sort else ''))}</th>"
        for one, label in labels.items()
    )
    body = "".join(_value(row, address) for row in ordered.iter_rows(named=True))
    return (
        f'<h2>By {text(heading_of(by).lower())}</h2><div class="sized"><table class="breakdown"><thead><tr>'
        f'<th scope="col">{text(heading_of(by))}</th>{headings}</tr></thead><tbody>{body}</tbody></table></div>'
        '<p class="note">Rates are those of people whose time was over when the data ends.</p>'
    )


def _breakdown(split: pl.DataFrame, by: str) -> pl.DataFrame:
    def at(step: int, column: str) -> pl.Expr:
        return pl.col(column).filter(pl.col("step") == step).sum()

    def rate(step: int) -> pl.Expr:
        return pl.when(at(1, "mature_entered") > 0).then(at(step, "mature_players") / at(1, "mature_entered"))

    return split.group_by(by).agg(
        entered=at(1, "players"),
        registered=at(2, "players"),
        deposited=at(3, "players"),
        mature_entered=at(1, "mature_entered"),
        visit_to_registration=rate(2),
        visit_to_deposit=rate(3),
    )


def _value(row: dict[str, Any], address: Address) -> str:
    value = row[address.by]
    counts = "".join(f"<td>{words.number(row[one])}</td>" for one in ("entered", "registered", "deposited"))
    css = "wide-only chance" if row["mature_entered"] < ENOUGH else "wide-only"
    rates = "".join(
        f'<td class="{css}">{words.percent(row[one])}</td>' for one in ("visit_to_registration", "visit_to_deposit")
    )
    return (
        f'<tr><td role="rowheader" class="banner">{link(address.only(address.by, value), name(value), css="filter")}</td>'
        f"{counts}{rates}</tr>"
    )


def dropped_table(people: pl.DataFrame | None, number: int, shown: Shown) -> str:
    """Draw the first of those who took the step before and not this one; each leads to the person."""
    step = int(shown.address.option("drop", "2"))
    went, stopped = _WORDS[STEP_OF[step - 1]], _LEFT[step]
    close = link(shown.address.with_options(drop=None), "Close", css="more")
    if people is None:
        return f'<div class="line"><h2>{skeleton("20ch")}</h2>{close}</div>'
    zone = shown.situation.time_zone
    some_go_on = not people["mature"].all()
    rows = "".join(
        f"<tr><td>{link(Address('players').with_options(player=row['player_id']), name(row['player_id']))}</td>"
        f"<td>{name(row['banner_tag'])}</td><td>{text(words.instant_to_the_second(row['entered_at'], zone))}</td>"
        + (f"<td>{'' if row['mature'] else 'may still go on'}</td></tr>" if some_go_on else "</tr>")
        for row in people.iter_rows(named=True)
    )
    first = f'<p class="note">The first {words.number(people.height)} are listed.</p>' if number > people.height else ""
    columns = ("Person", "Banner of the visit", "Entered", *(("Time left",) if some_go_on else ()))
    headings = "".join(f'<th scope="col">{one}</th>' for one in columns)
    return (
        f'<div class="line"><h2>{words.counted(number, "person", "people")} who {went} and {stopped}</h2>{close}</div>'
        f'<div class="scrolls" tabindex="0"><table class="records"><thead><tr>{headings}</tr></thead><tbody>{rows}</tbody></table></div>{first}'
    )
