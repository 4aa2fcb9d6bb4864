"""Links between the project's pages lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[3]
PAGES = sorted(
    page.relative_to(ROOT)
    for folder in (".", "docs", "examples", "deploy", "notebooks", "benchmarks")
    for page in (ROOT / folder).glob("*.md" if folder == "." else "**/*.md")
    if not any(part.startswith(".") or part in {"node_modules", "target"} for part in page.relative_to(ROOT).parts)
)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]*)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub makes of a page's headings."""
    headings = re.findall(
        r"^#+ (.+?)\s*$", re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.S | re.M), re.M
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_of_a_page_leads_to_a_file_and_a_heading(page: Path) -> None:
    """Files are named relative to the page, headings by the anchor that GitHub gives them."""
    text = CODE.sub("", (ROOT / page).read_text("utf-8"))
    dead = []
    for link in LINK.findall(text):
        name, _, anchor = link.partition("#")
        target = (ROOT / page.parent / unquote(name)).resolve() if name else ROOT / page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)

    assert dead == []
