"""Where the files that travel with the code are: in the checkout, or inside the installed wheel."""

from __future__ import annotations

from functools import cache
from pathlib import Path


def resource_path(name: str) -> Path:
    """Return the folder `schema` or `notebooks`: packaged inside `pixels` in a wheel, beside it in a checkout."""
    here = Path(__file__).resolve().parent
    for candidate in (here / name, here.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"{name}/ is missing from this installation of pixels-workbench; reinstall it")


@cache
def sql(name: str) -> str:
    """Return the text of one file under `schema/`, for example `queries/metrics.sql`."""
    return (resource_path("schema") / name).read_text("utf-8")
