"""Which row of somebody else's log is which of our events: equal ones first, then those that differ in ever more."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from pixels.rules import DAY

_MONEY = ("amount", "currency")
_NTH = "_nth"
_LINKS = {"their_row": pl.Int64(), "our_row": pl.Int64()}


def pairs(theirs: pl.DataFrame, ours: pl.DataFrame, identity: str, attributes: Sequence[str]) -> pl.DataFrame:
    """Return their_row, our_row, each at most once: rows that agree in `identity` and in as many `attributes` as can be.

    Of rows that agree in the same the first of theirs, in the order of the file, is the first of ours, in the order of time.
    A row that has no identity has no partner. Transactions and click ids are the same on whatever day; a player's event is
    of the day or of the one beside it, which is as far as a time zone moves it.
    """
    left, right = _numbered(theirs, ours, [identity, *attributes])
    left, right = (rows.filter(pl.col(identity).is_not_null()) for rows in (left, right))
    links = [pl.DataFrame(schema=_LINKS)]
    for keys, shift in _stages(identity, attributes):
        if left.is_empty() or right.is_empty():
            break
        found = _paired(left.with_columns(pl.col(DAY).dt.offset_by(f"{shift}d")) if shift else left, right, keys)
        links.append(found)
        left = left.join(found, on="their_row", how="anti", maintain_order="left")
        right = right.join(found, on="our_row", how="anti", maintain_order="left")
    return pl.concat(links)


def _numbered(theirs: pl.DataFrame, ours: pl.DataFrame, names: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return both with a number in the place of each text, the same for the same text: numbers are compared much quicker."""
    both = pl.concat([theirs.select(names), ours.select(names)]).with_columns(
        pl.col(pl.String).cast(pl.Categorical).to_physical()
    )
    return (
        theirs.select("their_row").hstack(both.head(theirs.height)),
        ours.select("our_row").hstack(both.tail(ours.height)),
    )


def _stages(identity: str, attributes: Sequence[str]) -> list[tuple[list[str], int]]:
    """Return the columns that have to agree, stage by stage, and by how many days theirs are moved before."""
    others = [name for name in attributes if name not in (*_MONEY, DAY)]
    has_day = DAY in attributes
    stages = [(list(attributes), 0), ([name for name in attributes if name not in _MONEY], 0)]
    stages += [([name for name in attributes if name != left_out], 0) for left_out in others]
    stages += [([name for name in attributes if name != DAY], 0)] if has_day and identity != "player_id" else []
    stages += [([DAY], 0)] if has_day else []
    if identity != "player_id" or not has_day:
        stages += [([], 0)]
    else:
        stages += [(keys, shift) for keys in (others, []) for shift in (1, -1)]
        stages = [([*keys, DAY] if shift else keys, shift) for keys, shift in stages]
    unique: list[tuple[list[str], int]] = []
    for keys, shift in stages:
        stage = ([identity, *keys], shift)
        if stage not in unique:
            unique.append(stage)
    return unique


def _paired(theirs: pl.DataFrame, ours: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Return the first of theirs with the first of ours, the second with the second, of those that agree in the keys."""
    left, right = (
        _counted_off(rows.select(row, *keys), keys) for row, rows in (("their_row", theirs), ("our_row", ours))
    )
    return left.join(right, on=[*keys, _NTH], how="inner", nulls_equal=True).select("their_row", "our_row")


def _counted_off(rows: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Number the rows that agree in the keys, from 0, in their order; sorting does so in a fifth of the time of a window."""
    place = pl.int_range(pl.len())
    is_first = pl.any_horizontal(pl.col(key).ne_missing(pl.col(key).shift()) for key in keys) | (place == 0)
    nth = place - pl.when(is_first).then(place).forward_fill()
    return rows.sort(keys, maintain_order=True).with_columns(nth.alias(_NTH))
