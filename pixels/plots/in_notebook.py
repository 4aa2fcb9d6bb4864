"""Plots in the cells of a notebook, without a request to the network.

HoloViews shows a plot through Panel, whose style sheets it has the browser fetch from a server of Panel's makers, whatever
`inline` says. Bokeh's own embedding needs none of them.
"""

from __future__ import annotations

from typing import Any

import holoviews as hv
from bokeh.embed import components
from holoviews.core.dimension import Dimensioned
from IPython.core.getipython import get_ipython

_MOVING = (hv.DynamicMap, hv.HoloMap)


def show_without_network() -> None:
    """Have the notebook, if this is one, show plots by Bokeh alone."""
    shell = get_ipython()
    if shell is not None:
        shell.display_formatter.mimebundle_formatter.for_type(Dimensioned, _shown)


def _shown(plot: Any, include: object = None, exclude: object = None) -> Any:
    """Return what a cell shows of a plot; one that moves, or is not drawn by Bokeh, is left to HoloViews."""
    if plot.traverse(lambda part: part, _MOVING) or hv.Store.current_backend != "bokeh":
        return plot._repr_mimebundle_(include, exclude)
    script, place = components(hv.render(plot, backend="bokeh"))
    return {"text/html": f"{place}{script}", "text/plain": repr(plot)}
