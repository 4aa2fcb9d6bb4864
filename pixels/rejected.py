"""What was refused, as a list, as sums, and one by one; live and archived."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl

from pixels.archive import archive_read, archived
from pixels.errors import BadParameter
from pixels.period import Period, parse_period
from pixels.refusals import POSITION, refusals, with_refusal_id
from pixels.rules import INSTANT
from pixels.snapshot import Snapshot

COLUMNS = {
    "rejected_at": INSTANT,
    "reason": pl.String(),
    "count": pl.Int64(),
    "detail": pl.String(),
    "refusal": pl.String(),
}
_EVER = Period(date.min, date.max)


def period_of(since: object, until: object) -> Period:
    """Return the days from `since` to `until`; None: without an end there. Raises BadParameter."""
    start, end = _EVER.start if since is None else since, _EVER.end if until is None else until
    return parse_period(start, end, ("since", "until"))


def checked_reasons(reasons: object) -> list[str]:
    """Read which reasons are asked for: one, several, or none for any. Raises BadParameter."""
    several = [reasons] if isinstance(reasons, str) else reasons
    if (
        isinstance(several, bytes)
        or not isinstance(several, Sequence)
        or not all(isinstance(reason, str) for reason in several)
    ):
        raise BadParameter("reasons", f"{reasons!r} is no list of reasons such as ['not_json']")
    return list(several)


def check_limit(limit: object) -> None:
    """Raise BadParameter for what is no number of refusals."""
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
        raise BadParameter("limit", f"{limit!r} is not a number of refusals, or 0 for all of them")


def listed(
    snapshot: Snapshot, period: Period, time_zone: str, reasons: Sequence[str] = (), limit: int = 0
) -> pl.DataFrame:
    """Return the newest `limit` refusals (0: all) of the days, for these reasons (none: any): COLUMNS, the newest first.

    A row stands for `count` refusals. `refusal` is its id, SOURCE/PARTITION/OFFSET.
    """
    newest = pl.DataFrame(schema=COLUMNS)
    for piece in refusals(snapshot, period.start, period.end, time_zone):
        chosen = piece.filter(pl.col("reason").is_in(list(reasons))) if reasons else piece
        rows = with_refusal_id(chosen).select(pl.col(name).cast(dtype) for name, dtype in COLUMNS.items())
        newest = pl.concat([newest, rows]).sort("rejected_at", "refusal", descending=[True, False])
        newest = newest.head(limit) if limit else newest
    return newest


def sums(snapshot: Snapshot, period: Period, reasons: Sequence[str] = ()) -> pl.DataFrame:
    """Return reason, count of the days, the most first: of all refusals, also of those that were only counted."""
    return snapshot.query("refusals_by_reason", start=period.start, end=period.end, reasons=list(reasons))


def refusal(snapshot: Snapshot, name: str) -> pl.DataFrame:
    """Return one refusal by its id, as one row of `rejected_events`. Raises BadParameter when there is none."""
    if not isinstance(name, str):
        raise BadParameter("id", f"{name!r} is no id of a refusal: those are text")
    source, partition, offset = _position(name)
    position = dict(zip(POSITION, (source, partition, offset), strict=True))
    found = snapshot.query("refusal", **position)
    files = archived(snapshot, "refusals", _EVER.start, _EVER.end) if found.is_empty() else None
    if files is not None:
        with archive_read(snapshot):
            found = files.filter(*(pl.col(key) == value for key, value in position.items())).collect()
    if found.is_empty():
        raise BadParameter("id", f"{name!r} names no refusal in this snapshot; `pixels rejected ls` lists them")
    return found.head(1).drop("event_date", strict=False)


def _position(name: str) -> tuple[str, int, int]:
    source, *numbers = name.rsplit("/", 2)
    if len(numbers) < 2 or not all(number.isascii() and number.isdigit() and len(number) < 19 for number in numbers):
        raise BadParameter(
            "id", f"{name!r} is not of the form SOURCE/PARTITION/OFFSET, as `pixels rejected ls` shows it"
        )
    return source, int(numbers[0]), int(numbers[1])
