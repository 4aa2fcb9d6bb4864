"""Snapshots that reports were made of, kept so that the same report gives the same figures again.

One folder each under `reports/snapshots`, a published folder of its own: the snapshot's file as a hard link, which takes
no space as long as the file is published too, and a `current.json` that says what was known when the report was made.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import msgspec

from pixels.config import Settings
from pixels.errors import NoSnapshot
from pixels.files import replace_file
from pixels.pointer import POINTER, read_pointer

KEPT = 10
PINS = "snapshots"
"""The folder in the reports' folder that holds them; what else is put there is forgotten with the oldest."""
_TRIES = 5
_PAUSE_BETWEEN_TRIES = 0.05


def pin_newest(settings: Settings) -> Path:
    """Pin the newest published snapshot and return its folder, which `pixels.open` takes; keep the newest ten.

    Raises NoSnapshot when nothing is published.
    """
    pins = settings.reports_dir.absolute() / PINS
    for tries_left in reversed(range(_TRIES)):
        pointer = read_pointer(settings.published_dir)
        folder = pins / f"{pointer.complete_until:%Y%m%dT%H%M%S%f}Z-{pointer.snapshot:06d}"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            _link(settings.published_dir / pointer.file, folder / pointer.file)
        except FileNotFoundError:  # newer snapshots were published meanwhile, and this one deleted
            folder.rmdir()
            time.sleep(_PAUSE_BETWEEN_TRIES if tries_left else 0)
        else:
            replace_file(folder / POINTER, msgspec.json.encode(pointer))
            _forget_oldest(pins)
            return folder
    raise NoSnapshot(f"{settings.published_dir / POINTER} names a snapshot that is not there: run `pixels aggregate`")


def _link(file: Path, link: Path) -> None:
    """Give the file a second name, or copy it where that is not possible; done already is done."""
    try:
        os.link(file, link)
    except FileNotFoundError:
        raise
    except FileExistsError:
        return
    except OSError:  # another file system, or one without hard links
        fresh = link.with_suffix(".new")
        shutil.copyfile(file, fresh)
        fresh.replace(link)


def _forget_oldest(pins: Path) -> None:
    for folder in sorted(pins.iterdir())[:-KEPT]:
        shutil.rmtree(folder, ignore_errors=True)
