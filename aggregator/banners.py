"""`pixels banners import`: what a file says of banners, stored beside their figures and published at once.

The file is read and judged as a whole before the warehouse is opened, and stored in one transaction, so that all of it or
nothing is there; imported again, it changes nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass

from aggregator.banner_file import read_banners
from aggregator.run import configure_logging
from aggregator.store.banners import Banner, stored_banners, tags_that_never_counted
from aggregator.store.opening import open_for_writing
from aggregator.writing import Clock, OnStep, holding_the_lock, utc_now, writing
from pixels.config import Settings

_TAGS_SHOWN = 5


@dataclass
class BannerImport:
    """What an import of banners did, or with `check` would do; printed as one JSON line."""

    check: bool
    read: int
    """Banners of the file: the sum of `added`, `changed` and `unchanged`."""
    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    snapshot: int | None = None
    """Number of the newest published snapshot; None after a check."""
    published: bool = False
    """Whether this import published it."""

    def as_json(self) -> str:
        """Return the line."""
        return json.dumps(asdict(self))


def import_banners(
    settings: Settings,
    name: str,
    *,
    replace: bool = False,
    check: bool = False,
    wait: bool = False,
    on_step: OnStep = lambda step: None,
    now: Clock = utc_now,
) -> tuple[BannerImport, list[str]]:
    """Store what the file `name` says of banners (`-`: standard input), and publish it if anything changed.

    A banner of the file takes the place of what was said of it before, in all columns; the others stay, unless `replace`
    removes them. `check` only says what would be done. Returns that with the tags of the file, in its order, that no
    counted event has.

    Raises NoSuchFile; UnusableFile with the lines that are wrong, before anything is changed; AlreadyRunning when another
    process writes this warehouse, unless told to `wait` for it.
    """
    given = read_banners(name)
    if check:
        return _checked(settings, given, replace, wait, on_step, now)
    with writing(settings, "banners", on_step=on_step, now=now, wait=wait) as session:
        stored = stored_banners(session.con)
        result, removed = _compared(stored, given, replace)
        never_counted = tags_that_never_counted(session.con, given)
        written = {tag: banner for tag, banner in given.items() if stored.get(tag) != banner}
        if written or removed:
            session.change_banners(written, removed)
    result.snapshot, result.published = session.snapshot, session.published
    return result, never_counted


def _checked(
    settings: Settings, given: Mapping[str, Banner], replace: bool, wait: bool, on_step: OnStep, now: Clock
) -> tuple[BannerImport, list[str]]:
    if not settings.warehouse_path.exists():
        return BannerImport(check=True, read=len(given), added=len(given)), list(given)
    with holding_the_lock(settings, on_step, wait=wait), closing(open_for_writing(settings, now())) as con:
        result, _ = _compared(stored_banners(con), given, replace)
        result.check = True
        return result, tags_that_never_counted(con, given)


def _compared(
    stored: Mapping[str, Banner], given: Mapping[str, Banner], replace: bool
) -> tuple[BannerImport, Collection[str]]:
    """Return how what is stored changes, and the tags that are removed."""
    removed = stored.keys() - given.keys() if replace else set()
    added = len(given.keys() - stored.keys())
    unchanged = sum(stored.get(tag) == banner for tag, banner in given.items())
    changed = len(given) - added - unchanged
    return BannerImport(False, len(given), added, changed, len(removed), unchanged), removed


def run_banner_import(settings: Settings, name: str, *, replace: bool, check: bool, wait: bool) -> None:
    """Import, print the result as one JSON line on stdout, and tags that no counted event has on stderr."""
    configure_logging()
    result, never_counted = import_banners(settings, name, replace=replace, check=check, wait=wait)
    if never_counted:
        shown = ", ".join(map(repr, never_counted[:_TAGS_SHOWN]))
        more = f" and {len(never_counted) - _TAGS_SHOWN} more" if len(never_counted) > _TAGS_SHOWN else ""
        print(
            f"{len(never_counted)} of {result.read} banners have no counted event: {shown}{more}. "
            "Nothing has come in yet, or the tag is spelled otherwise in the pixels.",
            file=sys.stderr,
        )
    print(result.as_json(), flush=True)
