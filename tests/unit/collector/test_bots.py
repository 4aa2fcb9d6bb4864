"""Declared crawlers and link previewers are marked; people and HTTP libraries are not."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from time import process_time

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from hypothesis import given
from hypothesis import strategies as st

from collector.bots import NO_CRAWLERS, NOT_MARKED, PARSED_LENGTH, alternatives, listed_patterns, read_crawlers

LINES = Path(__file__).with_name("browsers.txt").read_text("utf-8").splitlines()
BROWSERS = [line for line in LINES if not line.startswith("#")]
SINGLE = [re.compile(pattern) for pattern in listed_patterns()]
JOINED = re.compile(alternatives(listed_patterns()))
INSTANCES = [
    instance
    for entry in CRAWLER_USER_AGENTS_DATA
    if set(entry["tags"]) - NO_CRAWLERS and entry["pattern"] not in NOT_MARKED
    for instance in entry["instances"]
]
CHROME = (
    "Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
)


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot"),
        (f"{CHROME} (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot"),
        ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "bingbot"),
        ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; GPTBot/1.1; +https://openai.com/gptbot", "GPTBot"),
        ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", "AhrefsBot"),
        ("Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)", "SemrushBot"),
        ("Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", "yandex.com/bots"),
        ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "facebookexternalhit"),
        ("Twitterbot/1.0", "Twitterbot"),
        ("WhatsApp/2.23.20.0", "WhatsApp"),
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "Slackbot"),
        ("TelegramBot (like TwitterBot)", "TelegramBot"),
        ("Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", "Discordbot"),
        ("LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)", "LinkedInBot"),
        ("Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)", "Pingdom"),
        # not listed
        ("AcmeBot/1.0 (+https://acme.example/about)", "AcmeBot"),
        ("Mozilla/5.0 (compatible; acme-crawler/0.3; +https://acme.example)", "acme-crawler"),
        ("Mozilla/5.0 (Linux; Android 13; Pixel 5) Chrome/120.0 Mobile (compatible; AcmeBot/2.1)", "AcmeBot"),
        ("Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)", "spider"),
    ],
)  # fmt: skip
def test_a_declared_crawler_is_named(user_agent: str, name: str) -> None:
    """Search engines, link previewers and whatever calls itself a bot, a crawler or a spider."""
    assert read_crawlers()(user_agent) == name


@pytest.mark.parametrize(
    "user_agent",
    [
        None,
        "",
        "curl/8.5.0",
        "Wget/1.21.4",
        "python-requests/2.32.3",
        "python-httpx/0.27.0",
        "Python/3.11 aiohttp/3.9.5",
        "Python-urllib/3.11",
        "Go-http-client/2.0",
        "okhttp/4.12.0",
        "Apache-HttpClient/4.5.14 (Java/17.0.9)",
        "Java/17.0.9",
        "axios/1.7.2",
        "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)",
        "GuzzleHttp/7",
        "PostmanRuntime/7.39.0",
        "Mozilla/5.0",
        "-",
        "\ud83e\udd16",
    ],
)
def test_an_http_library_is_no_bot(user_agent: str | None) -> None:
    """Servers send events with them. Nor is a sender that says nothing of itself."""
    assert read_crawlers()(user_agent) is None


@pytest.mark.parametrize("user_agent", BROWSERS)
def test_what_people_use_is_no_bot(user_agent: str) -> None:
    """Browsers, in-app browsers, automated browsers, and phones that are called Cubot."""
    assert read_crawlers()(user_agent) is None


def test_the_lists_own_examples_are_marked() -> None:
    """All of them but HTTP libraries, automated browsers and what people use."""
    crawler_name = read_crawlers()

    assert len(INSTANCES) > 1500
    assert [instance for instance in INSTANCES if not crawler_name(instance)] == []


def test_a_name_is_short_and_printable() -> None:
    """It becomes metadata of the event."""
    names = {read_crawlers()(instance) or "" for instance in INSTANCES}

    assert all(0 < len(name) <= 64 and name == name.strip() and name.isprintable() for name in names)


def test_what_is_left_out_of_the_list_still_stands_there() -> None:
    """An entry that has gone from the list needs no exception any more."""
    assert NOT_MARKED.keys() <= {entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA}


@given(st.sampled_from(INSTANCES + BROWSERS), st.text(max_size=30), st.text(max_size=30))
def test_the_joined_pattern_finds_what_the_single_ones_find(user_agent: str, before: str, after: str) -> None:
    """Grouping by first letter changes how long a search takes, not what is found."""
    text = before + user_agent + after

    assert bool(JOINED.search(text)) == any(pattern.search(text) for pattern in SINGLE)


def hostile_user_agents() -> list[str]:
    pieces = [
        "x",
        "S",
        "Spider",
        "Googl",
        "bot",
        "Android bots/",
        "HTC-",
        " - ",
        "[p",
        "AdsBot-Google-",
        "http://",
        "iPhone Android; ",
    ]
    return [(piece * 1024)[:1024] for piece in pieces] + [f"bot {(piece * 1024)[:1020]}" for piece in pieces]  # fmt: skip


def test_no_user_agent_costs_much() -> None:
    """What a stranger makes the collector search is bounded: milliseconds for the worst of 1,024 characters."""
    crawler_name = read_crawlers()
    crawler_name("AcmeBot/0.1")  # loads the parser
    for user_agent in hostile_user_agents():
        crawler_name(user_agent[::-1])  # compiles what is compiled at first use
    for user_agent in hostile_user_agents():
        started = process_time()
        crawler_name(user_agent)
        assert process_time() - started < 0.05, user_agent[:40]  # about 2 ms at most; a blow-up would take seconds


def test_only_the_beginning_is_parsed() -> None:
    """A program that is not listed must name itself within its first characters."""
    assert read_crawlers()("x" * PARSED_LENGTH + " AcmeBot/1.0") is None


def test_the_parser_is_loaded_only_when_it_is_needed() -> None:
    """People's browsers and listed crawlers need no parser."""
    program = (
        "import sys; from collector.bots import read_crawlers; name = read_crawlers();"
        f"name({CHROME!r}); name('Googlebot/2.1'); print('ua_parser' in sys.modules);"
        "name('AcmeBot/1.0'); print('ua_parser' in sys.modules);"
        "print(bool({'polars', 'duckdb', 'pandas', 'numpy'} & sys.modules.keys()))"
    )

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()

    assert loaded == ["False", "True", "False"]
