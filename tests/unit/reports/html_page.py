"""Some HTML, as a browser's parser finds it: its words, its elements, its attributes."""

from __future__ import annotations

from html.parser import HTMLParser


class HtmlPage(HTMLParser):
    """`text` is what a person reads: not what stands in scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self._within_code = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element and its attributes."""
        self.elements.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self._within_code = tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        """Code ends with its element."""
        self._within_code = False

    def handle_data(self, data: str) -> None:
        """Note the text."""
        if not self._within_code:
            self.text += data
