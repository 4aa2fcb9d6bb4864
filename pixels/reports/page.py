"""One HTML file from an executed notebook: contents on top, code hidden unless asked for, nothing asked of the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_TEMPLATES = Path(__file__).parent / "templates"
_WORTH_CONTENTS = 3
"""With fewer sections than this a list of them says nothing."""


def page(executed: Any, title: str, *, code: bool = False) -> str:
    """Return the notebook as a page (templates/report/index.html.j2), with the code of its cells when `code`.

    Its content security policy forbids the browser every request; warnings that cells printed are left to the notebook.
    """
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(
        template_name="report",
        extra_template_basedirs=[str(_TEMPLATES)],
        exclude_input=not code,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    resources = {"metadata": {"name": title}, "code_css": _code_css() if code else ""}
    body, _ = exporter.from_notebook_node(executed, resources=resources)
    return _with_contents(str(body))


def _with_contents(body: str) -> str:
    """Give every section an id, and list them before the first."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(body, "html.parser")
    sections = soup.select(".jp-MarkdownCell h2")
    if len(sections) < _WORTH_CONTENTS:
        return body
    nav = soup.new_tag("nav", attrs={"class": "contents", "aria-label": "Contents"})
    listed = soup.new_tag("ol")
    for number, section in enumerate(sections, 1):
        section["id"] = f"section-{number}"
        entry, link = soup.new_tag("li"), soup.new_tag("a", href=f"#section-{number}")
        link.string = section.get_text()
        entry.append(link)
        listed.append(entry)
    nav.append(listed)
    sections[0].find_parent(class_="jp-Cell").insert_before(nav)
    return str(soup)


def _code_css() -> str:
    """Return the colours of highlighted code, for light and for dark pages."""
    from pygments.formatters import HtmlFormatter

    light, dark = (HtmlFormatter(style=style).get_style_defs(".highlight") for style in ("default", "github-dark"))
    return f"{light}\n@media screen and (prefers-color-scheme: dark) {{\n{dark}\n}}"
