"""The record of an erasure, as it is printed: what was changed, what expires by itself, which other files still name somebody."""

from __future__ import annotations

import html
import json
import os
import re
import sys
from collections.abc import Collection, Iterator
from dataclasses import asdict
from pathlib import Path
from urllib.parse import quote, quote_plus

from aggregator.erasure import Erasure, erase
from aggregator.run import configure_logging
from aggregator.snapshots import snapshot_files
from aggregator.tombstones import KEY_FILE
from pixels.config import Settings
from pixels.errors import PixelsError

_OTHER_KINDS = ("log", "spool", "archive")
"""Folders of a home whose files no search in bytes tells anything of: they expire, or were written anew."""


class Interrupted(PixelsError):
    """Somebody ended an erasure before it was complete."""

    exit_code = 130


def run_erase(settings: Settings, players: Collection[str], *, wait: bool) -> int:
    """Erase, print the record as one JSON line on stdout and for a person on stderr; return the exit code."""
    configure_logging()
    try:
        done, names = erase(settings, players, wait=wait)
    except KeyboardInterrupt:
        raise Interrupted(
            "The erasure was interrupted: run `pixels erase` again, it completes what was begun."
        ) from None
    record = record_of(done, names, settings)
    print(as_text(record), file=sys.stderr)
    print(json.dumps(record), flush=True)
    return 0


def record_of(done: Erasure, names: Collection[str], settings: Settings) -> dict[str, object]:
    """Return the record, as it is printed in JSON. It holds no name."""
    return {
        **asdict(done),
        "expires": what_expires(settings),
        "still_named_in": [_without(path, names) for path in files_naming(settings, names)],
    }


def what_expires(settings: Settings) -> list[dict[str, str]]:
    """Return where the names can still stand for a time, each with what ends it."""
    places = [
        ("log", f"the embedded log drops what is stored after {settings.log_retention_days:g} days"),
        ("spool", "empties as soon as Kafka takes what waits in it; passes rename what they read of it"),
    ]
    if settings.kafka_bootstrap_servers:
        topics = f"{settings.kafka_topic}, {settings.kafka_topic}.rejected"
        places.append((f"Kafka: {topics}", "as long as the topics' own retention says"))
    places += [
        ("back-ups", "whatever is restored from one of before has to be erased again, with the same erasure.key"),
        ("open snapshots", "who has an old one open keeps it until it is closed: notebooks, reports at work"),
    ]
    return [{"where": where, "until": until} for where, until in places]


def files_naming(settings: Settings, names: Collection[str]) -> list[str]:
    """Return the files under PIXELS_HOME, as paths in it, that an erasure leaves alone and that say one of these names.

    Reports, notebooks, and what others put there. A name is looked for in bytes: as it is, and as JSON, HTML and URLs write it.
    """
    if not names:
        return []
    ends = b"[A-Za-z0-9_]"
    forms = b"|".join(re.escape(form) for name in sorted(names) for form in _forms(name))
    pattern = re.compile(b"(?<!" + ends + b")(?:" + forms + b")(?!" + ends + b")", re.IGNORECASE)
    return [str(file.relative_to(settings.home)) for file in _other_files(settings) if pattern.search(_content(file))]


def _forms(name: str) -> set[bytes]:
    texts = {name, quote(name, safe=""), quote_plus(name), html.escape(name)}
    texts |= {json.dumps(name, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    return {text.encode() for text in texts}


def _other_files(settings: Settings) -> Iterator[Path]:
    own = {settings.warehouse_path, settings.home / KEY_FILE, *snapshot_files(settings)}
    for folder, folders, files in os.walk(settings.home):
        at = Path(folder)
        # A home within this one, such as that of the demo, is erased by itself.
        folders[:] = sorted(
            name
            for name in folders
            if not (at == settings.home and name in _OTHER_KINDS) and not (at / name / "warehouse.duckdb").exists()
        )
        yield from (at / name for name in sorted(files) if at / name not in own)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes() if file.is_file() else b""
    except FileNotFoundError:
        return b""


def _without(path: str, names: Collection[str]) -> str:
    """Return a path that says no name; where it said one, the folder is to be looked at."""
    for name in names:
        path = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "(the name)", path)
    return path


def as_text(record: dict[str, object]) -> str:
    """Return the record for a person."""
    erased, rows = record["erased"], record["rows"]
    lines = [f"Erased; the name is now {name}" for name in erased]  # type: ignore[attr-defined]
    if record["resumed"]:
        lines.append("An erasure that was interrupted is complete.")
    if record["visitor_keys"]:
        lines.append(f"Visitor keys erased with it: {record['visitor_keys']}")
    if rows:
        lines.append("Rows that named somebody: " + ", ".join(f"{table} {n}" for table, n in rows.items()))  # type: ignore[attr-defined]
    else:
        lines.append("No row named anybody. What arrives later under this name will be renamed.")
    lines.append(
        f"Files written anew: the warehouse, {len(record['snapshots'])} snapshots; deleted: {len(record['removed'])}."  # type: ignore[arg-type]
    )
    if record["still_named_in"]:
        lines.append("Still named in these files, which are yours to delete:")
        lines += [f"  {path}" for path in record["still_named_in"]]  # type: ignore[attr-defined]
    lines.append("Not touched:")
    lines += [f"  {place['where']}: {place['until']}" for place in record["expires"]]  # type: ignore[attr-defined]
    return "\n".join(lines)
