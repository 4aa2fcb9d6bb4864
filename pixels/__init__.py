"""Pixels: what each banner brings, in numbers you can prove.

    import pixels

    wh = pixels.open()                                  # newest published snapshot under PIXELS_HOME
    wh.metrics("2026-11-01", "2026-11-21")              # Polars: event_date, event_type, count

The names below are loaded when first used (PEP 562), so that the collector, which imports only
`pixels.config`, never pays for Polars or DuckDB.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pixels import anomalies, plots
    from pixels.errors import PixelsError
    from pixels.opening import open_warehouse as open  # noqa: A004 - `pixels.open` is the published name
    from pixels.warehouse import Warehouse

__version__ = "0.1.0"
__all__ = ["PixelsError", "Warehouse", "__version__", "anomalies", "open", "plots"]

_LAZY = {
    "open": ("pixels.opening", "open_warehouse"),
    "Warehouse": ("pixels.warehouse", "Warehouse"),
    "PixelsError": ("pixels.errors", "PixelsError"),
    "anomalies": ("pixels.anomalies", None),
    "plots": ("pixels.plots", None),
}


def __getattr__(name: str) -> Any:
    try:
        module, attribute = _LAZY[name]
    except KeyError:
        raise AttributeError(f"module 'pixels' has no attribute {name!r}") from None
    loaded = import_module(module)
    value = loaded if attribute is None else getattr(loaded, attribute)
    globals()[name] = value
    return value


def load_ipython_extension(shell: Any) -> None:
    """Do what `%load_ext pixels` asks for; see `pixels.in_ipython`."""
    import_module("pixels.in_ipython").load(shell)


def __dir__() -> list[str]:
    return sorted(__all__)
