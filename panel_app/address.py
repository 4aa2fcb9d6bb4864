"""What a page is asked to show, as the browser's address says it: whoever copies the address sees the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode

from panel_app.periods import is_choice
from pixels.compared import AGAINST

NO_COMPARISON = "none"
COMPARISONS = ("weekday", "previous", NO_COMPARISON)
_IS, _WITHOUT = "is.", "without"
_ENDS = ("start", "end")
_MOST_FILTERS = 200

Filter = tuple[str, str | None]
"""A dimension of banners, and the value that it is to have; None: no value."""


@dataclass(frozen=True)
class Address:
    """A page and all that was chosen on it.

    days     name of a preset, or 2026-11-01..2026-11-21; empty: the default, which depends on the data
    against  "weekday" or "previous", as in `wh.compare`, or "none"
    where    only banners with one of these values; several of one dimension are alternatives, all dimensions must agree
    by       the dimension that tables are split by
    options  what only the page knows: sort, search, step, ...; sorted by name
    """

    page: str = ""
    days: str = ""
    against: str = AGAINST[1]
    where: tuple[Filter, ...] = ()
    by: str = "banner_tag"
    options: tuple[tuple[str, str], ...] = ()

    def option(self, name: str, default: str = "") -> str:
        """Return what the page was told, or the default."""
        return dict(self.options).get(name, default)

    def with_options(self, **changes: str | None) -> Address:
        """Return the same with other options; None or an empty text takes one away."""
        options = {**dict(self.options), **changes}
        return replace(self, options=tuple(sorted((name, value) for name, value in options.items() if value)))

    def at(self, page: str, **options: str) -> Address:
        """Return the same days and filters on another page."""
        return replace(self, page=page, options=()).with_options(**options)

    def only(self, dimension: str, value: str | None) -> Address:
        """Return the same with one more value to be shown, or without it where it is shown already."""
        chosen = (dimension, value)
        kept = tuple(one for one in self.where if one != chosen)
        return replace(self, where=kept if chosen in self.where else (*self.where, chosen))

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Names and values of what differs from the defaults."""
        default = Address()
        return [
            *([("days", self.days)] if self.days else []),
            *([("against", self.against)] if self.against != default.against else []),
            *(
                (f"{_IS}{dimension}", value) if value is not None else (_WITHOUT, dimension)
                for dimension, value in self.where
            ),
            *([("by", self.by)] if self.by != default.by else []),
            *self.options,
        ]

    @property
    def href(self) -> str:
        """The address, relative to the dashboard's."""
        return f"./{self.page}" + (f"?{urlencode(self.pairs)}" if self.pairs else "")


@dataclass(frozen=True)
class Read:
    """An address that was read, and what in it could not be."""

    address: Address
    problems: tuple[str, ...] = ()


def read_address(
    page: str, search: str, options: Mapping[str, Collection[str] | None], dimensions: Iterable[str]
) -> Read:
    """Read the address of a page. What is not understood is left out and told, never ignored.

    `options` are those of the page with the values that each may have, None: any text; `dimensions` those of banners.
    """
    known = tuple(dimensions)
    search = search.encode("utf-8", "replace").decode()  # half of a surrogate pair cannot stand in an address
    address, problems = Address(page), list[str]()
    for name, value in _with_days(parse_qsl(search.removeprefix("?"), keep_blank_values=True)):
        problem = ""
        if name == "days" and is_choice(value):
            address = replace(address, days=value)
        elif name == "against" and value in COMPARISONS:
            address = replace(address, against=value)
        elif name == "by" and value in known:
            address = replace(address, by=value)
        elif name.startswith(_IS) and name.removeprefix(_IS) in known:
            address = _with_filter(address, (name.removeprefix(_IS), value))
        elif name == _WITHOUT and value in known:
            address = _with_filter(address, (value, None))
        elif name in options and _allows(options[name], value):
            address = address.with_options(**{name: value})
        else:
            problem = _problem(name, value, options, known)
        problems += [problem] if problem else []
    return Read(address, tuple(dict.fromkeys(problems)))


def _with_days(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Put the two fields of a form, first and last day in either order, together as the days that they mean."""
    ends = sorted(value for name, value in pairs if name in _ENDS)
    others = [(name, value) for name, value in pairs if name not in _ENDS]
    return [*others, ("days", "..".join(ends))] if ends else others


def _with_filter(address: Address, one: Filter) -> Address:
    if one in address.where or len(address.where) >= _MOST_FILTERS:
        return address
    return replace(address, where=(*address.where, one))


def _allows(allowed: Collection[str] | None, value: str) -> bool:
    return allowed is None or value in allowed


def _problem(name: str, value: str, options: Mapping[str, Collection[str] | None], dimensions: tuple[str, ...]) -> str:
    """Say what is wrong with a part of the address, and what would be right."""
    if name == "days":
        return f"days={value} is neither a preset nor days such as 2026-11-01..2026-11-21; the usual days are shown."
    if name == "against":
        return f"against={value} is not one of {', '.join(COMPARISONS)}."
    if name == "by" or name == _WITHOUT or name.startswith(_IS):
        wrong = value if name in ("by", _WITHOUT) else name.removeprefix(_IS)
        return f"{wrong!r} is no dimension here; there are {', '.join(dimensions)}."
    if name in options:
        return f"{name}={value} is not one of {', '.join(sorted(options[name] or ()))}."
    return f"This page knows no {name!r}; it is left out."
