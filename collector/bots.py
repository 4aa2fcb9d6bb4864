"""Which user agents are declared crawlers and link previewers, by two lists that others keep.

`crawler-user-agents` names some 1,400 programs one by one. What it does not name yet, but calls itself a bot, crawler
or spider, `ua-parser` tells from a device whose name only sounds so (there are Cubot phones).

Not marked are HTTP libraries and automated browsers (curl, python-requests, headless Chrome): servers send events by
the former, people let the latter act for them. Nor are in-app browsers, nor what fetches the pictures of an e-mail
when a person opens it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from collector.contract import Event, Facts

if TYPE_CHECKING:
    from ua_parser import Device
    from ua_parser.core import Matcher

CrawlerName = Callable[[str | None], str | None]
"""Takes a user agent; returns the name of the crawler that it declares, None when it declares none."""

NO_CRAWLERS = frozenset({"http-library", "browser-automation"})
"""Tags of the list; entries without any other tag are left out."""

NOT_MARKED = {
    r"AP3A\.240617\.008": "a version of Android on many phones",
    r"Butterfly": "a phone",
    r"FastmailUA": "fetches the pictures of an e-mail that a person opens",
    r"GoogleImageProxy": "fetches the pictures of an e-mail that a person opens",
    r"MetaIAB Facebook": "the browser inside Facebook's app",
    r"RED\/": "within the name of a magazine's app",
    r"Shortwave Image Fetcher": "fetches the pictures of an e-mail that a person opens",
    r"Sogou": "also the name of a browser; Sogou's spiders call themselves that",
    r"Sonic": "a phone",
    r"YahooMailProxy": "fetches the pictures of an e-mail that a person opens",
}
"""Entries of the list, by their pattern, that match what people use."""

PARSED_LENGTH = 256
"""So much of a user agent is looked at for a name that is not listed: it bounds what a stranger can make the parser do."""

_NAME_LENGTH = 64
_REMEMBERED = 4096
_SAYS_SO = re.compile(r"bot|crawl|spider", re.IGNORECASE)
_BETWEEN_WORDS = re.compile(r"[^A-Za-z0-9._-]+")
_PLAIN_START = re.compile(r"[A-Za-z0-9](?![?*+{])")


@cache
def read_crawlers() -> CrawlerName:
    """Read the lists and return the function that names crawlers; it remembers its latest answers."""
    listed = re.compile(alternatives(listed_patterns()))

    @lru_cache(_REMEMBERED)
    def crawler_name(user_agent: str | None) -> str | None:
        if not user_agent:
            return None
        if found := listed.search(user_agent):
            return found[0].strip(" /();")[:_NAME_LENGTH]
        start = user_agent[:PARSED_LENGTH]
        return _own_name(start) if _SAYS_SO.search(start) and _is_spider(start) else None

    return crawler_name


def marked_as_crawler(event: Event, facts: Facts, crawler_name: CrawlerName) -> Event:
    """Mark an event whose sender is a declared crawler. Who sends a batch is a server, and no visitor."""
    name = crawler_name(facts.sender.user_agent) if facts.item is None else None
    return event if name is None else event.marked("_bot", name)


def listed_patterns() -> list[str]:
    """Return the list's patterns, without HTTP libraries, automated browsers and what people use."""
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # reads its file when it is imported

    return [
        entry["pattern"]
        for entry in CRAWLER_USER_AGENTS_DATA
        if entry["pattern"] not in NOT_MARKED and not (entry["tags"] and NO_CRAWLERS.issuperset(entry["tags"]))
    ]


def alternatives(patterns: Iterable[str]) -> str:
    """Return one pattern that finds what any of them finds.

    Grouped by first letter, a character of the text costs some 80 comparisons instead of 1,400.
    """
    groups: dict[str, list[str]] = {}
    others = []
    for pattern in patterns:
        if _PLAIN_START.match(pattern) and "|" not in pattern:
            groups.setdefault(pattern[0], []).append(pattern[1:])
        else:
            others.append(pattern)
    return "|".join([*(f"{letter}(?:{'|'.join(rests)})" for letter, rests in groups.items()), *others])


def _own_name(user_agent: str) -> str:
    """Return the first word that says what the program is: `FooBot` of `FooBot/1.0 (+https://foo.example/bot)`."""
    words = _BETWEEN_WORDS.split(user_agent)
    return next(word for word in words if _SAYS_SO.search(word))[:_NAME_LENGTH]


def _is_spider(user_agent: str) -> bool:
    """Tell whether the first device that the parser knows of the user agent is none, but a spider."""
    devices = (matcher(user_agent) for matcher in _devices())
    return next((device.family == "Spider" for device in devices if device), False)


@cache
def _devices() -> list[Matcher[Device]]:
    """Load the parser's devices when they are first needed; each is compiled when it is first asked."""
    from ua_parser import load_lazy_builtins

    return list(load_lazy_builtins()[2])
