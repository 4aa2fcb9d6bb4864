"""What one endpoint is described by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from metrics_api.parameters import DIMENSION, Parameter, Values
from pixels import Warehouse
from pixels.config import ApiScope


@dataclass(frozen=True)
class Beside:
    """A frame of one row that stands beside the rows in JSON, as an object."""

    columns: tuple[str, ...]
    frame: Callable[[Warehouse, Values], pl.DataFrame]


@dataclass(frozen=True)
class Endpoint:
    """GET and HEAD on a path: what may be asked, who may ask it, what the library says, and in which columns.

    Columns that are `optional` are those of some questions only. `rows` raises BadParameter; of a parameter in the path that means that there is no such thing: 404.
    """

    path: str
    title: str
    meaning: str
    parameters: tuple[Parameter, ...]
    rows: Callable[[Warehouse, Values], pl.DataFrame]
    columns: tuple[str, ...]
    optional: tuple[str, ...] = ()
    beside: Mapping[str, Beside] = field(default_factory=dict)
    scope: ApiScope = "figures"

    @property
    def name(self) -> str:
        """Return what files are called: the words of the path."""
        return "-".join(part for part in self.path.split("/")[2:] if not part.startswith("{"))

    @property
    def route(self) -> str:
        """Return the path as Falcon routes it: what a stranger named, at the end, may have slashes."""
        return f"{self.path[:-1]}:path}}" if self.path.endswith("}") else self.path

    @property
    def has_dimension(self) -> bool:
        """Whether the rows may have a column more, which the question names."""
        return any(parameter.kind is DIMENSION for parameter in self.parameters)
