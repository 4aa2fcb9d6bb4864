"""What can and what cannot be concluded from `wh.compare_banners(...)`, in plain sentences.

Names stand in quotation marks, set apart by Unicode's isolates as in all sentences of reports; no sentence has markup.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from pixels.compared_banners import FEW, check_measure
from pixels.reports.words import quoted
from pixels.words import counted, number, percent

SURE = 0.95
"""The probability from which on a banner is said to be the best."""
PEOPLE = {"registration_rate": ("visitor", "registered"), "deposit_rate": ("registered player", "deposited")}
"""Of each rate whom it is of, and what they did."""
_NOT_RANDOM = (
    "Visitors were not given their {kind} by chance: the sites, the people and the days behind each differ too, so this is a "
    "difference between those who came, and no proof of what {a_kind} does."
)


def banner_verdict(frame: pl.DataFrame, measure: str = "registration_rate") -> str:
    """Say what `wh.compare_banners(..., measure=measure)` comes to: the conclusion, and then the cautions."""
    return " ".join([conclusion(frame, measure), *cautions(frame, measure)])


def conclusion(frame: pl.DataFrame, measure: str = "registration_rate") -> str:
    """Say which banner is the best, with what probability, or that none can be called so. Raises BadParameter."""
    person, done = PEOPLE[check_measure(measure)]
    kind, rows = _kind(frame), _compared(frame).to_dicts()
    if not rows:
        return f"There is nothing to compare: no {person} of these days, whose 7 days are over, has {_a(kind)}."
    first, name = rows[0], quoted(rows[0][frame.columns[0]])
    if len(rows) == 1:
        interval = (
            f"between {percent(first['rate_lower'])} and {percent(first['rate_upper'])} with chance taken into account"
        )
        return f"There is nothing to compare {name} with: {_rate(first)} {done}, {interval}."
    if not any(row["converted"] for row in rows):
        people = counted(sum(row["entries"] for row in rows), person)
        return f"None of the {people} of {counted(len(rows), kind)} {done}: nothing tells them apart."
    second = quoted(rows[1][frame.columns[0]])
    if first["probability_best"] >= SURE and not first["few"]:
        return (
            f"{name} has the highest rate with a probability of {_probability(first)}: {_rate(first)} {done}, "
            f"against {_rate(rows[1])} by the next, {second}."
        )
    text = f"No {kind} can be called the best yet: {name} is it with a probability of {_probability(first)}, {second} with {_probability(rows[1])}"
    if first["probability_best"] >= SURE:
        return f"{text}; but {name} has only {counted(first['entries'], person)}."
    return f"{text}, and {_how_many(rows, kind)} to be {SURE * 100:.0f} % sure. Choosing {name} is expected to cost {_points(first)}."


def cautions(frame: pl.DataFrame, measure: str = "registration_rate") -> list[str]:
    """Say what the conclusion does not hold, a sentence each: what was left out, what is small, what was not chance."""
    person, _ = PEOPLE[check_measure(measure)]
    kind, compared = _kind(frame), _compared(frame)
    told = []
    if compared.height > 1:
        told.append(_NOT_RANDOM.format(kind=kind, a_kind=_a(kind)))
    if compared.height > 1 and (few := int(compared["few"].sum())):
        has, its = ("has", "its rate is") if few == 1 else ("have", "their rates are")
        told.append(
            f"{counted(few, kind)} {has} fewer than {FEW} {person}s: {its} drawn towards that of all, and may still be far off."
        )
    nameless = frame.filter(pl.col(frame.columns[0]).is_null())
    if left_out := int(nameless["entries"].sum()):
        told.append(f"{counted(left_out, person)} without {_a(kind)} {'is' if left_out == 1 else 'are'} not compared.")
    if immature := int(frame["immature"].sum()):
        is_are = "is" if immature == 1 else "are"
        told.append(f"{counted(immature, 'person', 'people')} whose 7 days are not over {is_are} left out.")
    return told


def _compared(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("probability_best").is_not_null())


def _kind(frame: pl.DataFrame) -> str:
    """Return what a row is: a banner, an affiliate, a value of something else."""
    by = frame.columns[0]
    if by == "banner_tag":
        return "banner"
    return "value" if by.startswith("metadata.") else by


def _a(kind: str) -> str:
    return f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}"


def _rate(row: dict[str, Any]) -> str:
    return f"{percent(row['rate'])} ({number(row['converted'])} of {number(row['entries'])})"


def _probability(row: dict[str, Any]) -> str:
    """Write a probability without more digits than it has, and never as certain."""
    chance = row["probability_best"] * 100
    if chance > 99:
        return "more than 99 %"
    if SURE * 100 - 0.5 <= chance < SURE * 100:
        return f"almost {SURE * 100:.0f} %"
    return f"{chance:.0f} %" if chance >= 1 else "less than 1 %"


def _how_many(rows: list[dict[str, Any]], kind: str) -> str:
    """Say how many of the first hold together as much probability as it takes."""
    together = 0.0
    for place, row in enumerate(rows, 1):
        together += row["probability_best"]
        if together >= SURE:
            return f"it takes {counted(place, kind)} together"
    return f"it takes all {counted(len(rows), kind)} together"


def _points(row: dict[str, Any]) -> str:
    """Write a difference of rates, in percentage points."""
    loss = row["expected_loss"] * 100
    return (
        f"{loss:.1f} percentage points of the rate" if loss >= 0.05 else "less than 0.1 percentage points of the rate"
    )
