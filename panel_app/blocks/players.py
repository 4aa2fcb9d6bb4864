"""Segments as cards, and the way of one person. Ids come from strangers: they are text, whatever they look like."""

from __future__ import annotations

from typing import Any

import polars as pl

from panel_app import words
from panel_app.address import Address
from panel_app.blocks.forms import hidden_fields
from panel_app.blocks.markup import link, name, text
from panel_app.page import Shown

MEANINGS = {
    "visitor": ("Visitors", "neither registered nor deposited"),
    "registered": ("Registered", "no deposit yet"),
    "depositor": ("Depositors", "deposited within the last {} days"),
    "lapsed": ("Lapsed", "deposited, but not within the last {} days"),
}
_OUTCOMES = {
    "counted": "counted",
    "same_player_again": "same player again",
    "credited_to_another_banner": "credited to another banner",
    "same_event_again": "same event again",
    "bot": "crawler",
}
_LONGEST_METADATA = 300
LISTED = 100
LAPSED_AFTER = ("14", "30", "60", "90")
DEFAULT_LAPSE = "30"


def search_field(address: Address) -> str:
    """Draw the field for a player id or a visitor key."""
    return (
        f'<form data-go action="./players" role="search" class="asked">{hidden_fields(address.with_options(player=None, segment=None))}'
        f'<input name="player" value="{text(address.option("player"))}" required maxlength="512" size="42" '
        'placeholder="Player id or visitor key" aria-label="Player id or visitor key"><button type="submit">Find</button></form>'
    )


def segment_cards(segments: pl.DataFrame, address: Address, exports: str, *, lists_people: bool) -> str:
    """Draw a card a segment; a click lists its people, for those who may see them."""
    lapse = address.option("lapsed", DEFAULT_LAPSE)
    cards = "".join(_card(row, address, lapse, lists_people) for row in segments.to_dicts())
    ways = "".join(
        link(address.with_options(lapsed="" if days == DEFAULT_LAPSE else days), f"{days} days", current=days == lapse)
        for days in LAPSED_AFTER
    )
    return (
        f'<div class="sized"><div class="cards cards-4">{cards}</div></div><div class="filters questions">'
        f'<span class="muted">Lapsed after</span><div class="segments" role="group" aria-label="Lapsed after">{ways}</div>{exports}</div>'
    )


def _card(row: dict[str, Any], address: Address, lapse: str, lists_people: bool) -> str:
    segment = row["segment"]
    label, meaning = MEANINGS[segment]
    inside = (
        f'<span class="card-label">{label}</span><span class="card-line"><span class="card-value segment-{segment}">'
        f'{words.number(row["people"])}</span></span><span class="card-change none">{words.percent(row["share"])} of all</span>'
        f'<span class="card-note">{text(meaning.format(lapse))}</span>'
    )
    if not lists_people:
        return f'<div class="card">{inside}</div>'
    is_open = address.option("segment") == segment
    return link(address.with_options(segment="" if is_open else segment), inside, css="card", current=is_open)


def people_table(people: pl.DataFrame, segments: pl.DataFrame | None, shown: Shown) -> str:
    """Draw the people of the segment that was chosen, whoever was seen last first; a click opens one of them."""
    segment = shown.address.option("segment")
    number = 0 if segments is None else int(segments.filter(pl.col("segment") == segment)["people"].sum())
    zone = shown.situation.time_zone
    rows = "".join(_person(row, zone) for row in people.iter_rows(named=True))
    headings = "".join(
        f'<th scope="col">{one}</th>' for one in ("Person", "Last seen", "First seen", "Registered", "First deposit")
    )
    first = f'<p class="note">The {words.number(LISTED)} seen last are listed.</p>' if number > LISTED else ""
    return (
        f"<h2>{words.number(number)} {text(MEANINGS[segment][0].lower())}</h2>"
        '<div class="scrolls tall" tabindex="0"><table class="records"><thead><tr>'
        f"{headings}</tr></thead><tbody>{rows}</tbody></table></div>{first}"
    )


def _person(row: dict[str, Any], zone: str) -> str:
    instants = "".join(
        f"<td>{text(words.instant(row[column], zone)) if row[column] else words.NONE}</td>"
        for column in ("last_seen", "first_seen", "registration_at", "deposit_at")
    )
    one = link(Address("players").with_options(player=row["player_id"]), name(row["player_id"]))
    return f"<tr><td>{one}</td>{instants}</tr>"


def person_head(records: pl.DataFrame, shown: Shown) -> str:
    """Draw who it is, under which keys the person came, and the firsts."""
    zone = shown.situation.time_zone
    person = records.item(0, "person")
    keys = records.filter(pl.col("player_id") != person)["player_id"].unique(maintain_order=True).to_list()
    also = f'<p class="note">Also seen as {", ".join(name(key) for key in keys)}</p>' if keys else ""
    back = link(shown.address.with_options(player=None), "All players", css="more")
    return f'<div class="line"><h2 class="subject">{name(person)}</h2>{back}</div>{also}{_milestones(records, zone)}'


def person_table(records: pl.DataFrame, shown: Shown) -> str:
    """Draw every record of a person in the order of time, with what became of it; the twin of the chart."""
    zone = shown.situation.time_zone
    rows = "".join(_record(row, zone) for row in records.iter_rows(named=True))
    headings = "".join(
        f'<th scope="col">{one}</th>' for one in ("Time", "Event", "Banner", "Became", "Sent as", "Metadata")
    )
    return (
        f'<p class="note">{words.counted(records.height, "record")}, the oldest first. Times are of {text(zone)}.</p>'
        '<div class="scrolls tall" tabindex="0"><table class="records timeline"><thead><tr>'
        f"{headings}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _milestones(records: pl.DataFrame, zone: str) -> str:
    firsts = records.group_by("event_type").agg(pl.col("created_at").min())
    at = dict(firsts.iter_rows())
    labels = {"visit": "First visit", "registration": "Registration", "deposit": "First deposit"}
    said = [f"{label} <b>{text(words.instant(at[kind], zone))}</b>" for kind, label in labels.items() if kind in at]
    return f"<p>{' · '.join(said)}</p>"


def _record(row: dict[str, Any], zone: str) -> str:
    metadata = row["metadata"] or ""
    cut = metadata if len(metadata) <= _LONGEST_METADATA else f"{metadata[:_LONGEST_METADATA]}…"
    because = f": {name(row['kept_banner_tag'])}" if row["kept_banner_tag"] else ""
    return (
        f'<tr><th scope="row">{text(words.instant_to_the_second(row["created_at"], zone))}</th><td>{text(row["event_type"])}</td>'
        f"<td>{name(row['banner_tag'])}</td><td>{text(_OUTCOMES.get(row['outcome'], row['outcome']))}{because}</td>"
        f"<td>{name(row['player_id'])}</td><td class='id'>{text(cut)}</td></tr>"
    )
