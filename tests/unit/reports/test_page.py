"""The page of an executed notebook: contents, code, and nothing from elsewhere."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest
from bs4 import BeautifulSoup

from pixels.reports.page import page


def notebook(*cells: Any) -> Any:
    """A notebook that ran."""
    return nbformat.v4.new_notebook(cells=list(cells), metadata={"language_info": {"name": "python"}})


def shown(html: str) -> Any:
    """A code cell that showed something."""
    output = nbformat.v4.new_output("display_data", {"text/html": html})
    return nbformat.v4.new_code_cell("import secrets\nshow()", outputs=[output])


def sections(*headings: str) -> list[Any]:
    return [nbformat.v4.new_markdown_cell(f"## {heading}") for heading in headings]


def test_the_contents_list_the_sections_before_the_first() -> None:
    """Each entry leads to its heading; a heading that a cell showed is none of the notebook's."""
    title = nbformat.v4.new_markdown_cell("# Title\n\nAn introduction.")
    cells = [title, shown("<h2>From data</h2>"), *sections("One & only", "Two", "Two")]

    soup = BeautifulSoup(page(notebook(*cells), "Title"), "html.parser")

    (nav,) = soup.select("nav")
    links = {link["href"]: link.get_text() for link in nav.select("a")}
    assert links == {"#section-1": "One & only", "#section-2": "Two", "#section-3": "Two"}
    assert [heading.get("id") for heading in soup.select("h2")] == [None, "section-1", "section-2", "section-3"]
    assert nav.find_next("h2").get_text() == "One & only"


def test_a_short_page_needs_no_contents() -> None:
    """Two sections are seen at a glance."""
    assert "<nav" not in page(notebook(*sections("One", "Two")), "Title")


@pytest.mark.parametrize("code", [False, True])
def test_code_is_shown_where_it_is_asked_for(code: bool) -> None:
    """Highlighted, in colours for light and dark."""
    soup = BeautifulSoup(page(notebook(shown("<p>12 visits</p>")), "Title", code=code), "html.parser")

    assert ("secrets" in soup.get_text()) is code
    assert bool(soup.select(".highlight .kn, .highlight .nn")) is code
    assert (str(soup.style).count(".highlight .kn") == 2) is code
    assert "12 visits" in soup.get_text()


def test_the_page_may_ask_for_nothing() -> None:
    """Its policy forbids the browser every request, whatever a cell showed; a title is text."""
    html = page(notebook(shown("<p>12 visits</p>")), "<b>Title</b>")

    soup = BeautifulSoup(html, "html.parser")
    (policy,) = soup.select('meta[http-equiv="Content-Security-Policy"]')
    assert policy["content"].startswith("default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline';")
    assert soup.title.get_text() == "<b>Title</b>"
    assert soup.select("link, script[src], img, iframe") == []
