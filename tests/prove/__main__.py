"""The long runs at full size: `make prove [PROOF=name]`, or `python -m tests.prove [NAME ...]`.

Each proof writes `docs/proof/NAME.json`: what was done, with which seed, at which commit, on what machine; and its figures
into the page beside it, where that cites them. It works under `var/prove/`; one that was ended begins again.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.prove import (
    any_history,
    broker_outages,
    collector_kills,
    fewer_workers,
    full_disk,
    full_disk_passes,
    fuzz,
    hanging_broker,
    killed_passes,
    killed_rebuilds,
    readers,
    soak,
)

REPOSITORY = Path(__file__).parents[2]
RESULTS = REPOSITORY / "docs" / "proof"
WORK = REPOSITORY / "var" / "prove"
PROOFS: dict[str, Callable[[Path, int], dict[str, object]]] = {
    "any_history": any_history.prove,
    "killed_passes": killed_passes.prove,
    "killed_rebuilds": killed_rebuilds.prove,
    "hanging_broker": hanging_broker.prove,
    "full_disk_passes": full_disk_passes.prove,
    "readers": readers.prove,
    "broker_outages": broker_outages.prove,
    "collector_kills": collector_kills.prove,
    "full_disk": full_disk.prove,
    "fewer_workers": fewer_workers.prove,
    "fuzz": fuzz.prove,
    "soak": soak.prove,
}
SEED = 20261122


def main(names: list[str]) -> int:
    unknown = set(names) - set(PROOFS)
    if unknown:
        print(f"no such proof: {', '.join(sorted(unknown))}; there are {', '.join(PROOFS)}", file=sys.stderr)
        return 64
    for name in names or list(PROOFS):
        run(name)
    return 0


def run(name: str) -> None:
    """Run one proof, and write its result."""
    work, commit = WORK / name, git("rev-parse", "HEAD")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    started = time.monotonic()
    figures = PROOFS[name](work, SEED)
    result = {
        "proof": name,
        "commit": commit,
        "clean": not git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs/proof"),
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds_of_last_run": round(time.monotonic() - started),
        "seed": SEED,
        "machine": {
            "cores": os.cpu_count(),
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
        },
        "figures": figures,
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n")
    page = RESULTS / "README.md"
    page.write_text(cited(page.read_text("utf-8"), name, result), "utf-8")
    shutil.rmtree(work)
    print(f"{name}: {json.dumps(figures)}")


def cited(text: str, name: str, result: dict[str, object]) -> str:
    """Return a page's text with the figures of a proof where it cites them: `<!-- proof: NAME.key.key -->...<!-- /proof -->`."""

    def figure(match: re.Match[str]) -> str:
        found: Any = result
        for part in match["path"].split("."):
            found = found[part]
        return f"{match['begin']}{found}{match['end']}"

    mark = rf"(?P<begin><!-- proof: {name}\.(?P<path>[\w .]+) -->).*?(?P<end><!-- /proof -->)"
    return re.sub(mark, figure, text, flags=re.DOTALL)


def git(*arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
