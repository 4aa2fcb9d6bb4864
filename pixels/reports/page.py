"""One HTML file from an executed notebook: code hidden, nothing asked of the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_TEMPLATES = Path(__file__).parent / "templates"


def page(executed: Any, title: str) -> str:
    """Return the notebook as a page (templates/report/index.html.j2).

    Its content security policy forbids the browser every request; warnings that cells printed are left to the notebook.
    """
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(
        template_name="report",
        extra_template_basedirs=[str(_TEMPLATES)],
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    body, _ = exporter.from_notebook_node(executed, resources={"metadata": {"name": title}})
    return str(body)
