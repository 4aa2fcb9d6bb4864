"""Who may see what: numbers, the people behind them, or everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import IntEnum

from panel_app.page import Page
from pixels.config import DashboardUser


class Role(IntEnum):
    """What somebody may see; each may see what those before it may."""

    VIEWER = 1
    """Numbers that name nobody."""
    ANALYST = 2
    """Players, single records and lists of people as well."""
    ADMIN = 3
    """All there is, and to run what changes something."""


def role_of(users: Mapping[str, DashboardUser], user: str | None) -> Role | None:
    """Return the role of somebody who signed in; None: no such user. Without any users everybody on this machine is an admin."""
    if not users:
        return Role.ADMIN
    known = users.get(user or "")
    return None if known is None else Role[known.role.upper()]


def pages_for(role: Role, pages: tuple[Page, ...]) -> tuple[Page, ...]:
    """Return the pages that a role may see, without what names people in those of a viewer."""
    if role >= Role.ANALYST:
        return pages
    return tuple(_without_people(page) for page in pages if not page.names_people)


def _without_people(page: Page) -> Page:
    return replace(
        page,
        options={name: values for name, values in page.options.items() if name not in page.people_options},
        tables={name: frame for name, frame in page.tables.items() if name not in page.people_tables},
    )
