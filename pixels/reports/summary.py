"""A report in short: what each section comes to, read from its page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Summary:
    """The head of a report, and the first sentence of each section that has one."""

    subject: str
    """Which days and banners it is of; empty when it does not say."""
    sections: tuple[tuple[str, str], ...]
    """Heading and what it comes to."""


def summary_of(html: str) -> Summary:
    """Read the page that `pixels.reports.page` made."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    head = soup.select_one("p.subject")
    sections = []
    for heading in soup.select(".jp-MarkdownCell h2"):
        cell = heading.find_parent(class_="jp-Cell")
        following = cell.find_next_siblings(class_="jp-Cell") if cell else []
        for each in following:
            if each.select_one("h2"):
                break
            told = each.select_one(".jp-OutputArea p")
            if told and told.get_text(strip=True):
                sections.append((heading.get_text(strip=True), told.get_text(strip=True)))
                break
    return Summary(head.get_text(strip=True) if head else "", tuple(sections))
