"""How a plot is shown in a cell."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import holoviews as hv
import polars as pl
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from pixels import plots
from pixels.plots import in_notebook
from pixels.plots.theme import load_backend


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InteractiveShell:
    """A shell that shows plots as notebooks of ours do."""
    load_backend()
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    monkeypatch.setattr(in_notebook, "get_ipython", lambda: shell)
    in_notebook.show_without_network()
    return shell


def test_a_plot_that_stands_still_is_embedded_by_bokeh_alone(shell: InteractiveShell) -> None:
    """Nothing in it names a server."""
    plot = plots.metrics(pl.DataFrame({"event_date": [date(2026, 11, 1)], "event_type": ["visit"], "count": [1]}))

    data, _ = shell.display_formatter.format(plot)

    assert "<script" in data["text/html"]
    assert "cdn.holoviz.org" not in data["text/html"]


@pytest.mark.parametrize(
    "make", [lambda: hv.DynamicMap(lambda: hv.Curve([1, 2])), lambda: hv.HoloMap({1: hv.Curve([1, 2])})]
)
def test_one_that_moves_is_left_to_holoviews(
    shell: InteractiveShell, make: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that has drawn nothing yet."""
    plot = make()  # type: ignore[operator]
    monkeypatch.setattr(type(plot), "_repr_mimebundle_", lambda self, include, exclude: {"text/plain": "by HoloViews"})

    assert shell.display_formatter.format(plot)[0] == {"text/plain": "by HoloViews"}
