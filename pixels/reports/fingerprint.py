"""One hash for what shows figures: the same figures give the same hash, in every kernel and on every machine.

A sentence counts with its text, a table with its columns and rows, a chart with the data it draws. How they look does not
count, nor the ids that Bokeh gives out. Other outputs count with their text, without addresses in memory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from hashlib import sha256
from typing import Any

import polars as pl

KEY = "pixels"
_DIGITS = 12  # sums of floats differ in the last ones with the order that threads add them up in
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")


def marked(*shown: object) -> dict[str, dict[str, str]]:
    """Return the metadata with which an output says what it shows."""
    return {KEY: {"figures": _hash(shown)}}


def of_frame(frame: pl.DataFrame, headings: Mapping[str, str]) -> list[object]:
    """Return what a table of these columns shows, all rows of it."""
    return [list(headings.items()), *frame.select(*headings).rows()]


def of_plot(drawn: Any) -> list[str]:
    """Return the data of all that a Bokeh model draws, in an order of its own."""
    from bokeh.models import ColumnDataSource

    sources = drawn.select({"type": ColumnDataSource})
    return sorted(_text({name: _listed(values) for name, values in source.data.items()}) for source in sources)


def of_notebook(executed: Any) -> dict[str, object]:
    """Return the hash of all figures of an executed notebook, and that of each section: what follows a heading.

    {"sha256": ..., "sections": [{"section": its heading, "sha256": ...}, ...]}, sections without figures left out.
    """
    sections: list[tuple[str, list[str]]] = [("", [])]
    for cell in executed.cells:
        if cell.cell_type == "markdown":
            sections += [(heading, []) for heading in re.findall(r"^##? (.+)$", cell.source, re.MULTILINE)]
        elif cell.cell_type == "code":
            sections[-1][1].extend(_of_outputs(cell.outputs))
    listed = [{"section": heading, "sha256": _hash(shown)} for heading, shown in sections if shown]
    return {"sha256": total(listed), "sections": listed}


def total(sections: object) -> str:
    """Return the hash over the sections of `of_notebook`."""
    return _hash(sections)


def _of_outputs(outputs: Iterable[Any]) -> Iterable[str]:
    for output in outputs:
        if output.output_type == "stream":
            if output.name == "stdout":
                yield _hash(_ADDRESS.sub("", output.text))
        elif output.output_type in ("display_data", "execute_result"):
            said = output.metadata.get("text/html", {}).get(KEY, {}).get("figures")
            yield str(said or _hash(_ADDRESS.sub("", output.data.get("text/plain", ""))))


def _hash(shown: object) -> str:
    return sha256(_text(shown).encode("utf-8", "surrogatepass")).hexdigest()


def _text(shown: object) -> str:
    return json.dumps(_plain(shown), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _plain(value: object) -> object:
    """Return a value as JSON has it: numbers by their value, whatever type they came in; others as text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return f"{value + 0.0:.{_DIGITS}g}"  # + 0.0: there is no minus zero
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _listed(values: Any) -> object:
    """Return a column of a data source as a list: arrays have their own types of numbers and instants."""
    listed = values.tolist() if hasattr(values, "tolist") else list(values)
    return [_listed(value) if hasattr(value, "tolist") else value for value in listed]
