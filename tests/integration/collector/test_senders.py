"""Who sends, over real connections: behind a trusted proxy, too often, and as a crawler."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.collector.running import running_collector
from tests.waiting import until

GOOD = "/visit?playerId=1&bannerTag=a"


def test_a_trusted_proxy_is_believed_and_limits_hold_for_those_behind_it(tmp_path: Path) -> None:
    """Two clients of one proxy have a limit each; who is over it is told when to try again, and costs no record."""
    settings = {"PIXELS_TRUSTED_PROXIES": "127.0.0.0/8", "PIXELS_RATE_LIMIT": "0.5", "PIXELS_SOURCE_IP": "truncate"}
    with running_collector(tmp_path, **settings) as collector:

        def ask(client: str, target: str = GOOD) -> int:
            return collector.ask(target, headers={"X-Forwarded-For": f"192.0.2.1, {client}"}).status

        statuses = [ask("203.0.113.9") for _ in range(5)]
        assert statuses == [200, 429, 429, 429, 429]
        assert ask("198.51.100.7") == 200

        refused = collector.ask(GOOD, headers={"X-Forwarded-For": "203.0.113.9"})
        assert (refused.reason, refused.headers["retry-after"]) == ("rate_limited", "2")
        assert [ask("203.0.113.9", "/healthz") for _ in range(3)] == [200] * 3

        assert [event["source_ip"] for event in collector.events()] == ["203.0.113.0", "198.51.100.0"]
        until(lambda: len(collector.refusals()) > 0, what="the summary of what was refused")
        summaries = collector.refusals()
        assert {summary["reason"] for summary in summaries} == {"rate_limited"}
        assert all((summary["payload"], summary["source_ip"]) == ("", None) for summary in summaries)
        until(lambda: sum(summary["count"] for summary in collector.refusals()) == 5, what="all five are counted")


@pytest.mark.parametrize("fault", ["GET /visit?playerId=j\u00f6hn HTTP/1.1\r\n", f"GET {GOOD} HTTP/1.1\r\nA: \0\r\n"])
def test_a_wish_also_holds_for_a_request_that_is_not_read(tmp_path: Path, fault: str) -> None:
    """The parser gives up before the header that says so; what is kept must not depend on that."""
    with running_collector(tmp_path, PIXELS_DNT="drop", PIXELS_TRUSTED_PROXIES="127.0.0.0/8") as collector:
        forwarded = "X-Forwarded-For: 203.0.113.9\r\nUser-Agent: Browser/1\r\n"
        assert collector.ask_raw(f"{fault}{forwarded}\r\n".encode()).status == 400
        assert collector.ask_raw(f"{fault}DNT: 1\r\n{forwarded}\r\n".encode()).status == 400

        kept, kept_on_wish = collector.refusals()
        assert (kept["source_ip"], kept["user_agent"]) == ("203.0.113.9", "Browser/1")
        assert "?playerId=" in kept["payload"]
        assert (kept_on_wish["source_ip"], kept_on_wish["user_agent"]) == (None, None)
        assert kept_on_wish["payload"] == "GET /visit"


def test_a_crawlers_visit_is_stored_with_its_name(tmp_path: Path) -> None:
    """It is answered like any other."""
    with running_collector(tmp_path) as collector:
        for user_agent in ("facebookexternalhit/1.1", "AcmeBot/1.0 (+https://acme.example/bot)", "curl/8.5.0"):
            assert collector.ask(GOOD, headers={"User-Agent": user_agent}).status == 200

        marks = [event["metadata"] for event in collector.events()]
        assert marks == [{"_bot": "facebookexternalhit"}, {"_bot": "AcmeBot"}, {}]
